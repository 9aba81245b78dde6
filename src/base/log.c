#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/printable.h"
#include "system/output.h"

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

void
log_open(void)
{
	output_open();
	state.journal = output_is_journal();
}

int
log_parse_level(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (strcasecmp(name, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	return -1;
}

void
log_set_level(enum log_level level)
{
	state.level = level;
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
line_put(struct line *l, enum output where)
{
	l->text[l->length] = '\0';
	printable_line(l->text);
	l->text[l->length] = '\n';
	return output_write(where, l->text, l->length + 1);
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
	calendar_local(now.tv_sec, &local);
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
	if (line_put(&l, OUTPUT_ERROR) == 0)
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
	if (line_put(&l, OUTPUT_ERROR) != 0)
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
	line_put(&l, OUTPUT_STANDARD);
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
