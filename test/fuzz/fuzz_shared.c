/*
 * What comes from the engine of a shared table: entries and snapshots.
 *
 * Input: one byte, whose bit 0 chooses the overlaid table, and bit 1 a
 * snapshot.
 *
 * Entries: each a byte that is added to the number that is expected, a byte for
 * how many fields it has, and for each field a byte for its length, and its
 * bytes. The last may be cut short.
 *
 * A snapshot of a replica with two sessions; then changes of three bytes, which
 * are a place and what is added to the byte there: in the first 128 bytes, or,
 * with the top bit of the place, anywhere. Bit 2 of the first byte leaves its
 * checksum wrong; bits 3 to 7 cut so many bytes off.
 *
 * Holds: an entry that is parsed is made again of what it means, with the same
 * fields, but that addresses can be written in several ways; what is not taken
 * changes nothing; writes are late exactly where the model says so, and the
 * table is the model's. What is decoded is encoded again as the same bytes;
 * what is not, changes nothing.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/identity.h"
#include "fuzz.h"
#include "model.h"
#include "shared/replica.h"
#include "shared/snapshot.h"
#include "version.h"

#define FIELDS_MAX 64

static struct model model;
static struct entry_writer *writer;
static const struct client client = { .id = 1 };

/* The open sessions as the design says it: the one that has been silent longest
 * is the first. */
static struct {
	uint64_t session[SESSIONS_MAX + 1];
	size_t count;
} open_sessions;

static bool
remove_session(uint64_t session)
{
	uint64_t *s = open_sessions.session;

	for (size_t i = 0; i < open_sessions.count; i++)
		if (s[i] == session) {
			open_sessions.count--;
			memmove(s + i, s + i + 1,
			    (open_sessions.count - i) * sizeof(*s));
			return true;
		}
	return false;
}

static void
append_session(uint64_t session)
{
	open_sessions.session[open_sessions.count++] = session;
	if (open_sessions.count > SESSIONS_MAX)
		remove_session(open_sessions.session[0]);
}

static enum replica_taken
expected(const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_HELLO:
		remove_session(e->closes);
		remove_session(e->session);
		append_session(e->session);
		return REPLICA_HELLO;
	case ENTRY_WRITE:
		if (!remove_session(e->session))
			return REPLICA_LATE;
		append_session(e->session);
		return REPLICA_WRITE;
	case ENTRY_BEGIN:
	case ENTRY_SNAPSHOT:
		break;
	}
	return REPLICA_OTHER;
}

static void
execute(struct replica *r, const struct entry *e)
{
	uint8_t response[MODEL_PDU_MAX];

	replica_execute(r, e, &client);
	for (size_t i = 0; i < e->pdu_count; i++)
		model_respond(&model, entry_pdu(e, i).bytes,
		    entry_pdu(e, i).length, response);
}

static char *
text_of(struct engine_field field, char *text)
{
	if (field.length != 0)
		memcpy(text, field.bytes, field.length);
	text[field.length] = '\0';
	return text;
}

static size_t
remake_write(const struct entry *e, const struct order_pdu *pdus,
    const struct engine_field **fields)
{
	static char subject[IDENTITY_NAME_SIZE], issuer[IDENTITY_NAME_SIZE];
	static char role[IDENTITY_ROLE_SIZE];
	const struct identity who = {
		.subject = text_of(e->subject, subject),
		.issuer = text_of(e->issuer, issuer),
		.role = text_of(e->role, role),
	};
	const struct order_write write = {
		.client = { .address = e->address,
		    .identity = e->subject.length == 0 ? NULL : &who },
		.unit = e->unit,
		.pdus = pdus,
		.count = e->pdu_count,
	};

	return entry_make_write(
	    writer, e->session, e->number, e->time, &write, fields);
}

/* The fields of what an entry means. */
static size_t
remake(const struct entry *e, const struct engine_field **fields)
{
	static struct order_pdu pdus[FIELDS_MAX];
	static char host[ENTRY_HOST_MAX + 1];

	for (size_t i = 0; i < e->pdu_count; i++)
		pdus[i] = entry_pdu(e, i);
	switch (e->kind) {
	case ENTRY_BEGIN:
		return entry_make_begin(
		    writer, e->overlay, pdus, e->pdu_count, fields);
	case ENTRY_HELLO:
		return entry_make_hello(writer, e->session, e->closes,
		    text_of(e->host, host), fields);
	case ENTRY_WRITE:
		return remake_write(e, pdus, fields);
	case ENTRY_SNAPSHOT:
		break;
	}
	must(e->number != 0);
	return 0;
}

