#include "table/last_writer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/client.h"
#include "suite.h"

#define ADDRESSES 65536
#define HOSTS     5
#define RANDOM    3000 /* writes */
#define WORDS     123  /* of a long write */

/* The lower half of a time begins anew every 49 days: here, in the middle of
 * the random writes. */
#define HALF  (UINT64_C(1) << 32) /* ms */
#define START (UINT64_C(419) * HALF - UINT64_C(5000000))

static struct datatable *table;
static struct last_writer *lw;
static bool overlaid;
static uint64_t now_ms; /* the system's clock, as the module finds it */

int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, now);
	now->tv_sec = (time_t)(now_ms / 1000);
	now->tv_nsec = (long)(now_ms % 1000) * 1000000 + 999999;
	return 0;
}

/* Each test runs once per overlay: its loop index. */
static void
start(int overlay)
{
	table = datatable_new((enum datatable_overlay)overlay);
	ck_assert_ptr_nonnull(table);
	lw = last_writer_new(table, (enum datatable_overlay)overlay);
	ck_assert_ptr_nonnull(lw);
	overlaid = overlay == DATATABLE_OVERLAID;
	now_ms = START;
}

static void
teardown(void)
{
	datatable_free(table);
	last_writer_free(lw);
}

/* The n-th host, from a port that is never the same. */
static struct client
host(unsigned n)
{
	static uint16_t port;
	struct client c = { .address = address_any_ipv4(++port) };
	uint32_t ip = htonl(0x0A000000 + n);

	c.id = port;
	memcpy(c.address.ip.s6_addr + 12, &ip, 4);
	return c;
}

static void
write_range(unsigned who, enum datatable_kind kind, unsigned address,
    unsigned quantity, const uint16_t *values)
{
	struct client c = host(who);
	struct datatable_writer writer = { &c, 1, 16 };

	if (kind == DATATABLE_COILS)
		datatable_write_coils(table, &writer, (uint16_t)address,
		    (uint16_t)quantity, values);
	else
		datatable_write_registers(table, &writer, (uint16_t)address,
		    (uint16_t)quantity, values);
}

static void
write_one(
    unsigned who, enum datatable_kind kind, unsigned address, uint16_t value)
{
	write_range(who, kind, address, 1, &value);
}

static struct last_write
get(enum datatable_kind kind, unsigned address)
{
	struct last_write w;

	ck_assert(last_writer_read(lw, kind, (uint16_t)address, &w));
	return w;
}

static bool
is_written(enum datatable_kind kind, unsigned address)
{
	struct last_write w;

	return last_writer_read(lw, kind, (uint16_t)address, &w);
}

static bool
is_host(const struct address *a, unsigned n)
{
	struct client c = host(n);

	return a != NULL && address_same_host(a, &c.address) && a->port == 0;
}

static void
assert_host(const struct address *a, unsigned n)
{
	ck_assert(is_host(a, n));
}

START_TEST(no_address_has_a_writer_at_the_start)
{
	start(_i);
	for (unsigned i = 0; i < ADDRESSES; i++)
		if (is_written(DATATABLE_REGISTERS, i) ||
		    is_written(DATATABLE_COILS, i))
			ck_abort_msg("somebody has written %u", i);
	for (unsigned kind = 0; kind < 2; kind++) {
		ck_assert_int_eq(last_writer_next_written(lw, kind, 0, 0), -1);
		ck_assert_int_eq(last_writer_next_contended(lw, kind, 0), -1);
	}
}
END_TEST

START_TEST(nobody_is_no_writer)
{
	const struct client who = host(0);
	const struct datatable_writer nobody = { &who, 0, DATATABLE_NOBODY };
	struct datatable *other = datatable_new((enum datatable_overlay)_i);
	struct last_write last;

	ck_assert_ptr_nonnull(other);
	start(_i);
	datatable_replace(table, other, &nobody);
	datatable_free(other);
	ck_assert(!last_writer_read(lw, DATATABLE_REGISTERS, 7, &last));
	ck_assert(!last_writer_read(lw, DATATABLE_COILS, 7, &last));
	ck_assert_uint_eq(last_writer_totals(lw).writes, 0);
}
END_TEST

START_TEST(knows_the_writer_and_the_time)
{
	struct last_write w;

	start(_i);
	write_one(3, DATATABLE_REGISTERS, 40000, 7);
	w = get(DATATABLE_REGISTERS, 40000);
	assert_host(w.client, 3);
	ck_assert_uint_eq(w.time, now_ms);
	ck_assert_uint_eq(w.changes, 1);
	ck_assert_uint_eq(w.handover, 0);
	ck_assert_ptr_null(w.other);
	ck_assert_uint_eq(w.contentions, 0);
}
END_TEST

