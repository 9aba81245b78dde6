#include "table/datatable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

#define ADDRESSES  65536
#define COIL_WORDS (ADDRESSES / 16)

/*
 * Coil n is bit n % 16 of coils[n / 16] in either mode; the modes differ only
 * in where coils points. The struct points into itself: never copy it.
 */
struct datatable {
	uint16_t registers[ADDRESSES];
	uint16_t own_coils[COIL_WORDS + 1]; /* unused when overlaid; the last
					       word lets read_coils look one
					       past the end, and stays 0 */
	uint16_t *coils;                    /* own_coils, or registers */
	struct datatable_observer *observers;

	/* Valid while observers are called; after also between open and
	 * close. */
	struct datatable_change change;
	uint16_t before[DATATABLE_WRITE_MAX];
	uint16_t after[DATATABLE_WRITE_MAX];
};

struct datatable *
datatable_new(enum datatable_overlay overlay)
{
	struct datatable *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->coils = overlay == DATATABLE_OVERLAID ? t->registers : t->own_coils;
	return t;
}

void
datatable_copy(struct datatable *to, const struct datatable *from)
{
	memcpy(to->registers, from->registers, sizeof(to->registers));
	memcpy(to->own_coils, from->own_coils, sizeof(to->own_coils));
}

void
datatable_free(struct datatable *t)
{
	free(t);
}

void
datatable_observe(struct datatable *t, struct datatable_observer *observer)
{
	struct datatable_observer **end = &t->observers;

	while (*end != NULL)
		end = &(*end)->next;
	observer->next = NULL;
	*end = observer;
}

void
datatable_unobserve(struct datatable *t, struct datatable_observer *observer)
{
	struct datatable_observer **at = &t->observers;

	while (*at != observer)
		at = &(*at)->next;
	*at = observer->next;
}

static void
tell_observers(const struct datatable *t)
{
	for (struct datatable_observer *o = t->observers; o != NULL;
	     o = o->next)
		o->changed(o->arg, &t->change);
}

/* Bits 0..quantity-1 of a word; quantity 1..16. */
static uint16_t
low_bits(unsigned quantity)
{
	return (uint16_t)(0xFFFF >> (16 - quantity));
}

void
datatable_read_registers(const struct datatable *t, uint16_t address,
    uint16_t quantity, uint16_t *out)
{
	assert(address + quantity <= ADDRESSES);
	memcpy(out, t->registers + address, quantity * sizeof(*out));
}

const uint16_t *
datatable_registers(const struct datatable *t, uint16_t address)
{
	return t->registers + address;
}

/*
 * A vector of words from from on, each moved down by shift 1..15 bits to make
 * room for the low bits of the next.
 *
 * Instructions to move 2000 coils: 119; without steps 173; word by word 547
 * (gcc 12, x86-64, scripts/bench --counts).
 */
static void
shift_vector(const uint16_t *restrict from, unsigned shift, void *restrict out)
{
	words_store(out,
	    words_load(from) >> shift | words_load(from + 1) << (16 - shift));
}

static inline void
shift_step(const uint16_t *restrict from, unsigned shift, uint8_t *restrict out,
    size_t words)
{
	for (size_t i = 0; i < words; i += WORDS_VECTOR)
		shift_vector(from + i, shift, out + 2 * i);
}

/* In steps of some vectors, one at least. The last step overlaps the one
 * before, so that no word is left over. */
static inline void
shift_steps(const uint16_t *restrict from, unsigned shift,
    uint8_t *restrict out, size_t words, size_t step)
{
	const uint16_t *last = from + words - step;
	uint8_t *last_out = out + 2 * (words - step);

	for (; from < last; from += step, out += 2 * step)
		shift_step(from, shift, out, step);
	shift_step(last, shift, last_out, step);
}

/* Not inlined, so that its caller has no registers to save. */
static void __attribute__((noinline)) shift_few(const uint16_t *restrict from,
    unsigned shift, uint8_t *restrict out, size_t words)
{
	for (size_t i = 0; i < words; i++)
		word_store(out + 2 * i,
		    (uint16_t)(from[i] >> shift | from[i + 1] << (16 - shift)));
}

static void
shift_words(const uint16_t *restrict from, unsigned shift,
    uint8_t *restrict out, size_t words)
{
	if (shift == 0)
		memcpy(out, from, 2 * words);
	else if (words >= WORDS_STEP)
		shift_steps(from, shift, out, words, WORDS_STEP);
	else if (words >= WORDS_VECTOR)
		shift_steps(from, shift, out, words, WORDS_VECTOR);
	else
		shift_few(from, shift, out, words);
}

void
datatable_read_coils(
    const struct datatable *t, uint16_t address, uint16_t quantity, void *out)
{
	unsigned words = DATATABLE_PACKED_WORDS(quantity);
	uint8_t *last = (uint8_t *)out + 2 * (words - 1);

	assert(words >= 1);
	assert(address + quantity <= ADDRESSES);
	shift_words(t->coils + address / 16, address % 16, out, words);
	word_store(last, word_load(last) & low_bits((quantity - 1U) % 16 + 1));
}

