#include "members.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/bytes.h"
#include "table/datatable.h"

struct memory_log memory;
struct test_member members[MEMBERS];
struct owner owners[OWNERS];
struct test_write_record writes[WRITES_MAX];
uint32_t written;
struct event_base *members_base;
struct member_config members_config;
struct address members_client;
bool members_lose;
void (*members_settled)(uint32_t id);

/* What the log says. values: behind each entry. */
static struct {
	struct replica replica;
	struct datatable *table;
	uint16_t (*values)[MEMBER_WORDS];
	size_t room;
	uint64_t entry[WRITES_MAX];
	unsigned executions[WRITES_MAX];
} oracle;

static void
oracle_begin(void)
{
	datatable_free(oracle.table);
	oracle.table = datatable_new(members_config.overlay);
	ck_assert_ptr_nonnull(oracle.table);
	replica_init(&oracle.replica, oracle.table, members_config.overlay);
	memset(oracle.entry, 0, sizeof(oracle.entry));
	memset(oracle.executions, 0, sizeof(oracle.executions));
}

static void
oracle_note(const struct entry *e, uint64_t number)
{
	uint32_t id = (uint32_t)get16(entry_pdu(e, 0).bytes + 6) << 16 |
	    get16(entry_pdu(e, 0).bytes + 8);

	ck_assert_uint_lt(id, WRITES_MAX);
	oracle.entry[id] = number;
	oracle.executions[id]++;
}

static void
oracle_take(const struct engine_entry *entry)
{
	static const struct client nobody;
	struct entry e;
	enum replica_taken taken = replica_take(&oracle.replica, entry, &e);

	if (taken == REPLICA_WRITE || (taken == REPLICA_OTHER && e.pdu_count))
		replica_execute(&oracle.replica, &e, &nobody);
	if (taken == REPLICA_WRITE)
		oracle_note(&e, entry->number);
	while (entry->number >= oracle.room) {
		oracle.room = oracle.room == 0 ? 1024 : 2 * oracle.room;
		oracle.values = reallocarray(
		    oracle.values, oracle.room, sizeof(*oracle.values));
		ck_assert_ptr_nonnull(oracle.values);
	}
	datatable_read_registers(
	    oracle.table, 0, MEMBER_WORDS, oracle.values[entry->number]);
}

static void
log_changed(void *arg)
{
	(void)arg;
	if (memory.count < oracle.replica.number)
		oracle_begin();
	while (oracle.replica.number < memory.count)
		oracle_take(memory.entries[oracle.replica.number]);
}

unsigned
members_executions(uint32_t id)
{
	return oracle.executions[id];
}

uint64_t
members_entry(uint32_t id)
{
	return oracle.entry[id];
}

static void
compare(const struct datatable *table, uint64_t entry)
{
	uint16_t values[MEMBER_WORDS];

	if (members_lose)
		return;
	datatable_read_registers(table, 0, MEMBER_WORDS, values);
	ck_assert_uint_ge(entry, 1);
	ck_assert_mem_eq(values, oracle.values[entry], sizeof(values));
}

void
members_check_table(unsigned i)
{
	const uint16_t *served = datatable_registers(members[i].table, 0);
	const uint16_t *said = datatable_registers(oracle.table, 0);

	ck_assert_uint_eq(
	    member_figures(members[i].member)->entry, memory.count);
	ck_assert_mem_eq(served, said, 65536 * sizeof(*served));
}

void
members_check_fates(void)
{
	for (uint32_t id = 1; id <= written; id++) {
		unsigned executions = members_executions(id);

		ck_assert_uint_le(executions, 1);
		ck_assert_int_ne(writes[id].fate, FATE_PENDING);
		if (writes[id].fate == FATE_EXECUTED)
			ck_assert_uint_eq(executions, 1);
		if (writes[id].fate == FATE_REFUSED ||
		    writes[id].fate == FATE_NOT_TAKEN)
			ck_assert_uint_eq(executions, 0);
	}
}

/* Writes. */

#define FIRST_OWN 100

struct test_write {
	struct order_write write;
	uint32_t id;
	struct datatable *table;
	struct order_pdu pdus[3];
	uint8_t bytes[10 + 7 + 5];
};

static void
execute(const struct test_write *w)
{
	uint64_t entry = members_entry(w->id);

	if (!members_lose)
		ck_assert_uint_ne(entry, 0);
	compare(w->table, entry - 1);
	order_execute(&w->write, w->table);
	compare(w->table, entry);
}

static void
settled(struct order_write *write, enum order_outcome outcome, bool more)
{
	const struct test_write *w = (const struct test_write *)write;
	struct test_write_record *record = &writes[w->id];
	struct owner *owner = write->owner;

	ck_assert_int_eq(record->fate, FATE_PENDING);
	ck_assert_ptr_eq(owner, &owners[record->owner]);
	ck_assert_uint_gt(w->id, owner->settled);
	owner->settled = w->id;
	owner->in_flight--;
	record->told++;
	record->more = more;
	record->write = NULL;
	if (outcome == ORDER_EXECUTE)
		execute(w);
	record->fate = outcome == ORDER_EXECUTE ? FATE_EXECUTED :
	    outcome == ORDER_REFUSED            ? FATE_REFUSED :
						  FATE_UNKNOWN;
	if (members_settled != NULL)
		members_settled(w->id);
}

/* Registers of its owner get the number of the write; others are masked, so
 * that the sequence of all writes matters; and one of its own shows that it was
 * executed at all. */
