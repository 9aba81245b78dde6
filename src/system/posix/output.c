#include "system/output.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A terminal may accept a part of a line and then block. Open it again in
 * non-blocking mode: the old open file may be shared with other processes. */
static void
unblock_terminal(int fd)
{
	char path[32];
	int own;

	if (!isatty(fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	if (own < 0)
		return;
	dup2(own, fd);
	close(own);
}

void
output_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	unblock_terminal(STDOUT_FILENO);
	unblock_terminal(STDERR_FILENO);
}

int
output_write(enum output where, const char *line, size_t length)
{
	int fd = where == OUTPUT_STANDARD ? STDOUT_FILENO : STDERR_FILENO;
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return -1;
	return write(fd, line, length) == (ssize_t)length ? 0 : -1;
}

/* It is a socket, of which $JOURNAL_STREAM has "device:inode": systemd.exec(5).
 */
bool
output_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	return stream != NULL &&
	    sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	    st.st_ino == inode;
}
