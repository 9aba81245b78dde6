#include "naming.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "diagnostics.h"
#include "options.h"
#include "points/file.h"
#include "simulation/simulation.h"
#include "system/error.h"

static void
log_error(void *arg, const char *line)
{
	(void)arg;
	log_line(LOG_ERROR, "points: %s", line);
}

static void
log_warning(void *arg, const char *line)
{
	(void)arg;
	log_line(LOG_WARN, "points: %s", line);
}

static const struct points_report to_log = { log_error, log_warning, NULL };

static void
print_line(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static const struct points_report to_standard_error = { print_line, print_line,
	NULL };

/* --- the options, and the points ----------------------------------------- */

/* The first point of the file that may be written by itself, but not for an
 * access rule; or NULL. */
static const struct point *
first_refused(const struct access *rules, const struct points *ps)
{
	const struct point *first = NULL;

	for (size_t i = 0; i < rules->read_only_range_count; i++) {
		const struct access_range *range = &rules->read_only_ranges[i];
		struct points_walk walk = points_touched(ps, range->kind,
		    range->first, range->last - range->first + 1U);
		const struct point *p;

		while ((p = points_next(&walk)) != NULL)
			if (!p->read_only && (first == NULL || p < first))
				first = p;
	}
	return first;
}

static void
warn_of_refused(const struct options *o, const struct points *ps,
    const struct points_report *report)
{
	const struct point *p = first_refused(&o->access, ps);
	char line[1024];

	if (p == NULL)
		return;
	snprintf(line, sizeof(line),
	    "%s:%u: access: \"rw\": --read-only-range refuses writes to "
	    "\"%s\"",
	    points_file(ps), p->line, p->name);
	report->warn(report->arg, line);
}

/* Of points that say how they move, and don't; or of none where they should. */
static void
warn_of_standstill(const struct options *o, const struct points *ps,
    const struct points_report *report)
{
	size_t n = points_simulated(ps);
	char line[1024];

	if (o->simulate == (n > 0))
		return;
	if (o->simulate)
		snprintf(line, sizeof(line),
		    "%s: --simulate: no point says how it moves",
		    points_file(ps));
	else
		snprintf(line, sizeof(line),
		    "%s: simulate: %zu points stand still without --simulate",
		    points_file(ps), n);
	report->warn(report->arg, line);
}

/* Returns an exit status. */
static int
read_points(const struct options *o, const struct points_report *report,
    struct points **points)
{
	int status;

	*points = NULL;
	if (o->points == NULL)
		return EX_OK;
	status = points_read(o->points, o->overlay, report, points);
	if (status != EX_OK)
		return status;
	warn_of_refused(o, *points, report);
	warn_of_standstill(o, *points, report);
	return EX_OK;
}

/* --- what the program asks for -------------------------------------------- */

int
naming_read(const struct options *o, struct points **points)
{
	int status = read_points(o, &to_log, points);

	if (*points != NULL)
		log_line(LOG_INFO, "points: %s: %zu points", o->points,
		    points_count(*points));
	return status;
}

/* Returns an exit status. */
static int
print(const struct points *ps)
{
	points_print(ps, stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	fprintf(stderr, "standard output: %s\n", error_text(errno));
	return EX_IOERR;
}

/* What the simulation needs of files. Returns an exit status. */
static int
check_simulation(const struct options *o, const struct points *ps)
{
	char error[SERIES_ERROR_MAX];
	struct simulation *s;

	if (!o->simulate)
		return EX_OK;
	s = simulation_new(ps, o->overlay, o->seed, error);
	if (s == NULL) {
		fprintf(stderr, "%s\n", error);
		return EX_CONFIG;
	}
	simulation_free(s);
	return EX_OK;
}

int
naming_check(const struct options *o)
{
	int status = diagnostics_check(o);
	struct points *ps;
	int points_status = read_points(o, &to_standard_error, &ps);

	if (status == EX_OK)
		status = points_status;
	if (ps != NULL && status == EX_OK)
		status = check_simulation(o, ps);
	if (ps != NULL && status == EX_OK)
		status = print(ps);
	points_free(ps);
	return status;
}
