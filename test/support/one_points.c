#include "one_points.h"

#include <string.h>

#include "base/exit_status.h"
#include "points/file.h"
#include "scratch.h"
#include "suite.h"

static void
say(void *arg, const char *line)
{
	(void)arg;
	ck_abort_msg("%s", line);
}

struct points *
one_points(enum datatable_overlay overlay, const char *text)
{
	const struct points_report report = { .error = say, .warn = say };
	struct points *ps;
	int status;

	scratch_begin();
	scratch_write("points.csv", text, strlen(text));
	status = points_read(scratch_path("points.csv"), overlay, &report, &ps);
	scratch_end();
	ck_assert_int_eq(status, EX_OK);
	return ps;
}
