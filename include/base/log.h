/*
 * The log: one line per event on standard error, "event: subject: detail".
 *
 * A line is one write. Nothing here ever blocks or fails: a line that standard
 * error can't take at once is dropped, and the next one that passes says how
 * many were; what standard output can't take is dropped too. For one thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_level {
	LOG_ERROR, /* needs someone to act */
	LOG_WARN,  /* may need it */
	LOG_INFO,  /* the life of the server and its connections */
	LOG_DEBUG,
};

/*
 * Call before anything opens a descriptor. Gives the descriptors 0, 1 and 2,
 * where they are closed, to /dev/null, so that no socket can become one of
 * them; sees to it that no terminal can block us; and learns whether standard
 * error is the journal: then lines get syslog prefixes such as "<6>" and no
 * time of their own.
 */
void log_open(void);

/* Lines above this level are not written. Default LOG_INFO. */
void log_set_level(enum log_level level);

/* Write a line; longer ones than 1,000 bytes are cut. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Write a line whatever level was set: what the operator asked for by name. */
void log_asked(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Write a line to standard output, as it is. */
void
log_announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The limit for one kind of event that clients can cause: 10 lines in 5
 * seconds, then one that counts the rest. Zero but for kind.
 */
struct log_limit {
	const char *kind;    /* names it in the line that counts, plural */
	uint64_t window_end; /* milliseconds, monotonic; 0: none is open */
	unsigned written;
	uint64_t suppressed;
};

/* Write a line unless the limit is reached. */
void log_limited(struct log_limit *limit, enum log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Close the window if its time is over, or at once when finally is not 0, and
 * write the line that counts. To be called every second or so, and at the end.
 */
void log_limit_flush(struct log_limit *limit, int finally);

#endif
