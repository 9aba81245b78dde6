#include "report/request_times.h"

#include "base/clock.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

static const uint64_t bounds[HISTOGRAM_BUCKETS] = { 1 * US, 2 * US, 5 * US,
	10 * US, 20 * US, 50 * US, 100 * US, 200 * US, 500 * US, 1 * MS, 2 * MS,
	5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS };

static void
began(void *arg)
{
	struct request_times *times = arg;

	times->began = clock_ns();
}

static void
exchanged(void *arg, const struct exchange *x)
{
	struct request_times *times = arg;

	(void)x;
	histogram_add(&times->took, clock_ns() - times->began);
}

struct tap
request_times_tap(struct request_times *times)
{
	times->took.bounds = bounds;
	return (
	    struct tap){ .began = began, .exchanged = exchanged, .arg = times };
}