static void
fill(struct test_write *w, unsigned owner)
{
	uint8_t *b = w->bytes;

	b[0] = MB_FC_WRITE_MULTIPLE_REGISTERS;
	put16(b + 1, (uint16_t)(2 * owner));
	put16(b + 3, 2);
	b[5] = 4;
	put16(b + 6, (uint16_t)(w->id >> 16));
	put16(b + 8, (uint16_t)w->id);
	b[10] = MB_FC_MASK_WRITE_REGISTER;
	put16(b + 11, (uint16_t)(2 * OWNERS + w->id % 4));
	put16(b + 13, (uint16_t)(w->id * 40503));
	put16(b + 15, (uint16_t)(w->id * 30011));
	w->pdus[0] = (struct order_pdu){ b, 10 };
	b[17] = MB_FC_WRITE_SINGLE_REGISTER;
	put16(b + 18, (uint16_t)(FIRST_OWN + w->id));
	put16(b + 20, (uint16_t)w->id);
	w->pdus[1] = (struct order_pdu){ b + 10, 7 };
	w->pdus[2] = (struct order_pdu){ b + 17, 5 };
}

static void
write_one(struct test_member *m, unsigned owner)
{
	struct test_write *w = calloc(1, sizeof(*w));
	struct test_write_record *record;

	ck_assert_ptr_nonnull(w);
	ck_assert_uint_lt(written + 1, WRITES_MAX);
	w->id = ++written;
	w->table = m->table;
	fill(w, owner);
	w->write = (struct order_write){
		.client = { .id = owner, .address = members_client },
		.unit = (uint8_t)owner,
		.pdus = w->pdus,
		.count = 3,
		.settled = settled,
		.owner = &owners[owner],
	};
	record = &writes[w->id];
	record->owner = owner;
	record->fate = FATE_PENDING;
	record->write = &w->write;
	if (order_submit(member_order(m->member), &w->write) == 0) {
		owners[owner].in_flight++;
	} else {
		record->fate = FATE_NOT_TAKEN;
		record->write = NULL;
		free(w);
	}
}

uint32_t
members_write(unsigned i, unsigned owner, unsigned count)
{
	uint32_t first = written + 1;

	while (count-- > 0)
		write_one(&members[i], owner);
	return first;
}

void
members_forget(unsigned owner)
{
	for (uint32_t id = 1; id <= written; id++)
		if (writes[id].write != NULL && writes[id].owner == owner) {
			order_forget(writes[id].write);
			writes[id].write = NULL;
			writes[id].fate = FATE_FORGOTTEN;
		}
	owners[owner].in_flight = 0;
}

/* Members. */

static void
live(void *arg)
{
	struct test_member *m = arg;

	ck_assert(!m->live);
	m->live = true;
}

static void
failed(void *arg, int status)
{
	struct test_member *m = arg;

	ck_assert_int_eq(m->status, 0);
	m->status = status;
}

void
members_make(unsigned i)
{
	struct test_member *m = &members[i];
	struct member_config config = members_config;

	*m = (struct test_member){
		.engine = memory_engine_new(&memory),
		.table = datatable_new(config.overlay),
	};
	ck_assert_ptr_nonnull(m->table);
	config.engine = &m->engine->engine;
	config.table = m->table;
	config.live = live;
	config.failed = failed;
	config.arg = m;
	m->member = member_new(&config);
	ck_assert_ptr_nonnull(m->member);
	m->service.table = m->table;
	member_order(m->member)->service = &m->service;
	member_start(m->member);
}

/* Owners 2i and 2i + 1 are those of member i. */
const char *
members_trouble(unsigned i)
{
	const char *text = member_trouble(members[i].member);

	return text != NULL ? text : "";
}

const struct member_figures *
members_figures(unsigned i)
{
	return member_figures(members[i].member);
}

void
members_disconnect(unsigned i)
{
	memory_engine_lose(members[i].engine);
}

void
members_kill(unsigned i)
{
	members_forget(2 * i);
	members_forget(2 * i + 1);
	member_free(members[i].member);
	datatable_free(members[i].table);
	members[i] = (struct test_member){ 0 };
}

static bool
step(struct memory_engine *e)
{
	bool any = false;

	for (int i = 0; i < MEMORY_CHANNELS; i++) {
		any |= memory_engine_arrive(e, (enum memory_channel)i);
		any |= memory_engine_answer(e, (enum memory_channel)i);
	}
	return any;
}

void
members_settle(void)
{
	bool any;

	do {
		any = false;
		for (unsigned i = 0; i < MEMBERS; i++)
			if (members[i].member != NULL)
				any |= step(members[i].engine);
		event_base_loop(members_base, EVLOOP_NONBLOCK);
	} while (any);
}

void
members_begin(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		members_make(i);
	for (unsigned i = 0; i < count; i++)
		members_await(members[i].live);
}

void
members_setup(void)
{
	members_base = event_base_new();
	ck_assert_ptr_nonnull(members_base);
	members_config = (struct member_config){
		.base = members_base,
		.init = true,
		.host = "here:502",
		.timeout = 600000,
		.snapshot = 1000000,
	};
	members_lose = false;
	members_client = (struct address){ .port = 0 };
	members_settled = NULL;
	written = 0;
	memset(writes, 0, sizeof(writes));
	for (unsigned i = 0; i < OWNERS; i++)
		owners[i] = (struct owner){ .number = i };
	memory_log_init(&memory);
	memory.changed = log_changed;
	oracle_begin();
}

void
members_teardown(void)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (members[i].member != NULL)
			members_kill(i);
	memory_log_end(&memory);
	datatable_free(oracle.table);
	oracle.table = NULL;
	free(oracle.values);
	oracle.values = NULL;
	oracle.room = 0;
	event_base_free(members_base);
}
