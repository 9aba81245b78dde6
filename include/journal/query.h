/*
 * A query of a state file's journal: the command line of
 * "mbasyncserver journal".
 */
#ifndef JOURNAL_QUERY_H
#define JOURNAL_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/command_line.h"
#include "service/access.h"

struct points;

/* The most options --address and --point together. */
#define QUERY_RANGES_MAX ACCESS_LIST_MAX

/* The most options --subject. */
#define QUERY_SUBJECTS_MAX 64

enum query_action {
	QUERY_LIST,    /* the changes */
	QUERY_AT,      /* the table at a time, and who set the values */
	QUERY_RESTORE, /* a new state file */
	QUERY_HELP,
};

enum query_format {
	QUERY_TEXT,
	QUERY_CSV,
	QUERY_JSONL,
};

/* Strings point into argv. Times are microseconds since 1970. */
struct query {
	enum query_action action;
	const char *state;
	int64_t at; /* or the time to restore */
	const char *output;
	int64_t since; /* both included; by default every time */
	int64_t until;
	struct access_range ranges[QUERY_RANGES_MAX];
	size_t range_count;                  /* 0: every address */
	const char *points;                  /* a points file, or NULL */
	const char *names[QUERY_RANGES_MAX]; /* of points of it */
	size_t name_count;
	struct access_list clients; /* empty: every client */
	const char *subjects[QUERY_SUBJECTS_MAX];
	size_t subject_count; /* 0: every client */
	bool unchanged;       /* list also writes of the value before */
	enum query_format format;
};

/*
 * Parse argv[1..argc - 1] into q; now is the present time, for relative times.
 * Returns 0, or -1 with one line in error, which has room for
 * COMMAND_LINE_ERROR_MAX bytes.
 */
int
query_parse(int argc, char **argv, int64_t now, struct query *q, char *error);

/*
 * Add the ranges of the points that the query names. Returns 0, or -1 with one
 * line in error, likewise, when there is no such point.
 */
int query_find_points(struct query *q, const struct points *ps, char *error);

/* The text of --help. The caller frees it; NULL when memory is exhausted. */
char *query_help(void);

/*
 * Whether the query includes a client with a certificate of this subject, ""
 * for one without. A subject that is asked for is a whole one, or one or more
 * adjacent parts of it, between its commas: "CN=HMI 3" or "O=Plant" of
 * "CN=HMI 3,O=Plant".
 */
bool query_includes_subject(const struct query *q, const char *subject);

/*
 * Whether the query includes an address of a kind. In the overlaid mode a
 * register includes its coils, and a coil its register.
 */
bool query_includes(const struct query *q, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address);

/*
 * Whether QUERY_AT asks for an address: those of --address, as they are named;
 * without, every address, but no overlaid coils, which are bits of registers.
 */
bool query_asks(const struct query *q, enum datatable_overlay overlay,
    enum datatable_kind kind, uint16_t address);

#endif
