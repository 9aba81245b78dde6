/*
 * 16-bit words in memory that need not be aligned, one by one and by vectors:
 * what compilers make of a loop over words, once they are told that no word is
 * to be widened on the way.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdint.h>
#include <string.h>

/* A vector has so many words. Where there are many, several vectors are a step:
 * counting single vectors would cost half as much as moving them. */
#define WORDS_VECTOR 8
#define WORDS_STEP   (8 * WORDS_VECTOR)

typedef uint16_t words_vector
    __attribute__((vector_size(WORDS_VECTOR * sizeof(uint16_t))));

static inline uint16_t
word_load(const void *from)
{
	uint16_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

static inline void
word_store(void *to, uint16_t word)
{
	memcpy(to, &word, sizeof(word));
}

static inline words_vector
words_load(const void *from)
{
	words_vector v;

	memcpy(&v, from, sizeof(v));
	return v;
}

static inline void
words_store(void *to, words_vector v)
{
	memcpy(to, &v, sizeof(v));
}

#endif