START_TEST(a_write_of_the_same_value_is_a_write_and_no_change)
{
	start(_i);
	write_one(1, DATATABLE_COILS, 70, 1);
	now_ms += 5;
	write_one(2, DATATABLE_COILS, 70, 1);
	assert_host(get(DATATABLE_COILS, 70).client, 2);
	assert_host(get(DATATABLE_COILS, 70).other, 1);
	ck_assert_uint_eq(get(DATATABLE_COILS, 70).time, now_ms);
	ck_assert_uint_eq(get(DATATABLE_COILS, 70).handover, now_ms);
	ck_assert_uint_eq(get(DATATABLE_COILS, 70).changes, 1);
}
END_TEST

/* Each of many words changes once, by a write that repeats all others. */
START_TEST(one_change_among_many_is_counted)
{
	uint16_t values[WORDS] = { 0 };

	start(_i);
	for (unsigned i = 0; i < WORDS; i++) {
		values[i] = 0x8000;
		write_range(1, DATATABLE_REGISTERS, 9000, WORDS, values);
		write_range(1, DATATABLE_COILS, 37, 16 * WORDS, values);
	}
	for (unsigned i = 0; i < WORDS; i++) {
		ck_assert_uint_eq(
		    get(DATATABLE_REGISTERS, 9000 + i).changes, 1);
		ck_assert_uint_eq(get(DATATABLE_COILS, 52 + 16 * i).changes, 1);
		ck_assert_uint_eq(get(DATATABLE_COILS, 51 + 16 * i).changes, 0);
	}
}
END_TEST

/* Also when the lower half is the same. */
START_TEST(times_are_right_whatever_their_age)
{
	static const uint16_t values[10];
	const uint64_t a = START, b = a + HALF, c = b + 75 * HALF + 1;
	const uint64_t times[] = { a, a, a, a, a, b, b, b, b, c, b, b, b, b,
		b };

	start(_i);
	write_range(1, DATATABLE_REGISTERS, 9000, 10, values);
	now_ms = b;
	write_range(1, DATATABLE_REGISTERS, 9005, 10, values);
	now_ms = c; /* ten years later */
	write_range(1, DATATABLE_REGISTERS, 9009, 1, values);
	for (unsigned i = 0; i < 15; i++)
		ck_assert_uint_eq(
		    get(DATATABLE_REGISTERS, 9000 + i).time, times[i]);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9009).handover, 0);
}
END_TEST

START_TEST(two_that_alternate_contend)
{
	start(_i);
	write_one(1, DATATABLE_REGISTERS, 9, 1);
	write_one(1, DATATABLE_REGISTERS, 9, 2);
	now_ms += 1000;
	write_one(2, DATATABLE_REGISTERS, 9, 1);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 0);
	now_ms += LAST_WRITER_WINDOW;
	write_one(1, DATATABLE_REGISTERS, 9, 2);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 1);
	ck_assert_int_eq(
	    last_writer_next_contended(lw, DATATABLE_REGISTERS, 0), 9);
	ck_assert_int_eq(
	    last_writer_next_contended(lw, DATATABLE_REGISTERS, 10), -1);

	/* The mark stays, and ages by the time of the last handover. */
	now_ms += UINT64_C(86400000);
	write_one(1, DATATABLE_REGISTERS, 9, 3);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 1);
	ck_assert_uint_eq(
	    get(DATATABLE_REGISTERS, 9).handover, now_ms - UINT64_C(86400000));
}
END_TEST

START_TEST(three_in_turn_contend)
{
	start(_i);
	for (unsigned who = 1; who <= 3; who++)
		write_one(who, DATATABLE_REGISTERS, 9, 1);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 1);
}
END_TEST

START_TEST(taking_turns_slowly_is_no_contention)
{
	start(_i);
	for (unsigned i = 0; i < 6; i++) {
		write_one(i % 2, DATATABLE_REGISTERS, 9, 1);
		now_ms += LAST_WRITER_WINDOW + 1;
	}
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 0);
	ck_assert_uint_eq(last_writer_totals(lw).contended[1], 0);
}
END_TEST

