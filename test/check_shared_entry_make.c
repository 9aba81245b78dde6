#include <stdlib.h>
#include <string.h>

#include "base/identity.h"
#include "modbus/modbus.h"
#include "shared/entry.h"
#include "suite.h"
#include "write_pdus.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))
#define F(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static bool
is(struct engine_field field, const char *text)
{
	return field.length == strlen(text) &&
	    (field.length == 0 || memcmp(field.bytes, text, field.length) == 0);
}

/* The fields of an entry again, all in one block of exactly their size. */
struct moved {
	struct engine_entry entry;
	struct engine_field *fields;
	uint8_t *bytes;
	size_t length;
};

static struct moved
move(const struct engine_field *from, size_t count)
{
	struct moved m = { .entry = { 1, NULL, count } };
	uint8_t *to;

	for (size_t i = 0; i < count; i++)
		m.length += from[i].length;
	m.fields = malloc(count * sizeof(*m.fields));
	m.bytes = to = malloc(m.length);
	ck_assert(m.fields != NULL && m.bytes != NULL);
	for (size_t i = 0; i < count; to += from[i++].length) {
		memcpy(to, from[i].bytes, from[i].length);
		m.fields[i] = (struct engine_field){ to, from[i].length };
	}
	m.entry.fields = m.fields;
	return m;
}

static void
move_end(struct moved *m)
{
	free(m->fields);
	free(m->bytes);
}

static struct entry_writer *writer;
static uint32_t seed;

static void
begin(void)
{
	writer = entry_writer_new();
	ck_assert_ptr_nonnull(writer);
	seed = 1;
}

static void
end(void)
{
	entry_writer_free(writer);
	entry_writer_free(NULL);
}

#define PDUS_MAX 60

static uint8_t bytes[PDUS_MAX][MB_PDU_MAX];
static struct order_pdu pdus[PDUS_MAX];

/* From one PDU of each function to as many as there is room for. */
static size_t
make_pdus(unsigned round)
{
	size_t count = round < WRITE_PDUS_FUNCTIONS ?
	    1 :
	    1 + write_pdus_random(&seed) % PDUS_MAX;

	for (size_t i = 0; i < count; i++)
		pdus[i] = (struct order_pdu){ bytes[i],
			write_pdus_make(&seed,
			    (unsigned)(round + i) % WRITE_PDUS_FUNCTIONS,
			    bytes[i]) };
	return count;
}

static void
check_pdus(const struct entry *e, size_t count)
{
	ck_assert_uint_eq(e->pdu_count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(entry_pdu(e, i).length, pdus[i].length);
		ck_assert_mem_eq(
		    entry_pdu(e, i).bytes, pdus[i].bytes, pdus[i].length);
	}
}

/* Any address, every third one of link-local scope. */
static struct address
make_address(unsigned round)
{
	struct address a = address_any_ipv4((uint16_t)write_pdus_random(&seed));
	size_t first = round % 3 == 0 ? 12 : 0;

	if (round % 7 == 0)
		return round % 2 == 0 ? address_start : address_simulation;
	for (size_t i = first; i < 16; i++)
		a.ip.s6_addr[i] = (uint8_t)(write_pdus_random(&seed) >> 8);
	if (round % 3 == 1) {
		memcpy(a.ip.s6_addr, "\xFE\x80\0\0\0\0\0\0", 8);
		a.scope = write_pdus_random(&seed);
	}
	return a;
}

static const struct identity identity = { .subject = "CN=Pump 3,O=Works",
	.issuer = "CN=CA",
	.role = "W\xC3\xA4rter" };
static const struct identity bare_identity = {
	.subject = "CN=x", .issuer = "", .role = ""
};

static void
check_identity(const struct entry *e, const struct identity *who)
{
	ck_assert(is(e->subject, who == NULL ? "" : who->subject));
	ck_assert(is(e->issuer, who == NULL ? "" : who->issuer));
	ck_assert(is(e->role, who == NULL ? "" : who->role));
}

