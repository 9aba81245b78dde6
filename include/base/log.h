/*
 * The log: one line per event on standard error, "event: subject: detail".
 *
 * A line is one write. Nothing here blocks or fails: a line that cannot be
 * written to standard error immediately is dropped, and the next one reports
 * the number of dropped lines. Lines for standard output are dropped, too. For
 * one thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level {
	LOG_ERROR, /* requires action */
	LOG_WARN,  /* may require action */
	LOG_INFO,  /* normal events of the server and its connections */
	LOG_DEBUG,
};

/*
 * Call before any descriptor is opened. Opens /dev/null as descriptor 0, 1 or 2
 * where that is closed, so that no socket gets one of these numbers; makes
 * writing to a terminal non-blocking; and detects whether standard error is the
 * systemd journal: then lines get a syslog prefix such as "<6>" instead of the
 * time and the level.
 */
void log_open(void);

/* The level of that name, in any case: "error", "warn", "info" or "debug".
 * Returns 0, or -1 and leaves level unchanged. */
int log_parse_level(const char *name, enum log_level *level);

/* Lines above this level are not written. Default LOG_INFO. */
void log_set_level(enum log_level level);

/* Write a line; it is truncated to 1,000 bytes. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Write a line whatever the level: output that the operator has requested. */
void log_asked(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Write a line to standard output, without time and level. */
void
log_announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The rate limit of one kind of event that clients can cause: 10 lines in 5
 * seconds, then one line with the number of suppressed ones. All members but
 * kind are initially 0.
 */
struct log_limit {
	const char *kind;    /* in the line with the number, plural */
	uint64_t window_end; /* clock_ms; 0: no window is open */
	unsigned written;
	uint64_t suppressed;
};

/* Write a line unless the limit is reached. */
void log_limited(struct log_limit *limit, enum log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Close the window if it is over, or if finally is not 0, and write the number
 * of suppressed lines. To be called about once a second, and at the end.
 */
void log_limit_flush(struct log_limit *limit, int finally);

#endif
