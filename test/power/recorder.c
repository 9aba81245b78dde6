/*
 * Loaded into the server by LD_PRELOAD: makes a recording (recording.h) of what
 * happens to the files of the directory $RECORD_DIRECTORY, and of what is sent.
 * The file $RECORD_TO, made large enough by the test, is mapped: it survives
 * kill -9, and no limit on the size of files reaches it.
 *
 * One lock orders the entries of all threads. Every call is made with the lock
 * held and recorded before it is let go, so that the order of the entries is
 * the order of the calls, and how much a call has done is known. All but syncs,
 * during which others must go on: a sync has one entry before it and one behind
 * it.
 *
 * A power cut is judged as if it came between two entries. That is sound:
 *
 * - A write counts as possibly on disk as soon as it is recorded, and as safe
 *   only when a sync that began behind its entry has returned and been recorded
 *   as returned. What the sync made safe may have been so a little earlier, of
 *   which the server knew nothing: it can't have told anyone.
 * - A reply counts as seen by the client as soon as it is recorded. No entry
 * can come between its being sent and its being recorded. Had the server waited
 *   for a sync before sending it, the end of that sync was recorded before the
 *   call returned to the server, and so before the reply.
 *
 * So a reply that is recorded before the end of the sync of its write was sent
 * without having waited for it; there is no other way for this to come about.
 *
 * What a call is that the model of the disk doesn't know is recorded as
 * strange, and fails the test; and a call that was missed shows when the
 * model's files are compared with the real ones at the end of a run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "next.h"
#include "recording.h"

#define FD_MAX     4096 /* descriptors of files that are watched lie below */
#define PIECES_MAX 1024

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct recording_head *head; /* mapped, or NULL */
static size_t room;
static char directory[PATH_MAX]; /* with a slash at its end */
static uint64_t watched[FD_MAX]; /* inode by descriptor, or 0 */
static uint64_t directory_inode;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("RECORD_TO");
	const char *where = getenv("RECORD_DIRECTORY");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || where == NULL || fstat(fd, &st) != 0)
		abort();
	room = (size_t)st.st_size;
	head = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED || stat(where, &st) != 0)
		abort();
	close(fd);
	if (head->used == 0)
		head->used = sizeof(*head);
	directory_inode = st.st_ino;
	snprintf(directory, sizeof(directory), "%s/", where);
}

/* Entries -----------------------------------------------------------------*/

/* Add an entry; with the lock held. This is also the place to be killed: so no
 * call has been made that is not recorded, or the other way round. */
static void
record(enum recording_kind kind, uint64_t file, int64_t place,
    const struct iovec *pieces, int count, size_t length)
{
	struct recording_entry e = { .kind = kind,
		.length = (uint32_t)length,
		.file = file,
		.place = place };
	unsigned char *to = (unsigned char *)head + head->used;
	uint64_t size = (sizeof(e) + length + RECORDING_STEP - 1) /
	    RECORDING_STEP * RECORDING_STEP;

	if (size > room - head->used)
		abort();
	memcpy(to, &e, sizeof(e));
	to += sizeof(e);
	for (int i = 0; i < count && length > 0; i++) {
		size_t n = pieces[i].iov_len;

		if (n > length)
			n = length;
		memcpy(to, pieces[i].iov_base, n);
		to += n;
		length -= n;
	}
	head->used += size;
	if (__atomic_load_n(&head->left, __ATOMIC_RELAXED) != 0 &&
	    __atomic_sub_fetch(&head->left, 1, __ATOMIC_RELAXED) == 0)
		kill(getpid(), SIGKILL);
}

static void
record_text(
    enum recording_kind kind, uint64_t file, const char *text, size_t length)
{
	const struct iovec piece = { (void *)(uintptr_t)text, length };

	record(kind, file, 0, &piece, 1, length);
}

static void
strange(const char *what)
{
	pthread_mutex_lock(&lock);
	record_text(RECORDED_STRANGE, 0, what, strlen(what));
	pthread_mutex_unlock(&lock);
}

/* The name in the directory that a path means, or NULL. */
static const char *
name_of(int at, const char *path)
{
	size_t n = strlen(directory);

	if (head == NULL || strncmp(path, directory, n) != 0)
		return NULL;
	if (at != AT_FDCWD && *path != '/')
		return NULL;
	return strchr(path + n, '/') == NULL ? path + n : NULL;
}

