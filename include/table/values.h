/*
 * Registers as numbers: integers of 16, 32 and 64 bits and floating-point
 * numbers of 32 and 64, in the four orders in which devices send words and
 * bytes. Pure.
 *
 * The orders are named by the bytes of a 32-bit value, A the most significant,
 * as they lie in two registers, high byte first:
 *
 *   ABCD  high word first          CDAB  low word first
 *   BADC  high word first, bytes swapped within words
 *   DCBA  low word first, bytes swapped within words
 *
 * Of 64-bit values the four words are in order or reversed, of 16-bit values
 * there is one word.
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
	VALUE_TYPES /* how many there are */
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

/* The most words of a value. */
#define VALUE_WORDS_MAX 4

/* Bytes of any value as text. */
#define VALUE_TEXT_MAX 32

/* Words of one value: 1, 2 or 4. */
unsigned value_words(enum value_type type);

/*
 * Format the value in words as JSON: a number, or one of the strings "NaN",
 * "Infinity" and "-Infinity", for which JSON has no number. Floating-point
 * numbers get the fewest digits that read back as the same value. text has room
 * for VALUE_TEXT_MAX bytes; no NUL. Returns the length.
 */
size_t value_format(enum value_type type, enum value_order order,
    const uint16_t *words, char *text);

/* Format an integer in decimal, likewise. */
size_t value_format_unsigned(uint64_t number, char *text);

/* A number that is to be stored. */
struct value_number {
	bool is_real;
	int64_t whole; /* unless is_real */
	double real;
};

/*
 * Store a number in words. Integer types accept integers in their range;
 * float32 accepts numbers that round to a finite one, infinities and NaN.
 * Returns 0, or -1 and leaves words unchanged.
 */
int value_store(enum value_type type, enum value_order order,
    struct value_number number, uint16_t *words);

/* The same for a number as text: decimal digits, also with "-" before them, or
 * for floating-point types one of the strings above. */
int value_store_text(enum value_type type, enum value_order order,
    const char *text, uint16_t *words);

#endif
