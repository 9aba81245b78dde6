/*
 * To be preloaded: a steady clock that a test can set forward, so that waiting
 * a minute takes none. The first 8 bytes of the file that $SHIFT_CLOCK_FILE
 * names say how far, in nanoseconds. The time of day stays as it is.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000

static const _Atomic int64_t *shift; /* mapped, or NULL */

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
}

static int
is_steady(clockid_t id)
{
	return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE ||
	    id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME;
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int status = (int)syscall(SYS_clock_gettime, id, now);
	int64_t ns;

	if (status != 0 || shift == NULL || !is_steady(id))
		return status;
	ns = now->tv_nsec + atomic_load(shift);
	now->tv_sec += ns / NS_PER_S;
	now->tv_nsec = ns % NS_PER_S;
	return 0;
}
