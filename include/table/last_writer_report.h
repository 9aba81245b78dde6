/*
 * A report of last writers, as lines for a log: the totals, the clients with
 * the most writes, the most contended addresses.
 */
#ifndef TABLE_LAST_WRITER_REPORT_H
#define TABLE_LAST_WRITER_REPORT_H

struct last_writer;

/* How many of each are listed at most; the report gives the number of others.
 */
#define LAST_WRITER_REPORT_CLIENTS   10
#define LAST_WRITER_REPORT_CONTENDED 20

/* How many lines there are at most. */
#define LAST_WRITER_REPORT_LINES                                               \
	(3 + LAST_WRITER_REPORT_CLIENTS + LAST_WRITER_REPORT_CONTENDED)

/* Call put with each line, without a line end. */
void last_writer_report(const struct last_writer *lw,
    void (*put)(void *arg, const char *line), void *arg);

#endif
