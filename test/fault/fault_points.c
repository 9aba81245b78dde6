/*
 * A points file that is read while memory is short, and what the server then
 * does with it: each allocation fails once, and then nothing is read, told once
 * and left behind, or no first value written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "first_values_start.h"
#include "inject.h"
#include "points/file.h"
#include "points/rights.h"
#include "rig.h"
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

int
main(void)
{
	FILE *f = tmpfile();
	uint64_t n = 1, used = 1;
	struct points *ps;

	must(f != NULL);
	fprintf(f, "name,address,value,description\n");
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "point %d,HR%d,%d,%0500d\n", i, i, i, i);
	inject_install();
	while (read_at(f, n))
		n++;
	ps = read_all(f);
	while (use_at(ps, used))
		used++;
	points_free(ps);
	printf("%d and %d allocations failed\n", (int)n - 1, (int)used - 1);
	fclose(f);
	return n > 5 && used > 5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
