#include "table/last_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/clock.h"

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
	uint16_t other[ADDRESSES];  /* who wrote it before it changed hands */
	uint32_t changes[ADDRESSES];
	uint32_t contentions[ADDRESSES];
	uint64_t time[ADDRESSES];     /* of the last write, see struct block */
	uint64_t handover[ADDRESSES]; /* 0: never */
	size_t held[WRITERS_END];     /* addresses each was the last to write */
	size_t written;               /* addresses */
	size_t contended;             /* likewise */
};

/* Who writes, and when. Passed by value, as it fits two registers. */
struct stamp {
	uint64_t time;
	uint16_t client;
};

struct last_writer {
	struct datatable_observer observer;
	struct writers *writers; /* owned */
	bool overlaid;
	uint64_t writes;
	struct side sides[2]; /* by enum datatable_kind */
};

static void
contend(struct side *s, unsigned address)
{
	if (s->contentions[address] == 0) {
		s->blocks[address / BLOCK].contended |= UINT64_C(1)
		    << address % BLOCK;
		s->contended++;
	}
	if (s->contentions[address] != UINT32_MAX)
		s->contentions[address]++;
}

/* The client of a stamp writes an address that it did not write last. */
static void
hand_over(struct side *s, unsigned address, struct stamp stamp)
{
	uint16_t from = s->client[address];
	uint64_t before = s->handover[address];

	s->client[address] = stamp.client;
	s->held[stamp.client]++;
	if (from == WRITERS_NOBODY) {
		s->written++;
		return;
	}
	s->held[from]--;
	if (from == WRITERS_FORGOTTEN) {
		s->handover[address] = 0; /* the client may be the same */
		return;
	}
	if (before != 0 && stamp.time - before <= LAST_WRITER_WINDOW)
		contend(s, address);
	s->handover[address] = stamp.time;
	s->other[address] = from;
}

/* Put a stamp on some addresses of a block, one by one. */
static void
own_block(struct side *s, struct block *b, uint64_t written, struct stamp stamp)
{
	unsigned first = (unsigned)(b - s->blocks) * BLOCK;
	uint64_t left = b->written & ~written;
	uint64_t owned = b->client == stamp.client ? b->written : 0;

	for (; left != 0; left &= left - 1)
		s->time[first + (unsigned)__builtin_ctzll(left)] = b->time;
	for (uint64_t bits = written & ~owned; bits != 0; bits &= bits - 1) {
		unsigned address = first + (unsigned)__builtin_ctzll(bits);

		if (s->client[address] != stamp.client)
			hand_over(s, address, stamp);
	}
	b->written = written;
	b->client = stamp.client;
	b->time = stamp.time;
}

/* The addresses up to and including one, of its block. */
static uint64_t
bits_to(unsigned address)
{
	return UINT64_MAX >> (BLOCK - 1 - address % BLOCK);
}

/* Put a stamp on the addresses from first to last, whatever their last ones
 * are. Not inlined, as it is seldom needed. */
static void __attribute__((noinline)) own_range(struct side *s, unsigned first,
    unsigned last, struct stamp stamp, uint64_t generation)
{
	struct block *b = &s->blocks[first / BLOCK];
	struct block *end = &s->blocks[last / BLOCK];
	uint64_t written = UINT64_MAX << first % BLOCK;

	for (; b <= end; b++, written = UINT64_MAX) {
		if (b == end)
			written &= bits_to(last);
		own_block(s, b, written, stamp);
		b->generation = generation;
	}
}

/* Put the same stamp as before, but for the time, on some addresses of a block.
 * Returns whether it was the same. */
static inline bool
renew_block(
    struct block *b, uint64_t written, struct stamp stamp, uint64_t generation)
{
	if (b->written != written || b->client != stamp.client)
		return false;
	b->time = stamp.time;
	b->generation = generation;
	return true;
}

/* Put a stamp on the addresses from first to last. */
static void
stamp_range(struct side *s, unsigned first, unsigned last, struct stamp stamp,
    uint64_t generation)
{
	struct block *b = &s->blocks[first / BLOCK];
	struct block *end = &s->blocks[last / BLOCK];
	uint64_t written = UINT64_MAX << first % BLOCK;

	while (b < end && renew_block(b, written, stamp, generation)) {
		b++;
		written = UINT64_MAX;
	}
	if (b < end ||
	    !renew_block(b, written & bits_to(last), stamp, generation))
		own_range(s, first, last, stamp, generation);
}

