/*
 * Entries of the log, as fields and as what they mean. They come from outside:
 * parsing is total.
 *
 *   begin     begin s|o, version 1 [, p PDU …]    the first one; it has the
 *                                                 first values of points
 *   hello     hello SESSION, closes SESSION|0, host HOST:PORT
 *   write     s SESSION, n NUMBER, c CLIENT, u UNIT, t MS
 *             [, subject TEXT, issuer TEXT, role TEXT], p PDU [, p PDU …]
 *   snapshot  snapshot ENTRY                      one was made of that entry
 *
 * A session is 16 hexadecimal digits, lower case, not all of them 0; numbers
 * are decimal, without leading zeros; a client is written as address_format
 * writes it, but for one of this machine: [100::3]:PORT. A PDU is as it came,
 * and writes. The texts are printable: ASCII, but for the role, which is UTF-8;
 * their lengths are those of an identity.
 */
#ifndef SHARED_ENTRY_H
#define SHARED_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "service/order.h"
#include "shared/engine.h"
#include "table/datatable.h"

#define ENTRY_VERSION  1
#define ENTRY_HOST_MAX 255 /* bytes of a host, at least 1 */

enum entry_kind {
	ENTRY_BEGIN,
	ENTRY_HELLO,
	ENTRY_WRITE,
	ENTRY_SNAPSHOT,
};

struct entry {
	enum entry_kind kind;
	enum datatable_overlay overlay; /* begin */
	uint64_t session;               /* hello, write; never 0 */
	uint64_t closes;                /* hello; 0: none */
	uint64_t number;                /* write, from 1 on; snapshot: of the
					   entry that it is of */
	struct engine_field host;       /* hello; borrowed */
	struct address address;         /* write: of its client; begin:
					   address_start */
	struct engine_field subject;    /* write: of its client, or empty */
	struct engine_field issuer;
	struct engine_field role;
	uint8_t unit;                    /* write */
	int64_t time;                    /* write: ms since 1970 */
	const struct engine_field *pdus; /* write, begin: names and values of
					    the p fields, borrowed */
	size_t pdu_count;
};

/* The PDU of a write or begin, i < pdu_count. Borrowed. */
struct order_pdu entry_pdu(const struct entry *e, size_t i);

/*
 * What the fields of an entry mean; e borrows from them. Returns 0, or -1 when
 * it is of no kind known here: another version, a field that is missing or
 * malformed, a PDU that does not decode or does not write.
 */
int entry_parse(const struct engine_entry *from, struct entry *e);

/* Whether all bytes of a name or value are printable ASCII. */
bool entry_is_ascii(const struct engine_field *field);

/* A fingerprint of an entry's fields: 64 bits, the same on every machine. */
uint64_t entry_fingerprint(const struct engine_entry *from);

/* Fields that are being made, with the texts that they need. */
struct entry_writer;

/* Room is kept between entries: one writer for all. NULL: no memory. */
struct entry_writer *entry_writer_new(void);
void entry_writer_free(struct entry_writer *w);

/*
 * Make the fields of an entry. They are borrowed until the next call, and so
 * are the PDUs. Returns their number, or 0 when there is no memory.
 */
size_t entry_make_begin(struct entry_writer *w, enum datatable_overlay overlay,
    const struct order_pdu *pdus, size_t pdu_count,
    const struct engine_field **fields);

/* host is printable ASCII of 1..ENTRY_HOST_MAX bytes, and borrowed like the
 * PDUs. */
size_t entry_make_hello(struct entry_writer *w, uint64_t session,
    uint64_t closes, const char *host, const struct engine_field **fields);

/* A time before 1970 is written as 0. */
size_t entry_make_write(struct entry_writer *w, uint64_t session,
    uint64_t number, int64_t time, const struct order_write *write,
    const struct engine_field **fields);

#endif
