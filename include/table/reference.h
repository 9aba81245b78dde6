/*
 * Addresses as people write them: HR16, IR16, C5, DI5, counted from 0 as on
 * the wire, or references of the data model, 40017 or 400017, counted from 1.
 * Pure.
 *
 *     prefixed = ("HR" | "IR" | "C" | "DI") 0..65535       in either case
 *     digits   = ("0" | "1" | "3" | "4") (4 or 5 digits)   from 1 to 65536
 *     bit      = "." 0..15                                 of a register only
 *     named    = prefixed | digits, from 100001 on
 *     address  = named | 0..65535
 *
 * Up to 65535, digits alone are the address on the wire, with leading zeros
 * too: 40017 and 000017 are read as numbers. So a named address is one that
 * cannot be mistaken for a number, and coils have no such reference: C16.
 * A points file has rules of its own for references of five digits.
 *
 * Modbus Application Protocol V1.1b3, 4.4 (data is numbered from 1, addresses
 * count from 0).
 */
#ifndef TABLE_REFERENCE_H
#define TABLE_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "table/datatable.h"

struct reference {
	enum datatable_kind kind;
	bool is_input; /* written as an input: IR, DI, 1xxxx, 3xxxx */
	uint16_t address;
	int bit; /* 0..15, 0 is the least significant; -1: none */
};

/* The members of a reference are undefined unless it is REFERENCE_OK. */
enum reference_status {
	REFERENCE_OK,
	REFERENCE_OTHER_FORM,   /* not of this form at all */
	REFERENCE_OUT_OF_RANGE, /* of this form, beyond the last address, or
				   before the first: 40000, HR65536 */
	REFERENCE_BAD_BIT,      /* a bit that is not 0..15, or of a coil */
};

/* Parse all of text as prefixed [bit]. */
enum reference_status
reference_parse_prefixed(const char *text, struct reference *r);

/* Parse all of text as digits [bit]. Whether digits are a reference or a number
 * is the caller's decision. */
enum reference_status
reference_parse_digits(const char *text, struct reference *r);

/* Parse all of text as named [bit]. */
enum reference_status
reference_parse_named(const char *text, struct reference *r);

/* Parse all of text, what follows an address of that kind, as a bit: "" is
 * none, -1. Returns REFERENCE_OK, or REFERENCE_BAD_BIT. */
enum reference_status
reference_parse_bit(const char *text, enum datatable_kind kind, int *bit);

/* Parse all of text as an address; a number is of that kind, no input. */
enum reference_status reference_parse(
    const char *text, enum datatable_kind kind, struct reference *r);

/*
 * Parse the address, or the named address, that *text begins with, without a
 * bit. *text then points behind it, unless the form is another.
 */
enum reference_status reference_take(
    const char **text, enum datatable_kind kind, struct reference *r);
enum reference_status
reference_take_named(const char **text, struct reference *r);

/* Whether text, with a bit or not, is a number that could also be meant as a
 * reference: 40017, 000017. Then r is what it would be as a reference. */
bool reference_is_ambiguous(const char *text, struct reference *r);

/* Bytes of a note, including the NUL. */
#define REFERENCE_NOTE_MAX 80

/*
 * Say both readings of an address of that kind, if text is a number that could
 * also be meant as a reference of that kind: "40017 is the address on the wire;
 * the reference 40017 is HR16". Otherwise, and when text is NULL, out becomes
 * "". It has room for REFERENCE_NOTE_MAX bytes. Returns out.
 */
const char *
reference_note(const char *text, enum datatable_kind kind, char *out);

/* Parse all of text as an address of that kind, without a bit. Returns 0, or -1
 * and leaves address as it is. */
int reference_parse_address(
    const char *text, enum datatable_kind kind, uint16_t *address);

/* What reference_parse_address expects, for an error message: "a coil: a number
 * from 0 to 65535, ...". */
const char *reference_expected(enum datatable_kind kind);

/* Bytes of a reference as text, including the NUL. */
#define REFERENCE_TEXT_MAX 11

/* Format as prefixed, with the bit if there is one: "HR16", "IR16.3". out has
 * room for REFERENCE_TEXT_MAX bytes. Returns out. */
const char *reference_format(const struct reference *r, char *out);

/* Format as digits, without the bit: five while they suffice, else six: 40017,
 * 410000. out has room for REFERENCE_TEXT_MAX bytes. Returns out. */
const char *reference_format_digits(const struct reference *r, char *out);

#endif
