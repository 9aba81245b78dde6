/*
 * Results of a query, one line each, in the requested format: columns of text,
 * comma-separated values (RFC 4180, but lines end in LF alone), or a JSON
 * object per line.
 *
 * Each line is a row of numbers and short texts, so printf and two functions
 * that quote a text are enough.
 */
#ifndef JOURNAL_PRINT_H
#define JOURNAL_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "journal/query.h"
#include "journal/rows.h"

/* Where and how to print. */
struct print {
	FILE *out; /* borrowed */
	enum query_format format;

	/* Columns for the subject and the role of a client, empty for one
	 * without a certificate. JSON has these members where they are not
	 * empty. */
	bool identities;

	/* Where there are points, each line ends in the names of those at its
	 * address, one text, "" for none. Where there are none, the names are
	 * NULL. */
	bool points;
};

/* Print the names of the columns of changes; nothing for JSON. */
void print_change_names(const struct print *p);

/* Print one address of a write: item i of r. */
void print_change(
    const struct print *p, const struct row *r, unsigned i, const char *names);

/* The value of an address. */
struct print_value {
	enum datatable_kind kind;
	uint16_t address;
	uint16_t value;
	const struct row *by; /* the write that set it; NULL: unknown */
	/* When by is NULL: it had the value at this time or earlier; if created
	 * is true, since the file was created. */
	int64_t since;
	bool created;
	const struct row *until; /* the write that changed it; NULL: none */
	const char *names;       /* of its points */
};

/* Print the names of the columns of values; nothing for JSON. */
void print_value_names(const struct print *p);

void print_value(const struct print *p, const struct print_value *v);

#endif
