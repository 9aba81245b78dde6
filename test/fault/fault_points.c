/*
 * A points file that is read while memory is short, and what the server then
 * does with it: each allocation fails once, and then nothing is read, told once
 * and left behind, or no first value written, or points stand still for a tick.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "first_values_start.h"
#include "inject.h"
#include "points/file.h"
#include "points/rights.h"
#include "rig.h"
#include "rig_clock.h"
#include "service/service.h"
#include "simulation/simulation.h"
#include "table/datatable.h"

#define ROWS 300

static void
keep(void *arg, const char *line)
{
	snprintf(arg, 200, "%s", line);
}

/* Fails at the n-th allocation. Returns whether there was one. */
static bool
read_at(FILE *f, uint64_t n)
{
	char told[200] = "";
	const struct points_report report = { keep, keep, told };
	struct points *ps;
	int status;

	rewind(f);
	inject_nth(INJECT_OWN_MEMORY, n);
	status = points_read_stream(f, "f", DATATABLE_OVERLAID, &report, &ps);
	inject_arm(false);
	if (inject_failed() == 0) {
		must(status == EX_OK && points_count(ps) == ROWS);
		points_free(ps);
		return false;
	}
	must(status == EX_OSERR && ps == NULL);
	must(strcmp(told, "f: Cannot allocate memory") == 0);
	return true;
}

static struct points *
read_all(FILE *f)
{
	const struct points_report report = { keep, keep, (char[200]){ "" } };
	struct points *ps;

	rewind(f);
	must(points_read_stream(f, "f", DATATABLE_OVERLAID, &report, &ps) ==
	    EX_OK);
	return ps;
}

/* The same for what clients may do, and for the first values. */
static bool
use_at(const struct points *ps, uint64_t n)
{
	struct first_values_target target = {
		.points = ps,
		.table = datatable_new(DATATABLE_OVERLAID),
		.overlay = DATATABLE_OVERLAID,
	};
	bool failed, written;
	struct rights *rights;
	int status;

	must(target.table != NULL);
	inject_nth(INJECT_OWN_MEMORY, n);
	rights = rights_new(ps, DATATABLE_OVERLAID, true);
	status = first_values_start(&target);
	inject_arm(false);
	failed = inject_failed() != 0;
	written = *datatable_registers(target.table, ROWS - 1) == ROWS - 1;
	must(written == (status == EX_OK));
	must(failed ? (rights == NULL) != (status == EX_OSERR) :
		      rights != NULL && written);
	rights_free(rights);
	datatable_free(target.table);
	return failed;
}

/* A second passes, which is a tick. */
static void
tick(struct event_base *base)
{
	rig_clock_pass(1000);
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The same for points that move. What fails in the first tick has no effect on
 * the second. */
static bool
simulate_at(const struct points *ps, uint64_t n)
{
	struct service service = { .table = datatable_new(DATATABLE_OVERLAID) };
	struct event_base *base = event_base_new();
	const struct simulation_world world = { .base = base,
		.service = &service };
	char error[SERIES_ERROR_MAX];
	struct simulation *s;
	bool failed;

	must(service.table != NULL && base != NULL);
	inject_nth(INJECT_OWN_MEMORY, n);
	s = simulation_new(ps, DATATABLE_OVERLAID, 1, error);
	if (s != NULL) {
		must(simulation_start(s, &world) == 0);
		tick(base);
	}
	inject_arm(false);
	failed = inject_failed() != 0;
	if (s != NULL) {
		const uint16_t *last =
		    datatable_registers(service.table, ROWS - 1);
		uint16_t before = *last;

		must(failed == (before == 0));
		must(failed == (simulation_figures(s).refused == 1));
		tick(base);
		must(*last == before + 1);
	} else {
		must(strcmp(error, "Cannot allocate memory") == 0);
	}
	simulation_free(s);
	event_base_free(base);
	datatable_free(service.table);
	return failed;
}

int
main(void)
{
	FILE *f = tmpfile();
	uint64_t n = 1, used = 1, moved = 1;
	struct points *ps;

	must(f != NULL);
	fprintf(f, "name,address,value,simulate,description\n");
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "point %d,HR%d,%d,count(1),%0500d\n", i, i, i, i);
	inject_install();
	while (read_at(f, n))
		n++;
	ps = read_all(f);
	while (use_at(ps, used))
		used++;
	while (simulate_at(ps, moved))
		moved++;
	points_free(ps);
	printf("%d, %d and %d allocations failed\n", (int)n - 1, (int)used - 1,
	    (int)moved - 1);
	fclose(f);
	return n > 5 && used > 5 && moved > ROWS ? EXIT_SUCCESS : EXIT_FAILURE;
}
