/*
 * Loaded into the server by LD_PRELOAD: makes the disk fail, fill up or stand
 * still while it runs. The file that $DISK_FAULTS names is shared memory with
 * the test, which sets what is to happen to files whose path contains a text.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As disk_faults.py has it. */
struct control {
	_Atomic int sync_error;  /* fails with this errno, or 0 */
	_Atomic int write_error; /* likewise */
	_Atomic int hang;        /* sync waits until this is 0 */
	_Atomic int pass;        /* calls that still go well, before failing */
	_Atomic int syncs;       /* that were asked for */
	_Atomic int hanging;     /* waiting now */
	_Atomic int failed;      /* calls that were made to fail */
	char suffix[64];         /* of the paths that are meant; "" is all */
};

static struct control *control;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("DISK_FAULTS");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	control = mmap(
	    NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (control == MAP_FAILED)
		abort();
}

/* Whether fd is one of the files that are meant. */
static int
is_meant(int fd)
{
	char link[40], path[4096];
	size_t length = strlen(control->suffix);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > 0 && path[0] == '/' && (size_t)n >= length &&
	    memcmp(path + n - length, control->suffix, length) == 0;
}

/* Whether this call fails: then with error. */
static int
fails(int fd, int error)
{
	if (error == 0 || !is_meant(fd))
		return 0;
	if (atomic_fetch_sub(&control->pass, 1) > 0)
		return 0;
	atomic_fetch_add(&control->failed, 1);
	errno = error;
	return 1;
}

static void
wait_while_hung(int fd)
{
	const struct timespec moment = { 0, 1000000 };

	if (control->hang == 0 || !is_meant(fd))
		return;
	atomic_fetch_add(&control->hanging, 1);
	while (control->hang != 0)
		nanosleep(&moment, NULL);
	atomic_fetch_sub(&control->hanging, 1);
}

static int
sync_file(int fd, long call)
{
	if (control != NULL) {
		if (is_meant(fd))
			atomic_fetch_add(&control->syncs, 1);
		wait_while_hung(fd);
		if (fails(fd, control->sync_error))
			return -1;
	}
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_file(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_file(fd, SYS_fdatasync);
}

static ssize_t
write_at(int fd, const void *bytes, size_t length, off64_t where)
{
	if (control != NULL && fails(fd, control->write_error))
		return -1;
	return syscall(SYS_pwrite64, fd, bytes, length, where);
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t where)
{
	return write_at(fd, bytes, length, where);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t where)
{
	return write_at(fd, bytes, length, where);
}