START_TEST(a_clock_that_is_set_back_makes_no_contention)
{
	start(_i);
	write_one(1, DATATABLE_REGISTERS, 9, 1);
	write_one(2, DATATABLE_REGISTERS, 9, 1);
	now_ms -= 3600000;
	write_one(1, DATATABLE_REGISTERS, 9, 1);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).contentions, 0);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9).time, now_ms);
}
END_TEST

/* Client 1 minds coil 3, client 2 coil 5: only their register is contended. */
START_TEST(neighbours_contend_for_the_register_and_not_for_their_coils)
{
	start(DATATABLE_OVERLAID);
	for (unsigned i = 0; i < 4; i++)
		write_one(1 + i % 2, DATATABLE_COILS, i % 2 ? 21 : 19, 1);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 1).contentions, 2);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 1).changes, 2);
	ck_assert_uint_eq(get(DATATABLE_COILS, 19).contentions, 0);
	ck_assert_uint_eq(get(DATATABLE_COILS, 21).contentions, 0);
	ck_assert(!is_written(DATATABLE_COILS, 20));
	ck_assert(!is_written(DATATABLE_REGISTERS, 0));
	ck_assert(!is_written(DATATABLE_REGISTERS, 2));
}
END_TEST

/* What the module must know of an address, kept in the simplest way. */
struct known {
	bool written;
	unsigned client;
	uint64_t time;
	uint32_t changes;
	uint64_t handover;
	unsigned other;
	uint32_t contentions;
	uint64_t generation;
};

static struct known model[2][ADDRESSES];
static uint64_t writes;

static uint16_t
value_of(enum datatable_kind kind, unsigned address)
{
	uint16_t value;

	if (kind == DATATABLE_COILS)
		datatable_read_coils(table, (uint16_t)address, 1, &value);
	else
		datatable_read_registers(table, (uint16_t)address, 1, &value);
	return value;
}

static void
touch(struct known *k, unsigned who, bool changed)
{
	if (k->written && k->client != who) {
		if (k->handover != 0 &&
		    now_ms - k->handover <= LAST_WRITER_WINDOW)
			k->contentions++;
		k->handover = now_ms;
		k->other = k->client;
	}
	k->written = true;
	k->client = who;
	k->time = now_ms;
	k->changes += changed;
	k->generation = writes;
}

/* The addresses of a kind that a write touches: from first on. */
static unsigned
touched(enum datatable_kind kind, enum datatable_kind written, unsigned address,
    unsigned quantity, unsigned *first)
{
	unsigned end = address + quantity;

	*first = address;
	if (kind == written)
		return quantity;
	if (!overlaid)
		return 0;
	if (kind == DATATABLE_REGISTERS) {
		*first = address / 16;
		return (end - 1) / 16 - *first + 1;
	}
	if (address >= 4096)
		return 0;
	*first = address * 16;
	return (end > 4096 ? 4096 - address : quantity) * 16;
}

static void
write_both(unsigned who, enum datatable_kind kind, unsigned address,
    unsigned quantity, const uint16_t *values)
{
	static uint16_t before[2][ADDRESSES];
	unsigned first[2], number[2];

	for (unsigned k = 0; k < 2; k++) {
		number[k] = touched(k, kind, address, quantity, &first[k]);
		for (unsigned i = 0; i < number[k]; i++)
			before[k][i] = value_of(k, first[k] + i);
	}
	write_range(who, kind, address, quantity, values);
	writes++;
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < number[k]; i++)
			touch(&model[k][first[k] + i], who,
			    before[k][i] != value_of(k, first[k] + i));
}

/* An assertion of Check for each of so many addresses takes too long. */
static bool
is_known(enum datatable_kind kind, unsigned address)
{
	const struct known *k = &model[kind][address];
	struct last_write w;

	if (last_writer_read(lw, kind, (uint16_t)address, &w) != k->written)
		return false;
	if (!k->written)
		return true;
	return is_host(w.client, k->client) && w.time == k->time &&
	    w.changes == k->changes && w.handover == k->handover &&
	    (k->handover != 0 ? is_host(w.other, k->other) : w.other == NULL) &&
	    w.contentions == k->contentions;
}

