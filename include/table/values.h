/*
 * Registers seen as numbers: 16, 32 and 64 bits, whole or floating, in the
 * four orders in which devices send their words and bytes. Pure.
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

/* The most words that a value has. */
#define VALUE_WORDS_MAX 4

/* Room for any value as text. */
#define VALUE_TEXT_MAX 32

/* Words of one value: 1, 2 or 4. */
unsigned value_words(enum value_type type);

/*
 * Write the value in words as JSON: a number, or for what JSON has no number
 * one of the strings "NaN", "Infinity" and "-Infinity". Floats get the fewest
 * digits that tell them from their neighbours. text has room for
 * VALUE_TEXT_MAX bytes; no NUL. Returns the length.
 */
size_t value_format(enum value_type type, enum value_order order,
    const uint16_t *words, char *text);

/* Write a whole number in decimal, as value_format does. */
size_t value_format_unsigned(uint64_t number, char *text);

/* What someone wants to be stored. */
struct value_number {
	bool is_real;
	int64_t whole; /* when not is_real */
	double real;
};

/*
 * Put a number into words. Whole types take whole numbers that fit; float32
 * takes what rounds to a finite one, the infinities, and any NaN. Returns 0,
 * or -1 and leaves words alone.
 */
int value_store(enum value_type type, enum value_order order,
    struct value_number number, uint16_t *words);

/* The same for a number in text: digits with or without "-", of as many as the
 * type has, or one of the strings above for floating types. */
int value_store_text(enum value_type type, enum value_order order,
    const char *text, uint16_t *words);

#endif
