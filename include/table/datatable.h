/*
 * The unified data table: 65,536 bits that are the coils and the discrete
 * inputs at once, and 65,536 words that are the holding and the input
 * registers at once. Every address is valid; all is zero at the start.
 *
 * Registers are words in host byte order. A range of coils is packed into
 * words: coil k of the range is bit k % 16, the least significant first, of
 * word k / 16, and the unused bits of the last word are 0.
 *
 * Each call is one indivisible step for whoever shares the event loop. A range
 * that leaves 0..65535 is the caller's error: requests are checked before they
 * get here (modbus/request.h).
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

/* Who writes. A writer that is no connection has a struct client all the same,
 * and chooses the unit and the function that describe it best. */
struct datatable_writer {
	const struct client *client; /* borrowed; never NULL */
	uint8_t unit;
	uint8_t function; /* function code of the request */
};

/*
 * One write, as it was asked: in the overlaid mode a write to coils is told as
 * coils, and whoever minds registers derives them (register n / 16).
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
 * An observer is told of each write once it is done. It may read the table,
 * not write it. What change points to is gone when the call returns.
 */
struct datatable_observer {
	void (*changed)(void *arg, const struct datatable_change *change);
	void *arg;
	struct datatable_observer *next; /* the table's; leave alone */
};

/* A new table of zeros, or NULL when there is no memory. */
struct datatable *datatable_new(enum datatable_overlay overlay);

/* Make all values of a table those of another one of the same mode. Observers
 * are not told. */
void datatable_copy(struct datatable *to, const struct datatable *from);

/* Free a table; NULL is fine. Observers stay their owners'. */
void datatable_free(struct datatable *t);

/* Tell observer, borrowed until it is taken back, of every later write.
 * Observers are told in the order in which they came. */
void
datatable_observe(struct datatable *t, struct datatable_observer *observer);

/* Tell observer no more. Not from within an observer. */
void
datatable_unobserve(struct datatable *t, struct datatable_observer *observer);

/*
 * Read quantity 1..65535 registers from address on into out, which has room
 * for quantity words. V1.1b3, clauses 6.3 and 6.4.
 */
void datatable_read_registers(const struct datatable *t, uint16_t address,
    uint16_t quantity, uint16_t *out);

/* The registers from address on, where they are kept: as many as there are to
 * 65535, until the next write. */
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
 * The same in place: open, put the values where the result says, close, with
 * nothing else done to the table in between.
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
