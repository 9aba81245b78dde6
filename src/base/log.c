#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"

#define LINE_MAX_BYTES  1000
#define LIMIT_LINES     10
#define LIMIT_WINDOW_MS 5000

static const struct {
	const char *name;
	const char *journal_prefix; /* syslog priorities, sd-daemon(3) */
} levels[] = {
	[LOG_ERROR] = { "error", "<3>" },
	[LOG_WARN] = { "warn", "<4>" },
	[LOG_INFO] = { "info", "<6>" },
	[LOG_DEBUG] = { "debug", "<7>" },
};

/* The only mutable global of the program. */
static struct {
	enum log_level level;
	bool journal;
	uint64_t dropped;
} state = { .level = LOG_INFO };

/* Whether standard error is the socket of the systemd journal
 * (systemd.exec(5), $JOURNAL_STREAM is its "device:inode"). */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	return stream != NULL &&
	    sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	    st.st_ino == inode;
}

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
log_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	state.journal = is_journal();
	unblock_terminal(STDOUT_FILENO);
	unblock_terminal(STDERR_FILENO);
}

void
log_set_level(enum log_level level)
{
	state.level = level;
}

/* Write a line if that does not block. Returns 0 or -1. */
static int
put(int fd, const char *line, size_t length)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return -1;
	return write(fd, line, length) == (ssize_t)length ? 0 : -1;
}

/* A line that is being composed; it is truncated where it is too long. */
struct line {
	char text[LINE_MAX_BYTES + 1]; /* and the newline */
	size_t length;
};

static void __attribute__((format(printf, 2, 0)))
line_vadd(struct line *l, const char *format, va_list args)
{
	size_t room = LINE_MAX_BYTES - l->length;
	int n = vsnprintf(l->text + l->length, room, format, args);

	if (n < 0)
		return;
	l->length += (size_t)n < room ? (size_t)n : room - 1;
}

static void __attribute__((format(printf, 2, 3)))
line_add(struct line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_vadd(l, format, args);
	va_end(args);
}

static int
line_put(struct line *l, int fd)
{
	l->text[l->length] = '\0';
	printable_line(l->text);
	l->text[l->length] = '\n';
	return put(fd, l->text, l->length + 1);
}

/* Begin a line with the prefix for the journal, or the time and the level. */
static void
line_begin(struct line *l, enum log_level level)
{
	struct timespec now;
	struct tm local;

	l->length = 0;
	if (state.journal) {
		line_add(l, "%s", levels[level].journal_prefix);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	line_add(l, "%04d-%02d-%02d %02d:%02d:%02d.%03ld %s ",
	    local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
	    local.tm_hour, local.tm_min, local.tm_sec, now.tv_nsec / 1000000,
	    levels[level].name);
}

static void
report_dropped(void)
{
	struct line l;

	line_begin(&l, LOG_WARN);
	line_add(&l,
	    "log: %" PRIu64 " lines dropped: standard error was not ready",
	    state.dropped);
	if (line_put(&l, STDERR_FILENO) == 0)
		state.dropped = 0;
}

static void __attribute__((format(printf, 2, 0)))
vlog(enum log_level level, const char *format, va_list args)
{
	struct line l;

	if (state.dropped > 0)
		report_dropped();
	line_begin(&l, level);
	line_vadd(&l, format, args);
	if (line_put(&l, STDERR_FILENO) != 0)
		state.dropped++;
}

void
log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > state.level)
		return;
	va_start(args, format);
	vlog(level, format, args);
	va_end(args);
}

void
log_asked(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vlog(level, format, args);
	va_end(args);
}

void
log_announce(const char *format, ...)
{
	struct line l = { .length = 0 };
	va_list args;

	va_start(args, format);
	line_vadd(&l, format, args);
	va_end(args);
	line_put(&l, STDOUT_FILENO);
}

void
log_limited(
    struct log_limit *limit, enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > state.level)
		return;
	log_limit_flush(limit, 0);
	if (limit->window_end == 0)
		limit->window_end = clock_ms() + LIMIT_WINDOW_MS;
	if (limit->written == LIMIT_LINES) {
		limit->suppressed++;
		return;
	}
	limit->written++;
	va_start(args, format);
	vlog(level, format, args);
	va_end(args);
}

void
log_limit_flush(struct log_limit *limit, int finally)
{
	if (limit->window_end == 0 ||
	    (!finally && clock_ms() < limit->window_end))
		return;
	if (limit->suppressed > 0)
		log_line(LOG_WARN, "log: %s: %" PRIu64 " more not shown",
		    limit->kind, limit->suppressed);
	limit->window_end = 0;
	limit->written = 0;
	limit->suppressed = 0;
}