static uint64_t
inode_at(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

static uint64_t
file_of(int fd)
{
	return head == NULL || fd < 0 || fd >= FD_MAX ? 0 : watched[fd];
}

/* Files --------------------------------------------------------------------*/

static int
open_at(int at, const char *path, int flags, mode_t mode)
{
	const char *name = name_of(at, path);
	bool is_directory = head != NULL && *path == '/' &&
	    strlen(path) + 1 == strlen(directory) &&
	    strncmp(path, directory, strlen(path)) == 0;
	int (*next)(int, const char *, int, ...);
	uint64_t before;
	struct stat st;
	int fd, error;

	next_find("openat64", &next);
	if (name == NULL && !is_directory)
		return next(at, path, flags, mode);
	pthread_mutex_lock(&lock);
	before = inode_at(path);
	fd = next(at, path, flags, mode);
	error = errno;
	if (fd >= FD_MAX)
		abort();
	if (fd >= 0 && fstat(fd, &st) == 0) {
		watched[fd] = st.st_ino;
		if (before == 0)
			record_text(
			    RECORDED_CREATE, st.st_ino, name, strlen(name));
		else if (flags & O_TRUNC)
			record(RECORDED_TRUNCATE, st.st_ino, 0, NULL, 0, 0);
		if (flags & O_APPEND || (flags & O_TMPFILE) == O_TMPFILE)
			strange("open to append, or without a name");
	}
	pthread_mutex_unlock(&lock);
	errno = error;
	return fd;
}

static mode_t
mode_of(int flags, va_list args)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ?
	    va_arg(args, mode_t) :
	    0;
}

#define DEFINE_OPEN(function)                                                  \
	int function(const char *path, int flags, ...)                         \
	{                                                                      \
		va_list args;                                                  \
		mode_t mode;                                                   \
                                                                               \
		va_start(args, flags);                                         \
		mode = mode_of(flags, args);                                   \
		va_end(args);                                                  \
		return open_at(AT_FDCWD, path, flags, mode);                   \
	}

#define DEFINE_OPENAT(function)                                                \
	int function(int at, const char *path, int flags, ...)                 \
	{                                                                      \
		va_list args;                                                  \
		mode_t mode;                                                   \
                                                                               \
		va_start(args, flags);                                         \
		mode = mode_of(flags, args);                                   \
		va_end(args);                                                  \
		return open_at(at, path, flags, mode);                         \
	}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int
close(int fd)
{
	int (*next)(int);

	next_find("close", &next);
	if (file_of(fd) != 0)
		watched[fd] = 0;
	return next(fd);
}

static int
truncate_to(int fd, int64_t size)
{
	int (*next)(int, off64_t);
	int result, error;

	next_find("ftruncate64", &next);
	if (file_of(fd) == 0)
		return next(fd, size);
	pthread_mutex_lock(&lock);
	result = next(fd, size);
	error = errno;
	if (result == 0)
		record(RECORDED_TRUNCATE, file_of(fd), size, NULL, 0, 0);
	pthread_mutex_unlock(&lock);
	errno = error;
	return result;
}

