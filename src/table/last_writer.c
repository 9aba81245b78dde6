#include "table/last_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/words.h"

#define ADDRESSES 65536
#define BLOCK     64 /* addresses, a bit of a word for each */
#define BLOCKS    (ADDRESSES / BLOCK)

#define OVERLAID_REGISTERS (ADDRESSES / 16)

/*
 * What the last write to a block of addresses left. Its client and time are
 * kept here, once for all the addresses that it wrote: a client that writes the
 * same range again and again, as most do, touches the block alone. Only when
 * another range or another client follows, the addresses are looked at one by
 * one.
 */
struct block {
	uint64_t written;    /* which addresses the last write wrote */
	uint64_t time;       /* theirs, instead of that in struct side */
	uint64_t generation; /* of the last write */
	uint64_t contended;  /* which addresses are */
	uint16_t client;     /* whose the last write was */
};

/* What is known of the registers, or of the coils. */
struct side {
	struct block blocks[BLOCKS];
	uint16_t client[ADDRESSES]; /* the last to write: its number */
	uint16_t other[ADDRESSES];  /* who had it before it changed hands */
	uint32_t changes[ADDRESSES];
	uint32_t contentions[ADDRESSES];
	uint64_t time[ADDRESSES];     /* of the last write, see struct block */
	uint64_t handover[ADDRESSES]; /* 0: never */
	size_t held[WRITERS_END];     /* addresses each was the last to write */
};

/* Who writes, and when. */
struct stamp {
	uint16_t client;
	uint64_t time;
};

struct last_writer {
	struct datatable_observer observer;
	struct writers *writers; /* owned */
	bool overlaid;
	struct last_writer_totals totals;
	struct side sides[2]; /* by enum datatable_kind */
};

static void
contend(struct last_writer *lw, enum datatable_kind kind, unsigned address)
{
	struct side *s = &lw->sides[kind];

	if (s->contentions[address] == 0) {
		s->blocks[address / BLOCK].contended |= UINT64_C(1)
		    << address % BLOCK;
		lw->totals.contended[kind]++;
	}
	if (s->contentions[address] != UINT32_MAX)
		s->contentions[address]++;
}

/* An address that was another's, or nobody's, is now written by who stamps. */
static void
hand_over(struct last_writer *lw, enum datatable_kind kind, unsigned address,
    struct stamp stamp)
{
	struct side *s = &lw->sides[kind];
	uint16_t from = s->client[address];
	uint64_t before = s->handover[address];

	s->client[address] = stamp.client;
	s->held[stamp.client]++;
	if (from == WRITERS_NOBODY) {
		lw->totals.written[kind]++;
		return;
	}
	s->held[from]--;
	if (from == WRITERS_FORGOTTEN) {
		s->handover[address] = 0; /* it may have been the same */
		return;
	}
	if (before != 0 && stamp.time - before <= LAST_WRITER_WINDOW)
		contend(lw, kind, address);
	s->handover[address] = stamp.time;
	s->other[address] = from;
}

/* The lowest address of a block that is in bits, which are not 0. */
static unsigned
lowest(unsigned block, uint64_t bits)
{
	return block * BLOCK + (unsigned)__builtin_ctzll(bits);
}

/* The addresses of a block that are written are not those of the write before,
 * or its client is another. Apart from its caller, as it is seldom so. */
static void __attribute__((noinline))
own_block(struct last_writer *lw, enum datatable_kind kind, unsigned block,
    uint64_t written, struct stamp stamp)
{
	struct side *s = &lw->sides[kind];
	struct block *b = &s->blocks[block];
	uint64_t left = b->written & ~written;
	uint64_t owned = b->client == stamp.client ? b->written : 0;

	for (; left != 0; left &= left - 1)
		s->time[lowest(block, left)] = b->time;
	for (uint64_t bits = written & ~owned; bits != 0; bits &= bits - 1)
		if (s->client[lowest(block, bits)] != stamp.client)
			hand_over(lw, kind, lowest(block, bits), stamp);
	b->written = written;
	b->client = stamp.client;
}

static void
stamp_block(struct last_writer *lw, enum datatable_kind kind, unsigned block,
    uint64_t written, struct stamp stamp)
{
	struct block *b = &lw->sides[kind].blocks[block];

	if (b->written != written || b->client != stamp.client)
		own_block(lw, kind, block, written, stamp);
	b->time = stamp.time;
	b->generation = lw->totals.writes;
}

