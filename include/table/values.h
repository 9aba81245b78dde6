/*
 * Registers as numbers: integers of 16, 32 and 64 bits and floating-point
 * numbers of 32 and 64, in the four orders in which devices send words and
 * bytes; and as strings. Pure.
 *
 * The orders are named by the bytes of a 32-bit value, A the most significant,
 * as they lie in two registers, high byte first:
 *
 *   ABCD  high word first          CDAB  low word first
 *   BADC  high word first, bytes swapped within words
 *   DCBA  low word first, bytes swapped within words
 *
 * Of 64-bit values the four words are in order or reversed, of 16-bit values
 * there is one word. A string has two bytes in a register, high byte first; the
 * orders BADC and DCBA swap them, and none reverses its words. What it leaves
 * of its registers is NUL.
 */
#ifndef TABLE_VALUES_H
#define TABLE_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
	VALUE_UINT16,
	VALUE_INT16,
	VALUE_UINT32,
	VALUE_INT32,
	VALUE_FLOAT32,
	VALUE_UINT64,
	VALUE_INT64,
	VALUE_FLOAT64,
	VALUE_TYPES, /* how many types of numbers there are */
	VALUE_STRING = VALUE_TYPES,
};

enum value_order {
	VALUE_ABCD,
	VALUE_CDAB,
	VALUE_BADC,
	VALUE_DCBA,
	VALUE_ORDERS
};

/* Their names: "float32", "ABCD". */
extern const char *const value_type_names[VALUE_TYPES];
extern const char *const value_order_names[VALUE_ORDERS];

/* The most words of a number. */
#define VALUE_WORDS_MAX 4

/* The most bytes of a string, two to a register. */
#define VALUE_STRING_MAX 250

/* What registers hold. */
struct value_form {
	enum value_type type;
	enum value_order order; /* of a string: whether bytes are swapped */
	uint8_t bytes;          /* of VALUE_STRING: 1..VALUE_STRING_MAX */
};

/* The name of a form's type: "float32", "string10". text has room for
 * VALUE_TYPE_NAME_MAX bytes. Returns text. */
#define VALUE_TYPE_NAME_MAX sizeof("string250")
const char *value_type_name(const struct value_form *form, char *text);

/* Set the type, and of a string the length, by such a name. Returns 0, or -1
 * and leaves form unchanged. An error message lists them as expected. */
int value_type_parse(const char *name, struct value_form *form);
extern const char value_types_expected[];

/* The least and the most of each type of numbers, of floats the finite ones, as
 * their bits. */
extern const struct value_ends {
	uint64_t least, most;
} value_ends[VALUE_TYPES];

/* What a value of that form is, for an error message: "a whole number from 0 to
 * 65535 for uint16". text has room for VALUE_EXPECTED_MAX bytes. Returns text.
 */
#define VALUE_EXPECTED_MAX 120
const char *value_expected(const struct value_form *form, char *text);

/* The most words of a value of any form, and the words of one. */
#define VALUE_FORM_WORDS_MAX (VALUE_STRING_MAX / 2)
unsigned value_form_words(const struct value_form *form);

/* Bytes of a number as text, and of any value. */
#define VALUE_NUMBER_MAX 32
#define VALUE_TEXT_MAX   (6 * VALUE_STRING_MAX + 2)

/* Up to here, and down to its negative, each whole number is a double; JSON has
 * those beyond as strings. */
#define VALUE_EXACT_MAX (INT64_C(1) << 53)

/* The most bytes of a value of that form as text. */
size_t value_text_max(const struct value_form *form);

/*
 * Format the value in words as JSON. Whole numbers beyond
 * VALUE_EXACT_MAX become a string of digits, and what JSON has no number for
 * one of the strings "NaN", "Infinity" and "-Infinity". Floating-point numbers
 * get the fewest digits that read back as the same value. A string ends before
 * its first NUL; each byte that is no UTF-8 becomes U+FFFD. text has room for
 * value_text_max(form) bytes; no NUL. Returns the length.
 */
size_t
value_format(const struct value_form *form, const uint16_t *words, char *text);

/* Format an integer in decimal, likewise. */
size_t value_format_unsigned(uint64_t number, char *text);

/* A number that is to be stored. */
struct value_number {
	bool is_real;
	int64_t whole; /* unless is_real */
	double real;
};

/* Whether a number that came with a fraction or an exponent is a whole one all
 * the same, within VALUE_EXACT_MAX: 1.0, 1e3. Then whole is set. */
bool value_is_whole(double real, int64_t *whole);

/*
 * Store a number in words, which a string does not take. Integer types accept
 * integers in their range, also as reals that value_is_whole takes; float32
 * accepts numbers that round to a finite one, infinities and NaN. Returns 0, or
 * -1 and leaves words unchanged.
 */
int value_store(
    const struct value_form *form, struct value_number number, uint16_t *words);

/* The same for a number as text of length bytes: decimal digits, also with "-"
 * before them, or for floating-point types one of the strings above. A string
 * takes UTF-8 of its length without a NUL. */
int value_store_text(const struct value_form *form, const char *text,
    size_t length, uint16_t *words);

/* A number as the bits of its words, in the order ABCD. */
uint64_t value_load_bits(const struct value_form *form, const uint16_t *words);
void
value_store_bits(const struct value_form *form, uint64_t bits, uint16_t *words);

/* A number as a double: the nearest one. */
double value_load_real(const struct value_form *form, const uint16_t *words);

/* The number that bits of VALUE_FLOAT64 are. */
double value_double(uint64_t bits);

/* The bytes of a string as one reads them, two of each word, and so with one
 * that is no part of it where its length is odd. bytes has room for
 * VALUE_STRING_MAX. Those that are stored may be fewer: NUL follows. */
void value_load_bytes(
    const struct value_form *form, const uint16_t *words, char *bytes);
void value_store_bytes(const struct value_form *form, const char *bytes,
    size_t length, uint16_t *words);

#endif
