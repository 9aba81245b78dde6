/*
 * What the log says, up to one entry: the table, the open sessions, the number
 * and the fingerprint of that entry. Every server that has taken the same
 * entries has the same replica. No engine, no socket, no clock.
 */
#ifndef SHARED_REPLICA_H
#define SHARED_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/entry.h"
#include "shared/sessions.h"

struct replica {
	struct datatable *table; /* borrowed */
	enum datatable_overlay overlay;
	uint64_t number; /* of the last entry taken; 0: none */
	uint64_t fingerprint;
	uint64_t since_snapshot; /* entries behind the last snapshot entry */
	struct sessions sessions;
};

/* Nothing is taken yet; the table, of this mode, is all zeros. */
void replica_init(
    struct replica *r, struct datatable *table, enum datatable_overlay overlay);

enum replica_taken {
	REPLICA_WRITE, /* execute it now, before the next entry is taken */
	REPLICA_LATE,  /* a write of a session that is not open: ignore it */
	REPLICA_HELLO,
	REPLICA_OTHER, /* begin, whose PDUs are to be executed, or snapshot */
	REPLICA_GAP,   /* entries are missing before it: nothing was taken */
	REPLICA_OTHER_MODE, /* begin: of the other mode; nothing was taken */
	REPLICA_NOT_UNDERSTOOD, /* see entry_parse; nothing was taken */
};

/* Take the next entry. e borrows from it. */
enum replica_taken replica_take(
    struct replica *r, const struct engine_entry *from, struct entry *e);

/* Execute the PDUs of a write, or of begin, on the table. who is the client,
 * with its identity or none; its address is the entry's. */
void replica_execute(
    struct replica *r, const struct entry *e, const struct client *who);

/* Whether this is the last entry that was taken: its number and fingerprint. */
bool replica_is_at(const struct replica *r, const struct engine_entry *entry);

#endif