static void
check_write(unsigned round)
{
	static const struct identity *const names[] = { NULL, &identity,
		&bare_identity };
	const struct identity *who = names[write_pdus_random(&seed) % 3];
	uint64_t session = (uint64_t)write_pdus_random(&seed) << 32 | round;
	uint64_t number = UINT64_MAX >> write_pdus_random(&seed) % 64;
	int64_t time = INT64_MAX >> write_pdus_random(&seed) % 63;
	struct order_write write = {
		.client = { .address = make_address(round), .identity = who },
		.unit = (uint8_t)write_pdus_random(&seed),
		.pdus = pdus,
		.count = make_pdus(round),
	};
	const struct engine_field *made;
	size_t count =
	    entry_make_write(writer, session, number, time, &write, &made);
	struct moved m = move(made, count);
	struct entry e;

	ck_assert_int_eq(entry_parse(&m.entry, &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_WRITE);
	ck_assert_uint_eq(e.session, session);
	ck_assert_uint_eq(e.number, number);
	ck_assert_int_eq(e.time, time);
	ck_assert_uint_eq(e.unit, write.unit);
	ck_assert_mem_eq(&e.address, &write.client.address, sizeof(e.address));
	check_identity(&e, who);
	check_pdus(&e, write.count);
	ck_assert_uint_eq(entry_fingerprint(&m.entry),
	    entry_fingerprint(&(struct engine_entry){ 9, made, count }));
	move_end(&m);
}

START_TEST(what_was_made_is_parsed)
{
	for (unsigned round = 0; round < 500; round++)
		check_write(round);
}
END_TEST

START_TEST(a_time_before_1970_is_0)
{
	struct order_write write = { .pdus = pdus, .count = make_pdus(0) };
	const struct engine_field *made;
	size_t count = entry_make_write(writer, 1, 1, -1, &write, &made);
	struct entry e;

	ck_assert_int_eq(
	    entry_parse(&(struct engine_entry){ 1, made, count }, &e), 0);
	ck_assert_int_eq(e.time, 0);
}
END_TEST

/* Version 3.6 knows no word for it. */
START_TEST(a_client_of_this_machine_is_a_number)
{
	struct order_write write = { .pdus = pdus, .count = make_pdus(0) };
	const struct engine_field *made;
	struct entry e;
	size_t count, i = 0;

	write.client.address = address_unix;
	count = entry_make_write(writer, 1, 1, 0, &write, &made);
	while (made[i].length != 1 || memcmp(made[i].bytes, "c", 1) != 0)
		ck_assert_uint_lt(i += 2, count);
	ck_assert_uint_eq(made[i + 1].length, strlen("[100::3]:0"));
	ck_assert_mem_eq(made[i + 1].bytes, "[100::3]:0", made[i + 1].length);
	ck_assert_int_eq(
	    entry_parse(&(struct engine_entry){ 1, made, count }, &e), 0);
	ck_assert(address_is_unix(&e.address));
}
END_TEST

START_TEST(begin_and_hello_survive)
{
	const struct engine_field *made;
	size_t n = make_pdus(_i == 0 ? 0 : WRITE_PDUS_FUNCTIONS);
	enum datatable_overlay overlay = (enum datatable_overlay)_i;
	size_t count = entry_make_begin(writer, overlay, pdus, n, &made);
	struct moved m = move(made, count);
	struct entry e;

	ck_assert_int_eq(entry_parse(&m.entry, &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_BEGIN);
	ck_assert_int_eq(e.overlay, overlay);
	ck_assert_mem_eq(&e.address, &address_start, sizeof(e.address));
	check_pdus(&e, n);
	move_end(&m);
	count =
	    entry_make_hello(writer, UINT64_MAX, (uint64_t)_i, "h:1", &made);
	m = move(made, count);
	ck_assert_int_eq(entry_parse(&m.entry, &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_HELLO);
	ck_assert_uint_eq(e.session, UINT64_MAX);
	ck_assert_uint_eq(e.closes, (uint64_t)_i);
	ck_assert(is(e.host, "h:1"));
	move_end(&m);
}
END_TEST

static const struct engine_field fields[] = { F("s"), F("00000000000000a1"),
	F("n"), F("7"), F("c"), F("192.0.2.1:1502"), F("u"), F("17"), F("t"),
	F("1700000000123"), F("p"), F("\x06\0\1\0\2") };

/* As it is on every machine. */
START_TEST(the_fingerprint_is_this)
{
	const struct engine_entry entry = { 1, fields, COUNT(fields) };

	ck_assert_uint_eq(
	    entry_fingerprint(&entry), UINT64_C(0xD40156DD5050840C));
	ck_assert_uint_eq(
	    entry_fingerprint(&(struct engine_entry){ 1, NULL, 0 }),
	    UINT64_C(0xCBF29CE484222325));
}
END_TEST

START_TEST(each_bit_is_in_the_fingerprint)
{
	struct moved m = move(fields, COUNT(fields));
	uint64_t whole = entry_fingerprint(&m.entry);

	for (size_t bit = 0; bit < 8 * m.length; bit++) {
		m.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		ck_assert_uint_ne(entry_fingerprint(&m.entry), whole);
		m.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	ck_assert_uint_eq(entry_fingerprint(&m.entry), whole);
	move_end(&m);
}
END_TEST

/* Move the end of a field by so many bytes. */
static void
shift(struct engine_field *field, long by)
{
	field[0].length = (size_t)((long)field[0].length + by);
	field[1].bytes = (const uint8_t *)field[1].bytes + by;
	field[1].length = (size_t)((long)field[1].length - by);
}

/* The bytes of all fields are the same, but not where a field ends. */
START_TEST(the_lengths_are_in_the_fingerprint)
{
	struct moved m = move(fields, COUNT(fields));
	uint64_t whole = entry_fingerprint(&m.entry);

	for (size_t i = 0; i + 1 < m.entry.count; i++) {
		shift(m.fields + i, -1);
		ck_assert_uint_ne(entry_fingerprint(&m.entry), whole);
		shift(m.fields + i, 1);
	}
	ck_assert_uint_eq(entry_fingerprint(&m.entry), whole);
	move_end(&m);
}
END_TEST

static TCase *
of_making(void)
{
	TCase *tc = tcase_create("making");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, what_was_made_is_parsed);
	tcase_add_test(tc, a_time_before_1970_is_0);
	tcase_add_test(tc, a_client_of_this_machine_is_a_number);
	tcase_add_loop_test(tc, begin_and_hello_survive, 0, 2);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("shared_entry_make");
	TCase *tc = tcase_create("fingerprint");

	tcase_add_test(tc, the_fingerprint_is_this);
	tcase_add_test(tc, each_bit_is_in_the_fingerprint);
	tcase_add_test(tc, the_lengths_are_in_the_fingerprint);
	suite_add_tcase(suite, of_making());
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
