/*
 * Last writers: for each register and each coil, the client that wrote it last,
 * the time, the number of changes, and whether clients contend for it. Kept in
 * memory only.
 *
 * This is an observer of the table. It records every write, whether it changes
 * a value or not; values that were in the table before have no writer. A client
 * is a certificate or a host, see writers.h. In the overlaid mode a coil is a
 * bit of a register, and a write of one is a write of both: writing a coil
 * writes the register that contains it, writing a register writes its 16 coils.
 * The register changes when one of the written bits does, a coil when its own
 * bit does.
 *
 * Contended. An address changes hands when a client writes that was not the
 * last to do so. When that happens twice within LAST_WRITER_WINDOW (A writes,
 * then B, then A again or C) the address is contended. The mark stays: with it
 * are kept how often that was so, and when the address changed hands last. The
 * address of a client that was evicted meanwhile does not change hands.
 *
 * Memory is bounded: 28 bytes for each of 131,072 addresses, and what the
 * clients take. The system allocates pages as they are first written.
 * No call but last_writer_new waits or allocates memory. To be read on the
 * thread that writes the table.
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

/* What is known of one address. Clients are borrowed until the next write to
 * the table. Times are milliseconds since 1970. */
struct last_write {
	const struct address *client;    /* NULL: it was evicted */
	const struct identity *identity; /* its, or NULL */
	uint64_t time;
	uint32_t changes; /* of the value, modulo 2^32 */

	uint64_t handover; /* when it last changed hands, to client; 0: never,
			      or not known any more */
	const struct address *other; /* from whom; NULL: it was evicted */
	const struct identity *other_identity;
	uint32_t contentions; /* how often it changed hands within the window of
				 the time before; 0: it is not contended */
};

struct last_writer_totals {
	uint64_t writes;
	size_t written[2];   /* addresses, by enum datatable_kind */
	size_t contended[2]; /* likewise */
};

/* An empty record, which observes table from now on and must outlive it; or
 * NULL when there is no memory. overlay is that of the table. */
struct last_writer *
last_writer_new(struct datatable *table, enum datatable_overlay overlay);

/* NULL is fine. */
void last_writer_free(struct last_writer *lw);

/* Read one address. Returns false, and does not change out, when it has not
 * been written. */
bool last_writer_read(const struct last_writer *lw, enum datatable_kind kind,
    uint16_t address, struct last_write *out);

struct last_writer_totals last_writer_totals(const struct last_writer *lw);

/* The clients, and for each the number of addresses that it wrote last. */
const struct writers *last_writer_clients(const struct last_writer *lw);
size_t last_writer_holds(
    const struct last_writer *lw, uint16_t client, enum datatable_kind kind);

/* To iterate over addresses: each returns the first one at or above from,
 * 0..65536, or -1 when there is none. */

int32_t last_writer_next_contended(
    const struct last_writer *lw, enum datatable_kind kind, uint32_t from);

/*
 * To read what is new: addresses written since generation, and possibly some
 * that were written before. Get the generation first, then iterate; the next
 * time, iterate with that generation. 0 returns all addresses ever written.
 */
uint64_t last_writer_generation(const struct last_writer *lw);
int32_t last_writer_next_written(const struct last_writer *lw,
    enum datatable_kind kind, uint64_t generation, uint32_t from);

#endif
