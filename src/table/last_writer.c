#include "table/last_writer.h"

#include <stdlib.h>

#include "clock.h"
#include "net/client.h"

#define ADDRESSES 65536
#define BLOCK     64 /* addresses that share a generation, or a word of bits */
#define BLOCKS    (ADDRESSES / BLOCK)

#define OVERLAID_REGISTERS (ADDRESSES / 16)

/*
 * A stamp is when and who, in one word that is compared and copied at once:
 * milliseconds since 1970, 48 bits, enough for 8,900 years, and the number of
 * a client below them. 0 is never.
 */
#define CLIENT_BITS 16
#define CLIENT_MASK 0xFFFFU

/*
 * What is known of the registers, or of the coils. An array for each thing,
 * not a record for each address: a request writes up to 123 registers or 1968
 * coils in a row, which the compiler then does several at a time, and nothing
 * but last and changes is touched as long as no address changes hands.
 */
struct side {
	uint64_t last[ADDRESSES];     /* the last write, and by whom */
	uint64_t handover[ADDRESSES]; /* when it changed hands, from whom */
	uint32_t changes[ADDRESSES];
	uint32_t contentions[ADDRESSES];
	uint64_t contended[BLOCKS];  /* a bit for each address */
	uint64_t generation[BLOCKS]; /* of the last write to any of them */
	size_t held[WRITERS_END];    /* addresses each was the last to write */
};

struct last_writer {
	struct datatable_observer observer;
	struct writers *writers; /* owned */
	bool overlaid;
	struct last_writer_totals totals;
	struct side sides[2]; /* by enum datatable_kind */
};

static uint16_t
stamp_client(uint64_t stamp)
{
	return stamp & CLIENT_MASK;
}

static uint64_t
stamp_time(uint64_t stamp)
{
	return stamp >> CLIENT_BITS;
}

static void
contend(struct last_writer *lw, enum datatable_kind kind, unsigned address)
{
	struct side *s = &lw->sides[kind];

	if (s->contentions[address] == 0) {
		s->contended[address / BLOCK] |= UINT64_C(1) << address % BLOCK;
		lw->totals.contended[kind]++;
	}
	if (s->contentions[address] != UINT32_MAX)
		s->contentions[address]++;
}

/* An address that was another's, or nobody's, is now written by who stamps. */
static void
hand_over(struct last_writer *lw, enum datatable_kind kind, unsigned address,
    uint64_t stamp)
{
	struct side *s = &lw->sides[kind];
	uint16_t from = stamp_client(s->last[address]);
	uint64_t now = stamp_time(stamp);
	uint64_t before = stamp_time(s->handover[address]);

	s->held[stamp_client(stamp)]++;
	if (from == WRITERS_NOBODY) {
		lw->totals.written[kind]++;
		return;
	}
	s->held[from]--;
	if (from == WRITERS_FORGOTTEN) {
		s->handover[address] = 0; /* it may have been the same */
		return;
	}
	if (before != 0 && now - before <= LAST_WRITER_WINDOW)
		contend(lw, kind, address);
	s->handover[address] = now << CLIENT_BITS | from;
}

/* Whether some of quantity stamps are not client's. */
static bool
any_other(const uint64_t *stamps, unsigned quantity, uint16_t client)
{
	uint64_t differing = 0;

	for (unsigned i = 0; i < quantity; i++)
		differing |= stamps[i] ^ client;
	return (differing & CLIENT_MASK) != 0;
}

/* Put a stamp on each of quantity addresses. */
static void
stamp_range(struct last_writer *lw, enum datatable_kind kind, unsigned first,
    unsigned quantity, uint64_t stamp)
{
	struct side *s = &lw->sides[kind];
	uint64_t *last = s->last + first;

	if (any_other(last, quantity, stamp_client(stamp)))
		for (unsigned i = 0; i < quantity; i++)
			if (stamp_client(last[i]) != stamp_client(stamp))
				hand_over(lw, kind, first + i, stamp);
	for (unsigned i = 0; i < quantity; i++)
		last[i] = stamp;
	for (unsigned b = first / BLOCK; b <= (first + quantity - 1) / BLOCK;
	     b++)
		s->generation[b] = lw->totals.writes;
}

