#include "first_values_start.h"

#include <event2/event.h>
#include <stdbool.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "points/first_values.h"
#include "points/points.h"
#include "service/service.h"
#include "service/writing.h"
#include "state/state.h"

/* The outcome of the write that is waited for. */
struct settlement {
	bool settled;
	enum order_outcome outcome;
};

static void
settled(void *owner, enum order_outcome outcome)
{
	struct settlement *s = owner;

	s->settled = true;
	s->outcome = outcome;
}

/* Returns an exit status. */
static int
fail(const struct points *ps, int status, const char *why)
{
	log_line(LOG_ERROR, "points: %s: first values are not written: %s",
	    points_file(ps), why);
	return status;
}

/* Returns an exit status. */
static int
conclude(const struct points *ps, enum order_outcome outcome)
{
	switch (outcome) {
	case ORDER_EXECUTE:
		return EX_OK;
	case ORDER_REFUSED:
		return fail(ps, EX_IOERR, "no space");
	case ORDER_UNKNOWN:
		break;
	}
	return fail(ps, EX_IOERR, "the disk has failed");
}

/* Submit the writes, and wait until they are settled. Returns an exit status.
 */
static int
write_values(
    const struct first_values_target *v, const struct first_values *values)
{
	const struct client start = { .address = address_start };
	const struct service service = {
		.table = v->table,
		.order = v->state == NULL ? NULL : state_order(v->state),
	};
	struct settlement s = { .settled = false };
	struct writing_result result =
	    writing_submit(&service, &start, first_values_writings(values),
		first_values_count(values), settled, &s);

	if (result.exception != MB_EX_NONE)
		return fail(v->points, EX_OSERR, "out of memory");
	if (result.waits == NULL)
		return EX_OK;
	while (!s.settled)
		if (event_base_loop(v->base, EVLOOP_ONCE) != 0) {
			order_forget(result.waits);
			return fail(
			    v->points, EX_OSERR, "the event loop has failed");
		}
	return conclude(v->points, s.outcome);
}

/* Returns an exit status. */
static int
bring_values(const struct first_values_target *v, size_t count)
{
	struct first_values *values =
	    first_values_new(v->points, v->overlay, FIRST_VALUES_OVER_ZEROS);
	int status;

	if (values == NULL)
		return fail(v->points, EX_OSERR, "out of memory");
	status = write_values(v, values);
	first_values_free(values);
	if (status == EX_OK)
		log_line(LOG_INFO, "points: %s: %zu first values written",
		    points_file(v->points), count);
	return status;
}

void
first_values_start_compare(
    const struct points *points, const struct datatable *table)
{
	const struct first_values_comparison c =
	    first_values_compare(points, table);

	if (c.different > 0)
		log_line(LOG_INFO,
		    "points: %s: %zu of %zu points differ from their first "
		    "values",
		    points_file(points), c.different, c.points);
}

int
first_values_start(const struct first_values_target *v)
{
	size_t count;

	if (v->state != NULL && !state_is_unwritten(v->state)) {
		first_values_start_compare(v->points, v->table);
		return EX_OK;
	}
	count = first_values_compare(v->points, v->table).points;
	return count == 0 ? EX_OK : bring_values(v, count);
}
