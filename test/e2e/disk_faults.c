/*
 * Loaded into the server by LD_PRELOAD: makes the disk fail, fill up or stand
 * still while it runs, or kills the server between two things that it does to
 * the disk. The file that $DISK_FAULTS names is shared memory with
 * the test, which sets what is to happen to files whose path contains a text.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "next.h"

/* As disk_faults.py has it. */
struct control {
	_Atomic int sync_error;   /* fails with this errno, or 0 */
	_Atomic int write_error;  /* likewise */
	_Atomic int rename_error; /* likewise, of the file with the old name */
	_Atomic int hang;         /* sync waits until this is 0 */
	_Atomic int pass;         /* calls that still go well, before failing */
	_Atomic int half;         /* the write that is to fail is done in half:
				     the next one, of the rest, fails */
	_Atomic int syncs;        /* that were asked for */
	_Atomic int hanging;      /* waiting now */
	_Atomic int failed;       /* calls that were made to fail */
	_Atomic int kill_at; /* it is killed before this call from now on that
				changes a file or a name; 0: never */
	char suffix[64];     /* of the paths that are meant; "" is all */
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

/* To be called before each change. */
static void
count_change(void)
{
	if (control != NULL && control->kill_at != 0 &&
	    atomic_fetch_sub(&control->kill_at, 1) == 1)
		kill(getpid(), SIGKILL);
}

static int
is_meant_path(const char *path, size_t n)
{
	size_t length = strlen(control->suffix);

	return n >= length &&
	    memcmp(path + n - length, control->suffix, length) == 0;
}

/* Whether fd is one of the files that are meant. */
static int
is_meant(int fd)
{
	char link[40], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > 0 && path[0] == '/' && is_meant_path(path, (size_t)n);
}

/* Whether this call on a file that is meant fails: then with error. */
static int
fail_meant(int error)
{
	if (atomic_fetch_sub(&control->pass, 1) > 0)
		return 0;
	atomic_fetch_add(&control->failed, 1);
	errno = error;
	return 1;
}

/* The same for any file. */
static int
fails(int fd, int error)
{
	return error != 0 && is_meant(fd) && fail_meant(error);
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
sync_file(int fd, const char *name)
{
	int (*next)(int);

	count_change();
	if (control != NULL) {
		if (is_meant(fd))
			atomic_fetch_add(&control->syncs, 1);
		wait_while_hung(fd);
		if (fails(fd, control->sync_error))
			return -1;
	}
	next_find(name, &next);
	return next(fd);
}

int
fsync(int fd)
{
	return sync_file(fd, "fsync");
}

int
fdatasync(int fd)
{
	return sync_file(fd, "fdatasync");
}

static int
is_halved(int fd)
{
	return control->half != 0 && control->write_error != 0 &&
	    control->pass <= 0 && is_meant(fd) &&
	    atomic_exchange(&control->half, 0) != 0;
}

static ssize_t
write_at(int fd, const void *bytes, size_t length, off64_t where)
{
	ssize_t (*next)(int, const void *, size_t, off64_t);

	count_change();
	if (control != NULL && is_halved(fd))
		length /= 2;
	else if (control != NULL && fails(fd, control->write_error))
		return -1;
	next_find("pwrite64", &next);
	return next(fd, bytes, length, where);
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

static int
truncate_file(int fd, off64_t size)
{
	int (*next)(int, off64_t);

	count_change();
	next_find("ftruncate64", &next);
	return next(fd, size);
}

int
ftruncate(int fd, off_t size)
{
	return truncate_file(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return truncate_file(fd, size);
}

int
unlink(const char *path)
{
	int (*next)(const char *);

	count_change();
	next_find("unlink", &next);
	return next(path);
}

static int
rename_file(const char *from, const char *to, unsigned flags)
{
	int (*next)(int, const char *, int, const char *, unsigned);

	count_change();
	if (control != NULL && control->rename_error != 0 &&
	    is_meant_path(from, strlen(from)) &&
	    fail_meant(control->rename_error))
		return -1;
	next_find("renameat2", &next);
	return next(AT_FDCWD, from, AT_FDCWD, to, flags);
}

int
rename(const char *from, const char *to)
{
	return rename_file(from, to, 0);
}

int
renameat2(
    int at_from, const char *from, int at_to, const char *to, unsigned flags)
{
	(void)at_from;
	(void)at_to;
	return rename_file(from, to, flags);
}