static void
count_register_changes(uint32_t *changes, unsigned quantity,
    const uint16_t *before, const uint16_t *after)
{
	for (unsigned i = 0; i < quantity; i++) {
		uint32_t changed = before[i] != after[i];
		uint32_t room = changes[i] != UINT32_MAX;

		changes[i] += changed & room;
	}
}

static void
count_change(uint32_t *changes)
{
	if (*changes != UINT32_MAX)
		(*changes)++;
}

/* changes begins with the first coil of the packed range. */
static void
count_coil_changes(uint32_t *changes, unsigned words, const uint16_t *before,
    const uint16_t *after)
{
	for (unsigned i = 0; i < words; i++, changes += 16) {
		unsigned bits = before[i] ^ after[i];

		for (; bits != 0; bits &= bits - 1)
			count_change(changes + __builtin_ctz(bits));
	}
}

/* The registers that changed coils lie in; changes begins with the first. The
 * packed range lies askew over them, see store_coils in datatable.c. */
static void
count_overlaid_changes(uint32_t *changes, unsigned shift, unsigned words,
    const uint16_t *before, const uint16_t *after)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < words; i++, changes++, bits >>= 16) {
		bits |= (uint32_t)(before[i] ^ after[i]) << shift;
		if ((bits & 0xFFFF) != 0)
			count_change(changes);
	}
	if (bits != 0)
		count_change(changes);
}

static void
mark_registers(
    struct last_writer *lw, const struct datatable_change *c, uint64_t stamp)
{
	unsigned first = c->address;
	unsigned quantity = c->quantity;

	stamp_range(lw, DATATABLE_REGISTERS, first, quantity, stamp);
	count_register_changes(lw->sides[DATATABLE_REGISTERS].changes + first,
	    quantity, c->before, c->after);
	if (!lw->overlaid || first >= OVERLAID_REGISTERS)
		return;
	if (quantity > OVERLAID_REGISTERS - first)
		quantity = OVERLAID_REGISTERS - first;
	stamp_range(lw, DATATABLE_COILS, first * 16, quantity * 16, stamp);
	count_coil_changes(lw->sides[DATATABLE_COILS].changes + first * 16,
	    quantity, c->before, c->after);
}

static void
mark_coils(
    struct last_writer *lw, const struct datatable_change *c, uint64_t stamp)
{
	unsigned first = c->address;
	unsigned words = DATATABLE_PACKED_WORDS(c->quantity);
	unsigned last = first + c->quantity - 1;

	stamp_range(lw, DATATABLE_COILS, first, c->quantity, stamp);
	count_coil_changes(lw->sides[DATATABLE_COILS].changes + first, words,
	    c->before, c->after);
	if (!lw->overlaid)
		return;
	stamp_range(lw, DATATABLE_REGISTERS, first / 16,
	    last / 16 - first / 16 + 1, stamp);
	count_overlaid_changes(
	    lw->sides[DATATABLE_REGISTERS].changes + first / 16, first % 16,
	    words, c->before, c->after);
}

/* The stamp, should it be of a client that is gone, is of a forgotten one. */
static void
forget_stamp(uint64_t *stamp, const bool *gone)
{
	if (gone[stamp_client(*stamp)])
		*stamp = (*stamp & ~(uint64_t)CLIENT_MASK) | WRITERS_FORGOTTEN;
}

/* Make room for new clients. This looks at every address, but only once for
 * some 500 clients that were never seen before. */
static void
forget_writers(struct last_writer *lw)
{
	bool gone[WRITERS_END];

	writers_forget(lw->writers, gone);
	for (int kind = 0; kind < 2; kind++) {
		struct side *s = &lw->sides[kind];

		for (unsigned i = 0; i < ADDRESSES; i++) {
			forget_stamp(&s->last[i], gone);
			forget_stamp(&s->handover[i], gone);
		}
		for (unsigned i = 0; i < WRITERS_END; i++)
			if (gone[i]) {
				s->held[WRITERS_FORGOTTEN] += s->held[i];
				s->held[i] = 0;
			}
	}
}

