/*
 * What the side table of last writers has to say, as lines for a log: the
 * totals, the clients that wrote most, the addresses contended for most.
 */
#ifndef TABLE_LAST_WRITER_REPORT_H
#define TABLE_LAST_WRITER_REPORT_H

struct last_writer;

/* The most that are listed of each; how many more there are is said. */
#define LAST_WRITER_REPORT_CLIENTS   10
#define LAST_WRITER_REPORT_CONTENDED 20

/* The most lines that come. */
#define LAST_WRITER_REPORT_LINES                                               \
	(3 + LAST_WRITER_REPORT_CLIENTS + LAST_WRITER_REPORT_CONTENDED)

/* Give the report, line by line without their ends, to put. */
void last_writer_report(const struct last_writer *lw,
    void (*put)(void *arg, const char *line), void *arg);

#endif