/* Put a stamp on each of quantity addresses. */
static void
stamp_range(struct last_writer *lw, enum datatable_kind kind, unsigned first,
    unsigned quantity, struct stamp stamp)
{
	unsigned last = first + quantity - 1;
	unsigned block = first / BLOCK;
	uint64_t written = UINT64_MAX << first % BLOCK;

	for (; block < last / BLOCK; block++, written = UINT64_MAX)
		stamp_block(lw, kind, block, written, stamp);
	written &= UINT64_MAX >> (BLOCK - 1 - last % BLOCK);
	stamp_block(lw, kind, block, written, stamp);
}

/* Whether a write of many words repeats what is there, as many do: that is seen
 * at once. Of a few it costs no more to look at each. */
static bool
repeats(const uint16_t *before, const uint16_t *after, unsigned words)
{
	return words >= WORDS_VECTOR &&
	    memcmp(before, after, words * sizeof(*before)) == 0;
}

static void
count_register_changes(uint32_t *changes, unsigned quantity,
    const uint16_t *before, const uint16_t *after)
{
	if (repeats(before, after, quantity))
		return;
	for (unsigned i = 0; i < quantity; i++)
		changes[i] += before[i] != after[i];
}

/* changes begins with the first coil of the packed range. */
static void
count_coil_changes(uint32_t *changes, unsigned words, const uint16_t *before,
    const uint16_t *after)
{
	if (repeats(before, after, words))
		return;
	for (unsigned i = 0; i < words; i++, changes += 16) {
		unsigned bits = before[i] ^ after[i];

		for (; bits != 0; bits &= bits - 1)
			changes[__builtin_ctz(bits)]++;
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
			++*changes;
	}
	if (bits != 0)
		++*changes;
}

static void
mark_registers(struct last_writer *lw, const struct datatable_change *c,
    struct stamp stamp)
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
mark_coils(struct last_writer *lw, const struct datatable_change *c,
    struct stamp stamp)
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

/* Make room for new clients. This looks at every address, but only once for
 * some 500 clients that were never seen before. */
static void
forget_writers(struct last_writer *lw)
{
	bool gone[WRITERS_END];

	writers_forget(lw->writers, gone);
	for (int kind = 0; kind < 2; kind++) {
		struct side *s = &lw->sides[kind];

		for (unsigned i = 0; i < BLOCKS; i++)
			if (gone[s->blocks[i].client])
				s->blocks[i].client = WRITERS_FORGOTTEN;
		for (unsigned i = 0; i < ADDRESSES; i++) {
			if (gone[s->client[i]])
				s->client[i] = WRITERS_FORGOTTEN;
			if (gone[s->other[i]])
				s->other[i] = WRITERS_FORGOTTEN;
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
	struct stamp stamp;

	if (c->writer->function == 0)
		return;
	stamp.time = clock_realtime_ms();
	stamp.client =
	    count_writer(lw, &c->writer->client->address, stamp.time);
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
client_of(const struct last_writer *lw, uint16_t number)
{
	const struct writer *w = writers_get(lw->writers, number);

	return w == NULL ? NULL : &w->address;
}

bool
last_writer_read(const struct last_writer *lw, enum datatable_kind kind,
    uint16_t address, struct last_write *out)
{
	const struct side *s = &lw->sides[kind];
	const struct block *b = &s->blocks[address / BLOCK];
	bool latest = b->written >> address % BLOCK & 1;

	if (s->client[address] == WRITERS_NOBODY)
		return false;
	*out = (struct last_write){
		.client = client_of(lw, s->client[address]),
		.time = latest ? b->time : s->time[address],
		.changes = s->changes[address],
		.handover = s->handover[address],
		.other = s->handover[address] == 0 ?
		    NULL :
		    client_of(lw, s->other[address]),
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
	const struct block *blocks = lw->sides[kind].blocks;

	for (; from < ADDRESSES; from = (from / BLOCK + 1) * BLOCK) {
		uint64_t rest = blocks[from / BLOCK].contended >> from % BLOCK;

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
		if (s->blocks[from / BLOCK].generation <= generation)
			from = (from / BLOCK + 1) * BLOCK;
		else if (s->client[from] == WRITERS_NOBODY)
			from++;
		else
			return (int32_t)from;
	}
	return -1;
}