int
ftruncate(int fd, off_t size)
{
	return truncate_to(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return truncate_to(fd, size);
}

/* How far a sync reaches is settled when it begins. */
static int
sync_file(int fd, const char *name)
{
	int (*next)(int);
	uint64_t file = file_of(fd);
	bool names = file == directory_inode;
	int result, error;

	next_find(name, &next);
	if (file == 0)
		return next(fd);
	pthread_mutex_lock(&lock);
	record(names ? RECORDED_NAMES_SYNC_BEGIN : RECORDED_SYNC_BEGIN, file, 0,
	    NULL, 0, 0);
	pthread_mutex_unlock(&lock);
	result = next(fd);
	error = errno;
	pthread_mutex_lock(&lock);
	if (result == 0)
		record(names ? RECORDED_NAMES_SYNC_END : RECORDED_SYNC_END,
		    file, 0, NULL, 0, 0);
	else
		strange("a sync that fails");
	pthread_mutex_unlock(&lock);
	errno = error;
	return result;
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

/* Names --------------------------------------------------------------------*/

static int
rename_file(const char *from, const char *to, unsigned flags)
{
	const char *old = name_of(AT_FDCWD, from);
	const char *new = name_of(AT_FDCWD, to);
	int (*next)(int, const char *, int, const char *, unsigned);
	uint64_t file;
	int result, error;

	next_find("renameat2", &next);
	if (old == NULL && new == NULL)
		return next(AT_FDCWD, from, AT_FDCWD, to, flags);
	pthread_mutex_lock(&lock);
	file = inode_at(from);
	result = next(AT_FDCWD, from, AT_FDCWD, to, flags);
	error = errno;
	if (result == 0 && (old == NULL || new == NULL))
		strange("a file that is moved in or out");
	else if (result == 0) {
		const struct iovec names[] = {
			{ (void *)(uintptr_t)old, strlen(old) + 1 },
			{ (void *)(uintptr_t) new, strlen(new) },
		};

		record(RECORDED_RENAME, file, 0, names, 2,
		    names[0].iov_len + names[1].iov_len);
	}
	pthread_mutex_unlock(&lock);
	errno = error;
	return result;
}

int
rename(const char *from, const char *to)
{
	return rename_file(from, to, 0);
}

int
renameat2(
    int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	if (from_at != AT_FDCWD || to_at != AT_FDCWD)
		abort();
	return rename_file(from, to, flags);
}

int
unlink(const char *path)
{
	const char *name = name_of(AT_FDCWD, path);
	int (*next)(const char *);
	uint64_t file;
	int result, error;

	next_find("unlink", &next);
	if (name == NULL)
		return next(path);
	pthread_mutex_lock(&lock);
	file = inode_at(path);
	result = next(path);
	error = errno;
	if (result == 0)
		record_text(RECORDED_UNLINK, file, name, strlen(name));
	pthread_mutex_unlock(&lock);
	errno = error;
	return result;
}

int
link(const char *from, const char *to)
{
	int (*next)(const char *, const char *);

	if (name_of(AT_FDCWD, from) != NULL || name_of(AT_FDCWD, to) != NULL)
		strange("link");
	next_find("link", &next);
	return next(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	int (*next)(const char *, mode_t);

	if (name_of(AT_FDCWD, path) != NULL)
		strange("mkdir");
	next_find("mkdir", &next);
	return next(path, mode);
}

/* Writes and what is sent ---------------------------------------------------*/

/* The other end of a socket, as the server writes addresses of IPv4. */
static bool
peer_of(int fd, char *text, size_t size)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	char host[INET_ADDRSTRLEN];

	if (getpeername(fd, (void *)&peer, &length) != 0 ||
	    peer.sin_family != AF_INET)
		return false;
	inet_ntop(AF_INET, &peer.sin_addr, host, sizeof(host));
	snprintf(text, size, "%s:%u", host, ntohs(peer.sin_port));
	return true;
}

/* Where bytes that are no file's went: a client's address, or "" for the
 * standard output and error. Whatever else there is, an eventfd or the pipe of
 * a signal handler, is nobody's business: no lock for that. */
static bool
receiver_of(int fd, char *text, size_t size)
{
	*text = '\0';
	return fd == STDOUT_FILENO || fd == STDERR_FILENO ||
	    peer_of(fd, text, size);
}

static void
record_sent(
    const char *receiver, const struct iovec *pieces, int count, size_t length)
{
	struct iovec all[PIECES_MAX + 1];

	if (*receiver == '\0') {
		record(RECORDED_SAID, 0, 0, pieces, count, length);
		return;
	}
	if (count > PIECES_MAX)
		abort();
	all[0] =
	    (struct iovec){ (void *)(uintptr_t)receiver, strlen(receiver) + 1 };
	memcpy(all + 1, pieces, (size_t)count * sizeof(*pieces));
	record(RECORDED_SENT, 0, 0, all, count + 1, all[0].iov_len + length);
}

/* Write pieces to fd, at place unless that is -1. */
static ssize_t
call_write(
    int fd, const struct iovec *pieces, int count, int64_t place, int flags)
{
	const struct msghdr message = {
		.msg_iov = (struct iovec *)(uintptr_t)pieces,
		.msg_iovlen = (size_t)count,
	};
	ssize_t (*next_sendmsg)(int, const struct msghdr *, int);
	ssize_t (*next_writev)(int, const struct iovec *, int);
	ssize_t (*next_pwritev)(int, const struct iovec *, int, off64_t);

	if (flags != 0) {
		next_find("sendmsg", &next_sendmsg);
		return next_sendmsg(fd, &message, flags);
	}
	if (place < 0) {
		next_find("writev", &next_writev);
		return next_writev(fd, pieces, count);
	}
	next_find("pwritev64", &next_pwritev);
	return next_pwritev(fd, pieces, count, place);
}

/* The same, and record what it has done. */
static ssize_t
write_pieces(
    int fd, const struct iovec *pieces, int count, int64_t place, int flags)
{
	uint64_t file = file_of(fd);
	char receiver[INET_ADDRSTRLEN + 8];
	int64_t where = place;
	ssize_t n;
	int error;

	if (head == NULL ||
	    (file == 0 && !receiver_of(fd, receiver, sizeof(receiver))))
		return call_write(fd, pieces, count, place, flags);
	pthread_mutex_lock(&lock);
	if (file != 0 && place < 0)
		where = lseek(fd, 0, SEEK_CUR);
	n = call_write(fd, pieces, count, place, flags);
	error = errno;
	if (n > 0 && file != 0)
		record(RECORDED_WRITE, file, where, pieces, count, (size_t)n);
	else if (n > 0)
		record_sent(receiver, pieces, count, (size_t)n);
	pthread_mutex_unlock(&lock);
	errno = error;
	return n;
}

static ssize_t
write_bytes(int fd, const void *bytes, size_t length, int64_t place, int flags)
{
	const struct iovec piece = { (void *)(uintptr_t)bytes, length };

	return write_pieces(fd, &piece, 1, place, flags);
}

ssize_t
write(int fd, const void *bytes, size_t length)
{
	return write_bytes(fd, bytes, length, -1, 0);
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t place)
{
	return write_bytes(fd, bytes, length, place, 0);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t place)
{
	return write_bytes(fd, bytes, length, place, 0);
}

ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	return write_pieces(fd, pieces, count, -1, 0);
}

ssize_t
pwritev(int fd, const struct iovec *pieces, int count, off_t place)
{
	return write_pieces(fd, pieces, count, place, 0);
}

ssize_t
pwritev64(int fd, const struct iovec *pieces, int count, off64_t place)
{
	return write_pieces(fd, pieces, count, place, 0);
}

ssize_t
send(int fd, const void *bytes, size_t length, int flags)
{
	return write_bytes(fd, bytes, length, -1, flags | MSG_NOSIGNAL);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t (*next)(int, const struct msghdr *, int);

	next_find("sendmsg", &next);
	if (message->msg_name != NULL || message->msg_control != NULL)
		return next(fd, message, flags);
	return write_pieces(fd, message->msg_iov, (int)message->msg_iovlen, -1,
	    flags | MSG_NOSIGNAL);
}

/* What the model doesn't know -----------------------------------------------*/

static void *
map_file(
    void *at, size_t length, int protection, int flags, int fd, int64_t place)
{
	void *(*next)(void *, size_t, int, int, int, off64_t);

	if (file_of(fd) != 0 && (flags & MAP_SHARED) != 0 &&
	    (protection & PROT_WRITE) != 0)
		strange("a file that is mapped to be written");
	next_find("mmap64", &next);
	return next(at, length, protection, flags, fd, place);
}

void *
mmap(void *at, size_t length, int protection, int flags, int fd, off_t place)
{
	return map_file(at, length, protection, flags, fd, place);
}

void *
mmap64(
    void *at, size_t length, int protection, int flags, int fd, off64_t place)
{
	return map_file(at, length, protection, flags, fd, place);
}

int
fallocate(int fd, int mode, off_t place, off_t length)
{
	int (*next)(int, int, off64_t, off64_t);

	if (file_of(fd) != 0)
		strange("fallocate");
	next_find("fallocate64", &next);
	return next(fd, mode, place, length);
}

int
truncate(const char *path, off_t size)
{
	int (*next)(const char *, off64_t);

	if (name_of(AT_FDCWD, path) != NULL)
		strange("truncate");
	next_find("truncate64", &next);
	return next(path, size);
}

int
sync_file_range(int fd, off64_t place, off64_t length, unsigned flags)
{
	int (*next)(int, off64_t, off64_t, unsigned);

	if (file_of(fd) != 0)
		strange("sync_file_range");
	next_find("sync_file_range", &next);
	return next(fd, place, length, flags);
}
