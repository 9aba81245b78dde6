/*
 * To be preloaded: clocks that a test can set, so that waiting a minute takes
 * none. The file that $SHIFT_CLOCK_FILE names says how far the steady clocks
 * are shifted, and how far the time of day, each in 8 bytes, in nanoseconds.
 * With $SHIFT_CLOCK_STILL, the steady clocks stand still but for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

static const struct {
	_Atomic int64_t steady;
	_Atomic int64_t time_of_day;
} * shift; /* mapped, or NULL */

static struct timespec start; /* by CLOCK_MONOTONIC */
static bool still;

static int
system_clock_gettime(clockid_t id, struct timespec *now)
{
	return (int)syscall(SYS_clock_gettime, id, now);
}

__attribute__((constructor)) static void
map_shift(void)
{
	const char *path = getenv("SHIFT_CLOCK_FILE");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *mapped;

	if (fd < 0)
		abort();
	mapped = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		abort();
	close(fd);
	shift = mapped;
	still = getenv("SHIFT_CLOCK_STILL") != NULL &&
	    system_clock_gettime(CLOCK_MONOTONIC, &start) == 0;
}

static bool
is_steady(clockid_t id)
{
	return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE ||
	    id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME;
}

static int64_t
shift_of(clockid_t id)
{
	if (is_steady(id))
		return atomic_load(&shift->steady);
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return atomic_load(&shift->time_of_day);
	default:
		return 0;
	}
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int status = system_clock_gettime(id, now);
	int64_t ns, s;

	if (status != 0 || shift == NULL)
		return status;
	if (still && is_steady(id))
		*now = start;
	ns = shift_of(id);
	s = now->tv_sec + ns / NS_PER_S;
	now->tv_nsec += (long)(ns % NS_PER_S);
	if (now->tv_nsec < 0) {
		s--;
		now->tv_nsec += NS_PER_S;
	} else if (now->tv_nsec >= NS_PER_S) {
		s++;
		now->tv_nsec -= NS_PER_S;
	}
	now->tv_sec = (time_t)s;
	if (now->tv_sec == s)
		return 0;
	errno = EOVERFLOW; /* as the C library has it */
	return -1;
}