/* The same on the other side of the overlay. */
static void __attribute__((noinline)) stamp_overlaid(struct last_writer *lw,
    enum datatable_kind kind, unsigned first, unsigned last, struct stamp stamp)
{
	if (kind == DATATABLE_COILS)
		stamp_range(&lw->sides[DATATABLE_REGISTERS], first / 16,
		    last / 16, stamp, lw->writes);
	else if (first < OVERLAID_REGISTERS)
		stamp_range(&lw->sides[DATATABLE_COILS], first * 16,
		    last < OVERLAID_REGISTERS ? last * 16 + 15 : ADDRESSES - 1,
		    stamp, lw->writes);
}

static void
count_register_changes(uint32_t *changes, unsigned quantity,
    const uint16_t *before, const uint16_t *after)
{
	for (unsigned i = 0; i < quantity; i++)
		changes[i] += before[i] != after[i];
}

/* changes begins with the first coil of the packed range. */
static void
count_coil_changes(uint32_t *changes, unsigned words, const uint16_t *before,
    const uint16_t *after)
{
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

/* Not inlined: most writes change nothing. */
static void __attribute__((noinline))
count_changes(struct last_writer *lw, const struct datatable_change *c)
{
	uint32_t *registers = lw->sides[DATATABLE_REGISTERS].changes;
	uint32_t *coils = lw->sides[DATATABLE_COILS].changes;
	unsigned first = c->address, quantity = c->quantity;

	if (c->kind == DATATABLE_COILS) {
		unsigned words = DATATABLE_PACKED_WORDS(quantity);

		count_coil_changes(coils + first, words, c->before, c->after);
		if (lw->overlaid)
			count_overlaid_changes(registers + first / 16,
			    first % 16, words, c->before, c->after);
		return;
	}
	count_register_changes(
	    registers + first, quantity, c->before, c->after);
	if (!lw->overlaid || first >= OVERLAID_REGISTERS)
		return;
	if (quantity > OVERLAID_REGISTERS - first)
		quantity = OVERLAID_REGISTERS - first;
	count_coil_changes(coils + first * 16, quantity, c->before, c->after);
}

/* Make room for new clients. This visits every address, but only once for about
 * 500 new clients. */
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

/* Make room, and count. Not inlined, as it is seldom needed. */
static uint16_t __attribute__((noinline)) count_after_forgetting(
    struct last_writer *lw, const struct client *who, uint64_t now)
{
	uint16_t client;

	do {
		forget_writers(lw);
		client = writers_count(lw->writers, who, now);
	} while (client == WRITERS_NOBODY);
	return client;
}

static uint16_t
count_writer(struct last_writer *lw, const struct client *who, uint64_t now)
{
	uint16_t client = writers_count(lw->writers, who, now);

	return client != WRITERS_NOBODY ? client :
					  count_after_forgetting(lw, who, now);
}

static void
changed(void *arg, const struct datatable_change *c)
{
	struct last_writer *lw = arg;
	unsigned first, last;
	struct stamp stamp;

	if (c->writer->function == DATATABLE_NOBODY)
		return;
	stamp.time = clock_realtime_ms();
	stamp.client = count_writer(lw, c->writer->client, stamp.time);
	lw->writes++;
	first = c->address;
	last = first + c->quantity - 1U;
	stamp_range(&lw->sides[c->kind], first, last, stamp, lw->writes);
	if (lw->overlaid)
		stamp_overlaid(lw, c->kind, first, last, stamp);
	if (c->before != c->after)
		count_changes(lw, c);
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
client_of(const struct last_writer *lw, uint16_t number,
    const struct identity **identity)
{
	const struct writer *w = writers_get(lw->writers, number);

	*identity = w == NULL ? NULL : w->identity;
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
		.time = latest ? b->time : s->time[address],
		.changes = s->changes[address],
		.handover = s->handover[address],
		.contentions = s->contentions[address],
	};
	out->client = client_of(lw, s->client[address], &out->identity);
	if (out->handover != 0)
		out->other =
		    client_of(lw, s->other[address], &out->other_identity);
	return true;
}

struct last_writer_totals
last_writer_totals(const struct last_writer *lw)
{
	const struct side *coils = &lw->sides[DATATABLE_COILS];
	const struct side *registers = &lw->sides[DATATABLE_REGISTERS];

	return (struct last_writer_totals){
		.writes = lw->writes,
		.written = { coils->written, registers->written },
		.contended = { coils->contended, registers->contended },
	};
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
	return lw->writes;
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
