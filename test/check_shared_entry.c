#include <string.h>

#include "base/identity.h"
#include "modbus/modbus.h"
#include "shared/entry.h"
#include "suite.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))
#define F(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

#define S   F("s"), F("00000000000000a1")
#define N   F("n"), F("7")
#define C   F("c"), F("192.0.2.1:1502")
#define U   F("u"), F("17")
#define T   F("t"), F("1700000000123")
#define WHO F("subject"), F("CN=a"), F("issuer"), F("CN=b"), F("role"), F("c")
#define P   F("p"), F("\x06\0\1\0\2")

static const struct engine_field write_fields[] = { S, N, C, U, T, P };
static const struct engine_field named_fields[] = { S, N, C, U, T, WHO, P };
static const struct engine_field hello_fields[] = { F("hello"),
	F("00000000000000a1"), F("closes"), F("0"), F("host"), F("a:502") };
static const struct engine_field begin_fields[] = { F("begin"), F("s"),
	F("version"), F("1") };
static const struct engine_field snapshot_fields[] = { F("snapshot"),
	F("100") };

/* Good entries, one of each kind and form. */
static const struct engine_entry good[] = {
	{ 1, write_fields, COUNT(write_fields) },
	{ 2, named_fields, COUNT(named_fields) },
	{ 3, hello_fields, COUNT(hello_fields) },
	{ 4, begin_fields, COUNT(begin_fields) },
	{ 5, snapshot_fields, COUNT(snapshot_fields) },
};

enum {
	WRITE,
	NAMED,
	HELLO,
	BEGIN,
	SNAPSHOT
};

#define FIELDS_MAX 32

/* A copy of a good entry, to be changed. */
static struct engine_field fields[FIELDS_MAX];
static struct engine_entry entry;

static void
copy(int which)
{
	entry = good[which];
	memcpy(fields, entry.fields, entry.count * sizeof(*fields));
	entry.fields = fields;
}

static int
parse(void)
{
	struct entry e;

	return entry_parse(&entry, &e);
}

static bool
is(struct engine_field field, const char *text)
{
	return field.length == strlen(text) &&
	    memcmp(field.bytes, text, field.length) == 0;
}

