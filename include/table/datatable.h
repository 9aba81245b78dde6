/*
 * The unified data table: 65,536 bits that are the coils and the discrete
 * inputs at once, and 65,536 words that are the holding and the input
 * registers at once. Every address is valid; all values are 0 at the start.
 *
 * Registers are words in host byte order. A range of coils is packed into
 * words: coil k of the range is bit k % 16, the least significant first, of
 * word k / 16, and the unused bits of the last word are 0.
 *
 * Each call is atomic with respect to other callbacks of the event loop. Ranges
 * must lie within 0..65535: decoding has checked those of requests
 * (modbus/request.h).
 */
#ifndef TABLE_DATATABLE_H
#define TABLE_DATATABLE_H

#include <stdint.h>

struct client;
struct datatable;

enum datatable_overlay {
	DATATABLE_SEPARATE, /* bits and words are unrelated */
	DATATABLE_OVERLAID, /* coil n is bit n % 16 of register n / 16 */
};

/* Which items a range holds: coils and discrete inputs are the same bits,
 * holding and input registers the same words. */
enum datatable_kind {
	DATATABLE_COILS,
	DATATABLE_REGISTERS,
};

/* The most items that one write takes. */
#define DATATABLE_WRITE_MAX 2000

/* The words that a packed range of quantity coils takes. */
#define DATATABLE_PACKED_WORDS(quantity) (((quantity) + 15U) / 16U)

/* Who writes. A writer that is no connection also has a struct client, and
 * chooses the unit identifier and function code that describe it best. */
struct datatable_writer {
	const struct client *client; /* borrowed; never NULL */
	uint8_t unit;
	uint8_t function; /* function code of the request */
};

/* The function code of a writer that is nobody: the table was replaced. */
#define DATATABLE_NOBODY 0

/*
 * One write, as requested: in the overlaid mode a write of coils is reported as
 * coils, and an observer of registers derives them (register n / 16).
 */
struct datatable_change {
	const struct datatable_writer *writer;
	enum datatable_kind kind;
	uint16_t address;
	uint16_t quantity;
	const uint16_t *before; /* quantity words, or the packed coils */
	const uint16_t *after;  /* likewise; the same pointer when no value
				   changed */
};

/*
 * An observer is called after each write. It may read the table, but not write
 * it. What change points to is valid during the call only.
 */
struct datatable_observer {
	void (*changed)(void *arg, const struct datatable_change *change);
	void *arg;
	struct datatable_observer *next; /* private to the table */
};

/* A new table of zeros, or NULL when there is no memory. */
struct datatable *datatable_new(enum datatable_overlay overlay);

/* Make all values of a table those of another one of the same mode. Observers
 * are not told. */
void datatable_copy(struct datatable *to, const struct datatable *from);

/* The same, as writes of all values: observers are told of each, in turn. */
void datatable_replace(struct datatable *to, const struct datatable *from,
    const struct datatable_writer *writer);

/* Free a table; NULL is fine. Observers are not freed. */
void datatable_free(struct datatable *t);

/* Call observer after every later write. It is borrowed until it is removed.
 * Observers are called in the order in which they were added. */
void
datatable_observe(struct datatable *t, struct datatable_observer *observer);

/* Remove an observer. Not to be called by an observer. */
void
datatable_unobserve(struct datatable *t, struct datatable_observer *observer);

/*
 * Read quantity 1..65535 registers from address on into out, which has room
 * for quantity words. V1.1b3, clauses 6.3 and 6.4.
 */
void datatable_read_registers(const struct datatable *t, uint16_t address,
    uint16_t quantity, uint16_t *out);

/* The registers from address to 65535 in the table itself, valid until the next
 * write. */
const uint16_t *
datatable_registers(const struct datatable *t, uint16_t address);

/*
 * Read quantity 1..65535 coils from address on, packed into out, which has
 * room for DATATABLE_PACKED_WORDS(quantity) and need not be aligned. V1.1b3,
 * clauses 6.1 and 6.2.
 */
void datatable_read_coils(
    const struct datatable *t, uint16_t address, uint16_t quantity, void *out);

/*
 * Write quantity 1..DATATABLE_WRITE_MAX registers from address on, then tell
 * the observers. V1.1b3, clauses 6.6 and 6.12.
 */
void datatable_write_registers(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity,
    const uint16_t *values);

/*
 * The same without a copy: open, store the values at the result, close, with no
 * other call for the table in between.
 */
uint16_t *datatable_open_registers(
    struct datatable *t, uint16_t address, uint16_t quantity);
void datatable_close_registers(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity);

/*
 * Write quantity 1..DATATABLE_WRITE_MAX coils, packed, from address on, then
 * tell the observers. The unused bits of the last word are ignored, and so
 * change no coil. V1.1b3, clauses 6.5 and 6.11.
 */
void datatable_write_coils(struct datatable *t,
    const struct datatable_writer *writer, uint16_t address, uint16_t quantity,
    const uint16_t *packed);

#endif
