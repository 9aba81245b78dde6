#include "report/request_times.h"

#include <time.h>

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

const uint64_t request_times_bounds[REQUEST_TIMES_BUCKETS] = { 1 * US, 2 * US,
	5 * US, 10 * US, 20 * US, 50 * US, 100 * US, 200 * US, 500 * US, 1 * MS,
	2 * MS, 5 * MS, 10 * MS, 100 * MS };

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void
began(void *arg)
{
	struct request_times *times = arg;

	times->began = now_ns();
}

static void
exchanged(void *arg, const struct exchange *x)
{
	struct request_times *times = arg;
	uint64_t took = now_ns() - times->began;
	size_t i = 0;

	(void)x;
	while (i < REQUEST_TIMES_BUCKETS && took > request_times_bounds[i])
		i++;
	times->counts[i]++;
	times->sum += took;
}

struct tap
request_times_tap(struct request_times *times)
{
	return (
	    struct tap){ .began = began, .exchanged = exchanged, .arg = times };
}
