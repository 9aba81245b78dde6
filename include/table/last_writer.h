/*
 * Who wrote what last: per register and per coil the client, the time, how
 * often the value changed, and whether clients contend for it. In memory only.
 *
 * It observes the table, and counts every write that was done, whether it
 * changed a value or not; what was in the table before it came is nobody's. A
 * client is a host, see writers.h. In the overlaid mode a coil is a bit of a
 * register, so that a write on either side is one of both: who writes a coil
 * has written the register around it, and who writes a register its 16 coils.
 * The register then has changed when one of the bits written did, a coil when
 * its own bit did.
 *
 * Contended. An address changes hands when a client writes that was not the
 * last to do so. When that happens twice within LAST_WRITER_WINDOW (A writes,
 * then B, then A again or C) the address is contended. The mark stays: with it
 * go how often that was so, and when the address changed hands last. A client
 * that was forgotten meanwhile hands nothing over.
 *
 * Memory is bounded: 28 bytes for each of 131,072 addresses, and what the
 * clients take. The system gives pages as they are first written. Nothing
 * here waits or allocates once it is made; reads are for the thread that
 * writes the table.
 */
#ifndef TABLE_LAST_WRITER_H
#define TABLE_LAST_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"
#include "table/writers.h"

#define LAST_WRITER_WINDOW 60000 /* ms */

struct last_writer;

/* What is known of one address. Addresses of clients are borrowed until the
 * next write to the table. Times are milliseconds since 1970. */
struct last_write {
	const struct address *client; /* NULL: it was forgotten */
	uint64_t time;
	uint32_t changes; /* of the value, modulo 2^32 */

	uint64_t handover; /* when it last changed hands, to client; 0: it
			      never did, or that is forgotten */
	const struct address *other; /* from whom; NULL: forgotten */
	uint32_t contentions; /* how often it changed hands within the window of
				 the time before; 0: it is not contended */
};

struct last_writer_totals {
	uint64_t writes;
	size_t written[2];   /* addresses, by enum datatable_kind */
	size_t contended[2]; /* likewise */
};

/* A side table of nothing, which observes table from now on and must outlive
 * it; or NULL when there is no memory. overlay is the table's. */
struct last_writer *
last_writer_new(struct datatable *table, enum datatable_overlay overlay);

/* NULL is fine. */
void last_writer_free(struct last_writer *lw);

/* Read one address. Returns false, and leaves out alone, when nobody has
 * written it. */
bool last_writer_read(const struct last_writer *lw, enum datatable_kind kind,
    uint16_t address, struct last_write *out);

struct last_writer_totals last_writer_totals(const struct last_writer *lw);

/* The clients, and of each how many addresses it was the last to write. */
const struct writers *last_writer_clients(const struct last_writer *lw);
size_t last_writer_holds(
    const struct last_writer *lw, uint16_t client, enum datatable_kind kind);

/* To walk over addresses: each gives the first one at or above from, which is
 * 0..65536, or -1 when there is none. */

int32_t last_writer_next_contended(
    const struct last_writer *lw, enum datatable_kind kind, uint32_t from);

/*
 * For a reader who wants what is new: addresses written since generation, and
 * maybe some that were written before. Ask for the generation first, then
 * walk; the next time, walk with that one. 0 gives all that was ever written.
 */
uint64_t last_writer_generation(const struct last_writer *lw);
int32_t last_writer_next_written(const struct last_writer *lw,
    enum datatable_kind kind, uint64_t generation, uint32_t from);

#endif