/* What is walked over is what the model has marked, in order. */
static void
assert_walks(enum datatable_kind kind)
{
	int32_t at = last_writer_next_contended(lw, kind, 0);
	size_t contended = 0, written = 0, held[HOSTS] = { 0 };

	for (unsigned i = 0; i < ADDRESSES; i++) {
		written += model[kind][i].written;
		held[model[kind][i].client] += model[kind][i].written;
		if (model[kind][i].contentions == 0)
			continue;
		if (at != (int32_t)i)
			ck_abort_msg("address %u is contended", i);
		at = last_writer_next_contended(lw, kind, i + 1);
		contended++;
	}
	ck_assert_int_eq(at, -1);
	ck_assert_uint_eq(last_writer_totals(lw).contended[kind], contended);
	ck_assert_uint_eq(last_writer_totals(lw).written[kind], written);
	for (uint16_t n = WRITERS_FIRST; n < WRITERS_FIRST + HOSTS; n++) {
		const struct writer *w =
		    writers_get(last_writer_clients(lw), n);

		ck_assert_ptr_nonnull(w);
		ck_assert_uint_eq(last_writer_holds(lw, n, kind),
		    held[w->address.ip.s6_addr[15]]);
	}
}

/* Everything written since is in the walk, and nothing that never was. */
static void
assert_walks_since(enum datatable_kind kind, uint64_t generation)
{
	static bool seen[ADDRESSES];
	int32_t at = last_writer_next_written(lw, kind, generation, 0);
	uint64_t least = UINT64_MAX;

	memset(seen, 0, sizeof(seen));
	while (at >= 0) {
		seen[at] = true;
		if (!model[kind][at].written)
			ck_abort_msg("nobody has written %d", at);
		at = last_writer_next_written(
		    lw, kind, generation, (uint32_t)at + 1);
	}
	for (unsigned i = 0; i < ADDRESSES; i++) {
		if (model[kind][i].generation > generation && !seen[i])
			ck_abort_msg("%u was written since", i);
		if (seen[i] && model[kind][i].generation < least)
			least = model[kind][i].generation;
	}
	if (generation == last_writer_generation(lw))
		ck_assert_uint_eq(least, UINT64_MAX);
}

/* A range, and who writes it. */
struct range {
	unsigned who;
	enum datatable_kind kind;
	unsigned address;
	unsigned quantity;
};

/* Small ranges meet often; the edges of the overlay and of the table are
 * among them, and the longest that there are. */
static struct range
random_range(void)
{
	static const unsigned around[] = { 0, 70, 4090, 9000, 65400 };
	unsigned most = rand() % 8 ? 20 : DATATABLE_WRITE_MAX;
	struct range r = {
		.who = (unsigned)rand() % HOSTS,
		.kind = (unsigned)rand() % 2,
		.address = around[rand() % 5] + (unsigned)rand() % 130,
		.quantity = 1 + (unsigned)rand() % most,
	};

	if (r.kind == DATATABLE_COILS && rand() % 2)
		r.address = r.address * 16 % ADDRESSES + (unsigned)rand() % 16;
	if (r.address + r.quantity > ADDRESSES)
		r.quantity = ADDRESSES - r.address;
	return r;
}

/* A new range, or one of the last few by the same client or by another, or a
 * part of it, with new values or those that it has. */
static void
random_write(void)
{
	static struct range recent[4];
	static uint16_t values[DATATABLE_WRITE_MAX];
	struct range *r = &recent[rand() % 4];

	if (r->quantity == 0 || rand() % 3 == 0)
		*r = random_range();
	else if (rand() % 3 == 0)
		r->who = (unsigned)rand() % HOSTS;
	else if (rand() % 4 == 0)
		r->quantity = 1 + (unsigned)rand() % r->quantity;
	if (rand() % 2)
		for (unsigned i = 0; i < DATATABLE_WRITE_MAX; i++)
			values[i] = (uint16_t)(rand() & rand() & rand());
	now_ms += (uint64_t)rand() % 3 * (unsigned)rand() % 20000;
	write_both(r->who, r->kind, r->address, r->quantity, values);
}

START_TEST(random_writes_are_as_the_model_has_them)
{
	uint64_t middle = 0;

	start(_i);
	srand(7);
	memset(model, 0, sizeof(model));
	writes = 0;
	for (int i = 0; i < RANDOM; i++) {
		random_write();
		if (i == RANDOM - 20)
			middle = last_writer_generation(lw);
	}
	for (unsigned kind = 0; kind < 2; kind++) {
		for (unsigned i = 0; i < ADDRESSES; i++)
			if (!is_known(kind, i))
				ck_abort_msg("kind %u address %u", kind, i);
		assert_walks(kind);
		assert_walks_since(kind, 0);
		assert_walks_since(kind, middle);
		assert_walks_since(kind, last_writer_generation(lw));
	}
	ck_assert_uint_eq(last_writer_totals(lw).writes, writes);
	ck_assert_uint_gt(last_writer_totals(lw).contended[0], 0);
	ck_assert_uint_gt(last_writer_totals(lw).contended[1], 0);
}
END_TEST