uint16_t *
datatable_open_registers(
    struct datatable *t, uint16_t address, uint16_t quantity)
{
	(void)quantity; /* but for the assertions */
	assert(quantity <= DATATABLE_WRITE_MAX);
	assert(address + quantity <= ADDRESSES);
	return t->observers != NULL ? t->after : t->registers + address;
}

/* Not inlined, so that a write costs nothing more when there are no observers.
 * Most writes repeat the values in the table: then nothing is copied. */
static void __attribute__((noinline))
close_observed_registers(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity)
{
	uint16_t *registers = t->registers + address;
	size_t bytes = quantity * sizeof(*registers);

	t->change = (struct datatable_change){ writer, DATATABLE_REGISTERS,
		address, quantity, registers, registers };
	if (memcmp(registers, t->after, bytes) != 0) {
		t->change.before = memcpy(t->before, registers, bytes);
		memcpy(registers, t->after, bytes);
	}
	tell_observers(t);
}

void
datatable_close_registers(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity)
{
	if (t->observers != NULL)
		close_observed_registers(t, writer, address, quantity);
}

void
datatable_write_registers(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity,
    const uint16_t *values)
{
	memcpy(datatable_open_registers(t, address, quantity), values,
	    quantity * sizeof(*values));
	datatable_close_registers(t, writer, address, quantity);
}

/* Set the bits of *word that mask selects to those of bits. */
static void
merge(uint16_t *word, uint16_t mask, uint16_t bits)
{
	*word = (uint16_t)((*word & ~mask) | (bits & mask));
}

/*
 * The packed words lie askew over the table's: each falls into the upper part
 * of one word and the lower part of the next.
 *
 *   packed        |  0 . . . . . . |  1 . . . . . . |
 *   table   |  0     ^shift  |  1             |  2             |
 *
 * The first word and the last are merged; those between are whole.
 */
static void
store_coils(
    uint16_t *to, unsigned shift, unsigned quantity, const uint16_t *packed)
{
	unsigned end = shift + quantity, whole = end / 16, rest = end % 16;
	uint32_t last;

	if (end <= 16) {
		merge(to, (uint16_t)(low_bits(quantity) << shift),
		    (uint16_t)(*packed << shift));
		return;
	}
	merge(to, (uint16_t)(0xFFFF << shift), (uint16_t)(*packed << shift));
	if (shift == 0)
		shift_words(packed + 1, 0, (uint8_t *)(to + 1), whole - 1);
	else
		shift_words(packed, 16 - shift, (uint8_t *)(to + 1), whole - 1);
	if (rest == 0)
		return;
	last = rest > shift ? (uint32_t)packed[whole] << shift : 0;
	if (shift != 0)
		last |= (uint32_t)packed[whole - 1] >> (16 - shift);
	merge(to + whole, low_bits(rest), (uint16_t)last);
}

/* As close_observed_registers. */
static void __attribute__((noinline))
write_observed_coils(struct datatable *t, const struct datatable_writer *writer,
    uint16_t address, uint16_t quantity, const uint16_t *packed)
{
	size_t bytes = DATATABLE_PACKED_WORDS(quantity) * sizeof(*packed);

	t->change = (struct datatable_change){ writer, DATATABLE_COILS, address,
		quantity, t->before, t->before };
	datatable_read_coils(t, address, quantity, t->before);
	store_coils(t->coils + address / 16, address % 16, quantity, packed);
	datatable_read_coils(t, address, quantity, t->after);
	if (memcmp(t->before, t->after, bytes) != 0)
		t->change.after = t->after;
	tell_observers(t);
}

void
datatable_write_coils(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity,
    const uint16_t *packed)
{
	assert(quantity <= DATATABLE_WRITE_MAX);
	assert(address + quantity <= ADDRESSES);
	if (t->observers != NULL)
		write_observed_coils(t, writer, address, quantity, packed);
	else
		store_coils(
		    t->coils + address / 16, address % 16, quantity, packed);
}

/* How many of the items from address at on are written in one piece. */
static uint16_t
piece(unsigned at)
{
	unsigned left = ADDRESSES - at;

	return (
	    uint16_t)(left < DATATABLE_WRITE_MAX ? left : DATATABLE_WRITE_MAX);
}

static void
replace_registers(struct datatable *to, const struct datatable *from,
    const struct datatable_writer *writer)
{
	for (unsigned at = 0; at < ADDRESSES; at += DATATABLE_WRITE_MAX)
		datatable_write_registers(
		    to, writer, (uint16_t)at, piece(at), from->registers + at);
}

static void
replace_coils(struct datatable *to, const struct datatable *from,
    const struct datatable_writer *writer)
{
	_Static_assert(DATATABLE_WRITE_MAX % 16 == 0, "pieces are whole words");
	for (unsigned at = 0; at < ADDRESSES; at += DATATABLE_WRITE_MAX)
		datatable_write_coils(
		    to, writer, (uint16_t)at, piece(at), from->coils + at / 16);
}

void
datatable_replace(struct datatable *to, const struct datatable *from,
    const struct datatable_writer *writer)
{
	replace_registers(to, from, writer);
	if (to->coils == to->own_coils)
		replace_coils(to, from, writer);
}