static bool
is_same(const struct engine_field *a, const struct engine_field *b)
{
	return a->length == b->length &&
	    (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static void
check_remade(const struct engine_entry *entry, const struct entry *e)
{
	const struct engine_field *fields;
	size_t count = remake(e, &fields);
	struct entry again;

	if (count == 0)
		return;
	must(count == entry->count);
	for (size_t i = 0; i < count; i++)
		must(is_same(&fields[i], &entry->fields[i]) ||
		    (e->kind == ENTRY_WRITE && i == 5));
	must(entry_parse(&(struct engine_entry){ 1, fields, count }, &again) ==
	    0);
	must(memcmp(&again.address, &e->address, sizeof(again.address)) == 0);
}

static void
try_entry(struct replica *r, const struct engine_entry *entry)
{
	struct replica before = *r;
	struct entry parsed, e;
	bool good = entry_parse(entry, &parsed) == 0;
	enum replica_taken taken = replica_take(r, entry, &e);

	if (good)
		check_remade(entry, &parsed);
	must((taken == REPLICA_GAP) == (entry->number != before.number + 1));
	must(good || taken == REPLICA_GAP || taken == REPLICA_NOT_UNDERSTOOD);
	switch (taken) {
	case REPLICA_GAP:
	case REPLICA_OTHER_MODE:
	case REPLICA_NOT_UNDERSTOOD:
		must(memcmp(r, &before, sizeof(before)) == 0);
		return;
	case REPLICA_WRITE:
	case REPLICA_LATE:
	case REPLICA_HELLO:
	case REPLICA_OTHER:
		break;
	}
	must(taken == expected(&e));
	must(r->number == entry->number && replica_is_at(r, entry));
	must(r->sessions.count == open_sessions.count);
	if (taken == REPLICA_WRITE || e.kind == ENTRY_BEGIN)
		execute(r, &e);
}

/* Each field in a block of its size. */
static void
take_entry(struct input *in, struct replica *r)
{
	struct engine_field fields[FIELDS_MAX];
	void *blocks[FIELDS_MAX];
	struct engine_entry entry = { .fields = fields };

	entry.number = r->number + 1 + input_byte(in);
	entry.count = input_byte(in) % (FIELDS_MAX + 1);
	for (size_t i = 0; i < entry.count; i++) {
		size_t length = input_byte(in);
		const uint8_t *bytes = input_take(in, &length);

		blocks[i] = length == 0 ? NULL : fuzz_copy(bytes, length);
		fields[i] = (struct engine_field){ blocks[i], length };
	}
	try_entry(r, &entry);
	for (size_t i = 0; i < entry.count; i++)
		free(blocks[i]);
}

/* A replica with a table of its own. */
static struct replica
new_replica(bool overlaid)
{
	enum datatable_overlay overlay =
	    overlaid ? DATATABLE_OVERLAID : DATATABLE_SEPARATE;
	struct datatable *table = datatable_new(overlay);
	struct replica r;

	must(table != NULL);
	replica_init(&r, table, overlay);
	return r;
}

static void
try_entries(struct input *in, bool overlaid)
{
	struct replica r = new_replica(overlaid);

	model_init(&model, overlaid, VERSION);
	open_sessions.count = 0;
	while (in->left > 0)
		take_entry(in, &r);
	if (r.number != 0)
		check_tables(r.table, &model);
	datatable_free(r.table);
}

/* A snapshot of a replica of which nothing is 0. */
static size_t
make_snapshot(struct replica *r, uint8_t *bytes)
{
	const struct datatable_writer nobody = { .client = &client };
	const uint16_t words[] = { 0x1234, 0xFFFF, 0x5678 };

	r->number = 1000;
	r->fingerprint = UINT64_C(0x0123456789ABCDEF);
	sessions_open(&r->sessions, 0xA1, 0, 999);
	sessions_open(&r->sessions, 0xA2, 0, 1000);
	datatable_write_registers(r->table, &nobody, 5, 3, words);
	datatable_write_coils(r->table, &nobody, 65000, 40, words);
	return snapshot_encode(r, bytes);
}

static void
change(struct input *in, uint8_t *bytes, size_t length)
{
	while (in->left >= 3) {
		uint8_t high = input_byte(in);
		unsigned place = high * 256U + input_byte(in);
		size_t at = place & 0x8000 ?
		    (size_t)(place & 0x7FFF) * 5 % length :
		    place % 128;

		bytes[at] = (uint8_t)(bytes[at] + input_byte(in));
	}
}

static void
check_decoded(const struct replica *r, const uint8_t *bytes, size_t length)
{
	static uint8_t again[SNAPSHOT_MAX];

	must(r->number != 0);
	must(r->sessions.count <= SESSIONS_MAX);
	must(snapshot_encode(r, again) == length);
	must(memcmp(again, bytes, length) == 0);
}

static void
try_decoding(const uint8_t *bytes, size_t length, bool overlaid)
{
	uint8_t *copy = fuzz_copy(bytes, length);
	struct replica r = new_replica(overlaid), before = r;

	if (snapshot_decode(copy, length, &r) == 0) {
		check_decoded(&r, bytes, length);
	} else {
		must(memcmp(&r, &before, sizeof(r)) == 0);
		model_init(&model, overlaid, VERSION);
		check_tables(r.table, &model);
	}
	free(copy);
	datatable_free(r.table);
}

static void
try_snapshot(struct input *in, uint8_t flags)
{
	static uint8_t bytes[SNAPSHOT_MAX];
	bool overlaid = flags & 1;
	struct replica r = new_replica(overlaid);
	size_t length = make_snapshot(&r, bytes) - (flags >> 3);

	change(in, bytes, length);
	if (!(flags & 4))
		bytes_put_little(
		    bytes + length - 4, crc32c(0, bytes, length - 4), 4);
	try_decoding(bytes, length, overlaid);
	datatable_free(r.table);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	writer = entry_writer_new();
	must(writer != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t flags = input_byte(&in);

	if (flags & 2)
		try_snapshot(&in, flags);
	else
		try_entries(&in, flags & 1);
	return 0;
}