START_TEST(a_write_means_this)
{
	struct address address;
	struct entry e;

	ck_assert_int_eq(entry_parse(&good[NAMED], &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_WRITE);
	ck_assert_uint_eq(e.session, 0xA1);
	ck_assert_uint_eq(e.number, 7);
	ck_assert_int_eq(address_parse_client("192.0.2.1:1502", &address), 0);
	ck_assert_mem_eq(&e.address, &address, sizeof(address));
	ck_assert_uint_eq(e.unit, 17);
	ck_assert_int_eq(e.time, 1700000000123);
	ck_assert(is(e.subject, "CN=a"));
	ck_assert(is(e.issuer, "CN=b"));
	ck_assert(is(e.role, "c"));
	ck_assert_uint_eq(e.pdu_count, 1);
	ck_assert_uint_eq(entry_pdu(&e, 0).length, 5);
	ck_assert_mem_eq(entry_pdu(&e, 0).bytes, "\x06\0\1\0\2", 5);
}
END_TEST

START_TEST(others_mean_this)
{
	struct entry e;

	ck_assert_int_eq(entry_parse(&good[HELLO], &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_HELLO);
	ck_assert_uint_eq(e.session, 0xA1);
	ck_assert_uint_eq(e.closes, 0);
	ck_assert(is(e.host, "a:502"));
	ck_assert_int_eq(entry_parse(&good[BEGIN], &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_BEGIN);
	ck_assert_int_eq(e.overlay, DATATABLE_SEPARATE);
	ck_assert_uint_eq(e.pdu_count, 0);
	ck_assert_int_eq(entry_parse(&good[SNAPSHOT], &e), 0);
	ck_assert_int_eq(e.kind, ENTRY_SNAPSHOT);
	ck_assert_uint_eq(e.number, 100);
}
END_TEST

START_TEST(every_field_is_needed)
{
	for (size_t i = 0; i < good[_i].count; i += 2) {
		copy(_i);
		memmove(fields + i, fields + i + 2,
		    (entry.count - i - 2) * sizeof(*fields));
		entry.count -= 2;
		ck_assert_msg(parse() != 0, "field %zu", i);
	}
}
END_TEST

START_TEST(no_field_comes_twice)
{
	for (size_t i = 0; i < good[_i].count; i += 2) {
		copy(_i);
		if (is(fields[i], "p"))
			continue;
		memmove(fields + i + 2, fields + i,
		    (entry.count - i) * sizeof(*fields));
		entry.count += 2;
		ck_assert_msg(parse() != 0, "field %zu", i);
	}
}
END_TEST

START_TEST(fields_have_an_order)
{
	for (size_t i = 0; i + 2 < good[_i].count; i += 2) {
		struct engine_field pair[2];

		copy(_i);
		memcpy(pair, fields + i, sizeof(pair));
		memmove(fields + i, fields + i + 2, sizeof(pair));
		memcpy(fields + i + 2, pair, sizeof(pair));
		ck_assert_msg(parse() != 0, "field %zu", i);
	}
}
END_TEST

START_TEST(unknown_names_are_refused)
{
	static const struct engine_field names[] = { F("x"), F(""), F("S"),
		F("pp"), F("s\0"), { NULL, 0 } };

	for (int n = 0; n < COUNT(names); n++) {
		for (size_t i = 0; i < good[_i].count; i += 2) {
			copy(_i);
			fields[i] = names[n];
			ck_assert_msg(parse() != 0, "field %zu", i);
		}
		copy(_i);
		fields[entry.count++] = names[n];
		fields[entry.count++] = names[n];
		ck_assert_int_ne(parse(), 0);
	}
}
END_TEST

START_TEST(a_part_of_an_entry_is_none)
{
	for (size_t count = 0; count < good[_i].count; count++) {
		copy(_i);
		entry.count = count;
		ck_assert_msg(parse() != 0, "%zu fields", count);
	}
}
END_TEST

/* The value behind one name, in a good entry. */
static const struct {
	int which;
	const char *name;
	struct engine_field value;
} refused[] = {
	{ WRITE, "s", F("0000000000000000") },
	{ WRITE, "s", F("00000000000000A1") },
	{ WRITE, "s", F("00000000000000g1") },
	{ WRITE, "s", F("0x000000000000a1") },
	{ WRITE, "s", F(" 0000000000000a1") },
	{ WRITE, "s", F("-000000000000001") },
	{ WRITE, "s", F("00000000000000a") },
	{ WRITE, "s", F("000000000000000a1") },
	{ WRITE, "s", F("0000000\0000000a1") },
	{ WRITE, "s", F("a1") },
	{ WRITE, "s", F("") },
	{ WRITE, "s", { NULL, 0 } },
	{ WRITE, "n", F("0") },
	{ WRITE, "n", F("07") },
	{ WRITE, "n", F("+7") },
	{ WRITE, "n", F("-7") },
	{ WRITE, "n", F(" 7") },
	{ WRITE, "n", F("7 ") },
	{ WRITE, "n", F("7\n") },
	{ WRITE, "n", F("7\0") },
	{ WRITE, "n", F("7.0") },
	{ WRITE, "n", F("0x7") },
	{ WRITE, "n", F("") },
	{ WRITE, "n", F("18446744073709551616") },
	{ WRITE, "n", F("99999999999999999999") },
	{ WRITE, "n", F("100000000000000000000") },
	{ WRITE, "n", F("1000000000000000000000000000000000000000") },
	{ WRITE, "c", F("") },
	{ WRITE, "c", F("plc.example:502") },
	{ WRITE, "c", F("192.0.2.1:") },
	{ WRITE, "c", F("192.0.2.1:65536") },
	{ WRITE, "c", F("192.0.2.1:1502\0") },
	{ WRITE, "c", F("192.0.2:1502") },
	{ WRITE, "c", F(" 192.0.2.1:1502") },
	{ WRITE, "c", F("[::1]1502") },
	{ WRITE, "c", F("[::1") },
	{ WRITE, "c", F("[fe80::1%lo]:1502") },
	{ WRITE, "c", F("fe80::1%lo") },
	{ WRITE, "c", F("[fe80::1%]:1502") },
	{ WRITE, "c", F("[fe80::1%4294967296]:1502") },
	{ WRITE, "c", F("[fe80::1%-1]:1502") },
	{ WRITE, "c", F("[fe80::1%0]:1502") },
	{ WRITE, "c", F("[fe80::1%02]:1502") },
	{ WRITE, "c", F("[fe80::1%2%2]:1502") },
	{ WRITE, "c", F("[fe80::1]:1502%2") },
	{ WRITE, "c", F("[fe80::1]%2:1502") },
	{ WRITE, "c", F("fe80::1%2]:1502") },
	{ WRITE, "c", F("[::ffff:192.0.2.1%2]:1502") },
	{ WRITE, "c", F("192.0.2.1:1502%2") },
	{ WRITE, "c", F("192.0.2.1%2") },
	{ WRITE, "c", F("start%2") },
	{ WRITE, "c", F("%2") },
	{ WRITE, "c", F("Start") },
	{ WRITE, "c", F("start:1") },
	{ WRITE, "u", F("256") },
	{ WRITE, "u", F("00") },
	{ WRITE, "u", F("-1") },
	{ WRITE, "u", F("") },
	{ WRITE, "t", F("-1") },
	{ WRITE, "t", F("01") },
	{ WRITE, "t", F("9223372036854775808") },
	{ WRITE, "p", F("") },
	{ WRITE, "p", { NULL, 0 } },
	{ WRITE, "p", F("\x03\0\1\0\2") },   /* reads */
	{ WRITE, "p", F("\x06\0\1\0") },     /* is short */
	{ WRITE, "p", F("\x06\0\1\0\2\0") }, /* is long */
	{ WRITE, "p", F("\x05\0\1\0\2") },   /* neither on nor off */
	{ WRITE, "p", F("\x10\xFF\xFF\0\2\4\0\0\0\0") }, /* past the end */
	{ WRITE, "p", F("\x10\0\0\0\0\0") },             /* writes nothing */
	{ WRITE, "p", F("\x86\2") },                     /* an exception */
	{ WRITE, "p", F("\x08\0\0\xA5\x37") },           /* an echo */
	{ NAMED, "subject", F("") },
	{ NAMED, "subject", F("CN=\x7F") },
	{ NAMED, "subject", F("CN=\0") },
	{ NAMED, "subject", F("CN=\n") },
	{ NAMED, "subject", F("CN=\xC3\xA4") },
	{ NAMED, "issuer", F("\x1F") },
	{ NAMED, "role", F("\n") },
	{ NAMED, "role", F("a\0") },
	{ NAMED, "role", F("\xC2\x85") },
	{ NAMED, "role", F("\xED\xA0\x80") },
	{ HELLO, "hello", F("0000000000000000") },
	{ HELLO, "hello", F("0") },
	{ HELLO, "closes", F("0000000000000000") },
	{ HELLO, "closes", F("00") },
	{ HELLO, "closes", F("") },
	{ HELLO, "closes", F("1") },
	{ HELLO, "host", F("") },
	{ HELLO, "host", F("a\nb") },
	{ HELLO, "host", F("a\xFF") },
	{ BEGIN, "begin", F("") },
	{ BEGIN, "begin", F("S") },
	{ BEGIN, "begin", F("so") },
	{ BEGIN, "begin", { NULL, 0 } },
	{ BEGIN, "version", F("0") },
	{ BEGIN, "version", F("2") },
	{ BEGIN, "version", F("01") },
	{ SNAPSHOT, "snapshot", F("0") },
	{ SNAPSHOT, "snapshot", F("1-100") },
	{ SNAPSHOT, "snapshot", F("0100") },
};

/* Replace the value behind a name. */
static void
replace(const char *name, struct engine_field value)
{
	for (size_t i = 0; i < entry.count; i += 2)
		if (is(fields[i], name))
			fields[i + 1] = value;
}

START_TEST(this_value_is_refused)
{
	copy(refused[_i].which);
	ck_assert_int_eq(parse(), 0);
	replace(refused[_i].name, refused[_i].value);
	ck_assert_int_ne(parse(), 0);
}
END_TEST

static const struct {
	int which;
	const char *name;
	struct engine_field value;
} accepted[] = {
	{ WRITE, "s", F("ffffffffffffffff") },
	{ WRITE, "n", F("18446744073709551615") },
	{ WRITE, "c", F("0.0.0.0:0") },
	{ WRITE, "c", F("255.255.255.255:65535") },
	{ WRITE, "c", F("192.0.2.1") },
	{ WRITE, "c", F("[::1]:1502") },
	{ WRITE, "c", F("[fe80::1%4294967295]:1502") },
	{ WRITE, "c", F("fe80::1%2") },
	{ WRITE, "c", F("start") },
	{ WRITE, "c", F("simulation") },
	{ WRITE, "u", F("0") },
	{ WRITE, "u", F("255") },
	{ WRITE, "t", F("0") },
	{ WRITE, "t", F("9223372036854775807") },
	{ NAMED, "issuer", F("") },
	{ NAMED, "issuer", { NULL, 0 } },
	{ NAMED, "role", F("") },
	{ NAMED, "role", { NULL, 0 } },
	{ NAMED, "role", F("W\xC3\xA4rter") },
	{ HELLO, "closes", F("00000000000000a2") },
	{ BEGIN, "begin", F("o") },
	{ SNAPSHOT, "snapshot", F("18446744073709551615") },
};

START_TEST(this_value_is_accepted)
{
	copy(accepted[_i].which);
	replace(accepted[_i].name, accepted[_i].value);
	ck_assert_int_eq(parse(), 0);
}
END_TEST

/* A text of each length up to one too many. */
START_TEST(texts_have_the_lengths_of_an_identity)
{
	static const struct {
		int which;
		const char *name;
		size_t min, max;
	} texts[] = {
		{ NAMED, "subject", 1, IDENTITY_NAME_SIZE - 1 },
		{ NAMED, "issuer", 0, IDENTITY_NAME_SIZE - 1 },
		{ NAMED, "role", 0, IDENTITY_ROLE_SIZE - 1 },
		{ HELLO, "host", 1, ENTRY_HOST_MAX },
	};
	char text[ENTRY_HOST_MAX + 1];

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < COUNT(texts); i++) {
		copy(texts[i].which);
		for (size_t n = 0; n <= texts[i].max + 1; n++) {
			replace(
			    texts[i].name, (struct engine_field){ text, n });
			ck_assert_int_eq(parse() == 0,
			    n >= texts[i].min && n <= texts[i].max);
		}
	}
}
END_TEST

START_TEST(a_pdu_of_254_bytes_is_refused)
{
	uint8_t pdu[MB_PDU_MAX + 1] = { 16, 0, 0, 0, 123, 246 };

	copy(WRITE);
	replace("p", (struct engine_field){ pdu, 6 + 246 });
	ck_assert_int_eq(parse(), 0);
	pdu[4]++;
	pdu[5] += 2;
	replace("p", (struct engine_field){ pdu, 6 + 248 });
	ck_assert_int_ne(parse(), 0);
	memcpy(pdu, "\x17\0\0\0\1\0\0\0\x79\xF2", 10);
	replace("p", (struct engine_field){ pdu, 10 + 242 });
	ck_assert_int_eq(parse(), 0);
}
END_TEST

/* The last of the PDUs is wrong. */
START_TEST(every_pdu_is_looked_at)
{
	static const struct engine_field wrong[] = { P, P, F("p"),
		F("\x03\0\0\0\1") };
	int which = _i == 0 ? WRITE : BEGIN;

	copy(which);
	memcpy(fields + entry.count, wrong, sizeof(wrong));
	entry.count += 4;
	ck_assert_int_eq(parse(), 0);
	entry.count += 2;
	ck_assert_int_ne(parse(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_entry");
	TCase *tc = tcase_create("parsing");

	tcase_add_test(tc, a_write_means_this);
	tcase_add_test(tc, others_mean_this);
	tcase_add_loop_test(tc, every_field_is_needed, 0, COUNT(good));
	tcase_add_loop_test(tc, no_field_comes_twice, 0, COUNT(good));
	tcase_add_loop_test(tc, fields_have_an_order, 0, COUNT(good));
	tcase_add_loop_test(tc, unknown_names_are_refused, 0, COUNT(good));
	tcase_add_loop_test(tc, a_part_of_an_entry_is_none, 0, COUNT(good));
	tcase_add_loop_test(tc, this_value_is_refused, 0, COUNT(refused));
	tcase_add_loop_test(tc, this_value_is_accepted, 0, COUNT(accepted));
	tcase_add_test(tc, texts_have_the_lengths_of_an_identity);
	tcase_add_test(tc, a_pdu_of_254_bytes_is_refused);
	tcase_add_loop_test(tc, every_pdu_is_looked_at, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