static uint16_t
count_writer(struct last_writer *lw, const struct address *a, uint64_t now)
{
	uint16_t client = writers_count(lw->writers, a, now);

	if (client == WRITERS_NOBODY) {
		forget_writers(lw);
		client = writers_count(lw->writers, a, now);
	}
	return client;
}

static void
changed(void *arg, const struct datatable_change *c)
{
	struct last_writer *lw = arg;
	uint64_t now, stamp;

	if (c->writer->function == 0)
		return;
	now = clock_realtime_ms();
	stamp = now << CLIENT_BITS |
	    count_writer(lw, &c->writer->client->address, now);
	lw->totals.writes++;
	if (c->kind == DATATABLE_REGISTERS)
		mark_registers(lw, c, stamp);
	else
		mark_coils(lw, c, stamp);
}

struct last_writer *
last_writer_new(struct datatable *table, enum datatable_overlay overlay)
{
	struct last_writer *lw = calloc(1, sizeof(*lw));

	if (lw == NULL)
		return NULL;
	lw->writers = writers_new();
	if (lw->writers == NULL) {
		free(lw);
		return NULL;
	}
	lw->overlaid = overlay == DATATABLE_OVERLAID;
	lw->observer.changed = changed;
	lw->observer.arg = lw;
	datatable_observe(table, &lw->observer);
	return lw;
}

void
last_writer_free(struct last_writer *lw)
{
	if (lw == NULL)
		return;
	writers_free(lw->writers);
	free(lw);
}

static const struct address *
client_of(const struct last_writer *lw, uint64_t stamp)
{
	const struct writer *w = writers_get(lw->writers, stamp_client(stamp));

	return w == NULL ? NULL : &w->address;
}

bool
last_writer_read(const struct last_writer *lw, enum datatable_kind kind,
    uint16_t address, struct last_write *out)
{
	const struct side *s = &lw->sides[kind];
	uint64_t last = s->last[address];
	uint64_t handover = s->handover[address];

	if (last == 0)
		return false;
	*out = (struct last_write){
		.client = client_of(lw, last),
		.time = stamp_time(last),
		.changes = s->changes[address],
		.handover = stamp_time(handover),
		.other = client_of(lw, handover),
		.contentions = s->contentions[address],
	};
	return true;
}

struct last_writer_totals
last_writer_totals(const struct last_writer *lw)
{
	return lw->totals;
}

const struct writers *
last_writer_clients(const struct last_writer *lw)
{
	return lw->writers;
}

size_t
last_writer_holds(
    const struct last_writer *lw, uint16_t client, enum datatable_kind kind)
{
	return lw->sides[kind].held[client];
}

int32_t
last_writer_next_contended(
    const struct last_writer *lw, enum datatable_kind kind, uint32_t from)
{
	const uint64_t *bits = lw->sides[kind].contended;

	for (; from < ADDRESSES; from = (from / BLOCK + 1) * BLOCK) {
		uint64_t rest = bits[from / BLOCK] >> from % BLOCK;

		if (rest != 0)
			return (int32_t)from + __builtin_ctzll(rest);
	}
	return -1;
}

uint64_t
last_writer_generation(const struct last_writer *lw)
{
	return lw->totals.writes;
}

int32_t
last_writer_next_written(const struct last_writer *lw, enum datatable_kind kind,
    uint64_t generation, uint32_t from)
{
	const struct side *s = &lw->sides[kind];

	while (from < ADDRESSES) {
		if (s->generation[from / BLOCK] <= generation)
			from = (from / BLOCK + 1) * BLOCK;
		else if (s->last[from] == 0)
			from++;
		else
			return (int32_t)from;
	}
	return -1;
}
