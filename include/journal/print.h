/*
 * Answers of the journal, one line each, in the format asked for: columns to
 * read, comma-separated values (RFC 4180, but lines end in LF alone), or a JSON
 * object per line.
 *
 * All is numbers and short texts in a row, so that printf and two ways to quote
 * a text do, and no library of formats is needed.
 */
#ifndef JOURNAL_PRINT_H
#define JOURNAL_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "journal/query.h"
#include "journal/rows.h"

/* The line that names the columns of changes; none for JSON. */
void print_change_names(FILE *out, enum query_format format);

/* One address of a write: item i of r. */
void print_change(
    FILE *out, enum query_format format, const struct row *r, unsigned i);

/* What an address held. */
struct print_value {
	enum datatable_kind kind;
	uint16_t address;
	uint16_t value;
	const struct row *by; /* the write that gave it; NULL: not known */
	/* Without by: it had the value at this time, and before, as far as is
	 * known; made says that it had it when the file was made. */
	int64_t since;
	bool made;
	const struct row *until; /* the write that changed it; NULL: none has */
};

/* The line that names the columns of values; none for JSON. */
void print_value_names(FILE *out, enum query_format format);

void
print_value(FILE *out, enum query_format format, const struct print_value *v);

#endif