/* Each of many hosts writes a register of its own; one host, which writes
 * all the time, is never forgotten. */
START_TEST(writers_may_be_forgotten_and_their_writes_are_not)
{
	struct last_write w;
	unsigned forgotten = 0;

	start(_i);
	for (unsigned i = 1; i <= 2 * WRITERS_ROOM; i++) {
		write_one(i, DATATABLE_REGISTERS, 10000 + i, 1);
		write_one(0, DATATABLE_REGISTERS, 9999, (uint16_t)i);
	}
	for (unsigned i = 1; i <= 2 * WRITERS_ROOM; i++) {
		w = get(DATATABLE_REGISTERS, 10000 + i);
		ck_assert_uint_eq(w.time, now_ms);
		ck_assert_uint_eq(w.changes, 1);
		if (w.client == NULL)
			forgotten++;
		else
			assert_host(w.client, i);
	}
	assert_host(get(DATATABLE_REGISTERS, 9999).client, 0);
	assert_host(get(DATATABLE_REGISTERS, 10000 + 2 * WRITERS_ROOM).client,
	    2 * WRITERS_ROOM);
	ck_assert_uint_eq(
	    writers_forgotten(last_writer_clients(lw)), forgotten);
	ck_assert_uint_eq(
	    last_writer_holds(lw, WRITERS_FORGOTTEN, DATATABLE_REGISTERS),
	    forgotten);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 9999).contentions, 0);
}
END_TEST

/* The forgotten one may have been the one who writes now. */
START_TEST(a_forgotten_writer_does_not_contend)
{
	start(_i);
	write_one(1, DATATABLE_REGISTERS, 0, 1);
	write_one(1, DATATABLE_REGISTERS, 1, 1);
	write_one(2, DATATABLE_REGISTERS, 1, 1);
	for (unsigned i = 3; i <= WRITERS_ROOM * 3 / 2; i++)
		write_one(i, DATATABLE_REGISTERS, 20000, 1);
	ck_assert_ptr_null(get(DATATABLE_REGISTERS, 0).client);
	ck_assert_ptr_null(get(DATATABLE_REGISTERS, 1).client);
	ck_assert_ptr_null(get(DATATABLE_REGISTERS, 1).other);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 1).handover, now_ms);
	write_one(1, DATATABLE_REGISTERS, 0, 2);
	assert_host(get(DATATABLE_REGISTERS, 0).client, 1);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 0).handover, 0);
	write_one(3000, DATATABLE_REGISTERS, 1, 2);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 1).handover, 0);
	write_one(3001, DATATABLE_REGISTERS, 1, 2);
	ck_assert_uint_eq(get(DATATABLE_REGISTERS, 1).contentions, 0);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	last_writer_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("last_writer");
	TCase *tc = tcase_create("last_writer");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, no_address_has_a_writer_at_the_start, 0, 2);
	tcase_add_loop_test(tc, nobody_is_no_writer, 0, 2);
	tcase_add_loop_test(tc, knows_the_writer_and_the_time, 0, 2);
	tcase_add_loop_test(
	    tc, a_write_of_the_same_value_is_a_write_and_no_change, 0, 2);
	tcase_add_loop_test(tc, one_change_among_many_is_counted, 0, 2);
	tcase_add_loop_test(tc, times_are_right_whatever_their_age, 0, 2);
	tcase_add_loop_test(tc, two_that_alternate_contend, 0, 2);
	tcase_add_loop_test(tc, three_in_turn_contend, 0, 2);
	tcase_add_loop_test(tc, taking_turns_slowly_is_no_contention, 0, 2);
	tcase_add_loop_test(
	    tc, a_clock_that_is_set_back_makes_no_contention, 0, 2);
	tcase_add_test(
	    tc, neighbours_contend_for_the_register_and_not_for_their_coils);
	tcase_add_loop_test(tc, random_writes_are_as_the_model_has_them, 0, 2);
	tcase_add_loop_test(
	    tc, writers_may_be_forgotten_and_their_writes_are_not, 0, 2);
	tcase_add_loop_test(tc, a_forgotten_writer_does_not_contend, 0, 2);
	tcase_add_test(tc, freeing_nothing_is_fine);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
