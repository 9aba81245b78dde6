#include "shared/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "one_table.h"
#include "suite.h"

/* Places in a snapshot. */
#define MODE     8
#define NUMBER   9
#define COUNT    25
#define SESSIONS 26

/* A test runs once per overlay, its loop index. r is of the table, a copy is
 * of a table of its own. */
static struct replica r, copy;
static uint8_t *bytes; /* of r; a block of exactly their length */
static size_t length;

/* A sanitizer sees who reads past the end. */
static void
encode(void)
{
	uint8_t *room = malloc(SNAPSHOT_MAX);

	ck_assert_ptr_nonnull(room);
	length = snapshot_encode(&r, room);
	bytes = malloc(length);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, room, length);
	free(room);
}

static void
must_not_be_told(void *arg, const struct datatable_change *change)
{
	(void)arg;
	(void)change;
	ck_abort_msg("an observer was told");
}

static struct datatable_observer observer = { .changed = must_not_be_told };

static void
fill_table(void)
{
	for (unsigned i = 0; i < 65536; i++)
		set_register(i, (uint16_t)(i * 40503U + 1));
	for (unsigned i = 0; i < 65536; i += 3)
		set_coil(i, 1);
}

static void
begin(int overlay)
{
	enum datatable_overlay mode = (enum datatable_overlay)overlay;

	start(overlay);
	fill_table();
	replica_init(&r, table, mode);
	r.number = UINT64_C(0x0123456789ABCDEF);
	r.fingerprint = UINT64_C(0xFEDCBA9876543210);
	sessions_open(&r.sessions, UINT64_MAX, 0, 5);
	sessions_open(&r.sessions, 3, 0, r.number);
	encode();
	replica_init(&copy, datatable_new(mode), mode);
	ck_assert_ptr_nonnull(copy.table);
	copy.number = 77;
	copy.since_snapshot = 9;
	datatable_observe(copy.table, &observer);
}

static void
end(void)
{
	datatable_free(copy.table);
	free(bytes);
	teardown();
}

static bool
is_same_table(void)
{
	uint16_t a[4096], b[4096];

	if (memcmp(datatable_registers(r.table, 0),
		datatable_registers(copy.table, 0), 131072) != 0)
		return false;
	for (unsigned i = 0; i < 65536; i += 32768) {
		datatable_read_coils(r.table, (uint16_t)i, 32768, a);
		datatable_read_coils(copy.table, (uint16_t)i, 32768, b);
		if (memcmp(a, b, 4096) != 0)
			return false;
	}
	return true;
}

/* Nothing of it is as in a snapshot. */
static bool
is_untouched(void)
{
	static const uint16_t zeros[65536];
	uint16_t coils[2048];

	for (unsigned i = 0; i < 65536; i += 32768) {
		datatable_read_coils(copy.table, (uint16_t)i, 32768, coils);
		if (memcmp(coils, zeros, sizeof(coils)) != 0)
			return false;
	}
	return copy.number == 77 && copy.since_snapshot == 9 &&
	    copy.fingerprint == 0 && copy.sessions.count == 0 &&
	    memcmp(datatable_registers(copy.table, 0), zeros, sizeof(zeros)) ==
	    0;
}

/* The checksum is right again. */
static void
sum(void)
{
	bytes_put_little(bytes + length - 4, crc32c(0, bytes, length - 4), 4);
}

static void
must_be_refused(void)
{
	ck_assert_int_eq(snapshot_decode(bytes, length, &copy), -1);
}

START_TEST(a_snapshot_is_the_replica)
{
	struct datatable *own;

	begin(_i);
	own = copy.table;
	ck_assert_int_eq(snapshot_decode(bytes, length, &copy), 0);
	ck_assert_ptr_eq(copy.table, own);
	ck_assert_int_eq(copy.overlay, r.overlay);
	ck_assert_uint_eq(copy.number, r.number);
	ck_assert_uint_eq(copy.fingerprint, r.fingerprint);
	ck_assert_uint_eq(copy.since_snapshot, 0);
	ck_assert_uint_eq(copy.sessions.count, 2);
	ck_assert_mem_eq(
	    copy.sessions.open, r.sessions.open, 2 * sizeof(*r.sessions.open));
	ck_assert(is_same_table());
	end();
}
END_TEST

START_TEST(any_number_of_sessions_survives)
{
	uint8_t room[SNAPSHOT_MAX];

	begin(_i);
	memset(&r.sessions, 0, sizeof(r.sessions));
	for (size_t n = 0;; n++) {
		size_t size = snapshot_encode(&r, room);

		ck_assert_uint_le(size, SNAPSHOT_MAX);
		ck_assert_int_eq(snapshot_decode(room, size, &copy), 0);
		ck_assert_uint_eq(copy.sessions.count, n);
		ck_assert_mem_eq(copy.sessions.open, r.sessions.open,
		    n * sizeof(*r.sessions.open));
		if (n == SESSIONS_MAX)
			break;
		sessions_open(&r.sessions, n + 1, 0, n + 100);
	}
	end();
}
END_TEST

/* The same bytes on every machine. */
START_TEST(numbers_are_little_endian)
{
	static const uint8_t numbers[] = { 0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45,
		0x23, 0x01, 0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE, 2,
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0, 0, 0, 0,
		0, 0, 0, 3 };

	begin(_i);
	set_register(1, 0x1234);
	free(bytes);
	encode();
	ck_assert_mem_eq(bytes, "MBSHARE1", 8);
	ck_assert_int_eq(bytes[MODE], _i == DATATABLE_OVERLAID ? 'o' : 's');
	ck_assert_mem_eq(bytes + NUMBER, numbers, sizeof(numbers));
	ck_assert_mem_eq(bytes + SESSIONS + 2 * 16 + 2, "\x34\x12", 2);
	ck_assert_uint_eq(length,
	    SESSIONS + 2 * 16 + 131072 + (_i == DATATABLE_OVERLAID ? 0 : 8192) +
		4);
	end();
}
END_TEST

/* Every byte of what has a structure, and of the table one in a hundred, as
 * each needs a checksum of everything. */
START_TEST(a_damaged_byte_is_seen)
{
	begin(_i);
	for (size_t i = 0; i < length;) {
		bytes[i] ^= (uint8_t)(1U << i % 8);
		must_be_refused();
		bytes[i] ^= (uint8_t)(1U << i % 8);
		i += i < SESSIONS + 2 * 16 || i + 128 >= length ? 1 : 101;
	}
	ck_assert(is_untouched());
	ck_assert_int_eq(snapshot_decode(bytes, length, &copy), 0);
	end();
}
END_TEST

START_TEST(a_part_is_refused)
{
	unsigned accepted = 0;

	begin(_i);
	for (size_t n = 0; n < length; n++)
		accepted += snapshot_decode(bytes, n, &copy) == 0;
	ck_assert_uint_eq(accepted, 0);
	ck_assert_int_eq(snapshot_decode(NULL, 0, &copy), -1);
	ck_assert(is_untouched());
	end();
}
END_TEST

/* Each part has a checksum that is right for it. */
START_TEST(a_part_with_a_checksum_is_refused)
{
	static const size_t parts[] = { 4, 8, 12, COUNT, SESSIONS, SESSIONS + 4,
		SESSIONS + 36, 131072, 131072 + 30 };
	size_t whole;

	begin(_i);
	whole = length;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		length = parts[i];
		sum();
		must_be_refused();
	}
	length = whole - 1;
	sum();
	must_be_refused();
	ck_assert(is_untouched());
	end();
}
END_TEST

START_TEST(a_byte_more_is_refused)
{
	begin(_i);
	bytes = realloc(bytes, ++length);
	ck_assert_ptr_nonnull(bytes);
	sum();
	must_be_refused();
	ck_assert(is_untouched());
	end();
}
END_TEST

static const struct {
	size_t at;
	uint8_t byte;
} wrong[] = {
	{ 0, 'm' },
	{ 7, '2' }, /* another version */
	{ 7, '0' },
	{ MODE, 'S' },
	{ MODE, 0 },
	{ COUNT, 0 },
	{ COUNT, 1 },
	{ COUNT, 3 },
	{ COUNT, SESSIONS_MAX },
	{ COUNT, SESSIONS_MAX + 1 },
	{ COUNT, 255 },
	{ SESSIONS + 16 + 15, 2 }, /* has spoken behind the snapshot */
	{ SESSIONS + 16 + 8, 0xF0 },
};

#define WRONG (sizeof(wrong) / sizeof(*wrong))

START_TEST(what_is_wrong_in_spite_of_its_checksum_is_refused)
{
	begin(_i);
	for (size_t i = 0; i < WRONG; i++) {
		uint8_t right = bytes[wrong[i].at];

		bytes[wrong[i].at] = wrong[i].byte;
		sum();
		must_be_refused();
		bytes[wrong[i].at] = right;
	}
	memset(bytes + SESSIONS + 16, 0, 8); /* no session */
	sum();
	must_be_refused();
	memcpy(bytes + SESSIONS + 16, bytes + SESSIONS, 8); /* twice */
	sum();
	must_be_refused();
	ck_assert(is_untouched());
	end();
}
END_TEST

/* As long as they would make it. */
START_TEST(more_sessions_than_can_be_open_are_refused)
{
	size_t more = (SESSIONS_MAX + 1 - 2) * 16;

	begin(_i);
	bytes = realloc(bytes, length + more);
	ck_assert_ptr_nonnull(bytes);
	memmove(bytes + SESSIONS + more, bytes + SESSIONS, length - SESSIONS);
	for (uint8_t i = 0; i < SESSIONS_MAX + 1; i++)
		bytes_put_little(
		    bytes_put_little(bytes + SESSIONS + 16 * i, 100U + i, 8), i,
		    8);
	length += more;
	bytes[COUNT] = SESSIONS_MAX + 1;
	sum();
	must_be_refused();
	ck_assert(is_untouched());
	end();
}
END_TEST

START_TEST(a_snapshot_is_of_an_entry)
{
	begin(_i);
	memset(bytes + NUMBER, 0, 8);
	memset(bytes + SESSIONS + 8, 0, 8);
	memset(bytes + SESSIONS + 16 + 8, 0, 8);
	sum();
	must_be_refused();
	bytes[NUMBER] = 1;
	sum();
	ck_assert_int_eq(snapshot_decode(bytes, length, &copy), 0);
	end();
}
END_TEST

START_TEST(the_other_mode_is_refused)
{
	begin(_i);
	copy.overlay =
	    _i == DATATABLE_OVERLAID ? DATATABLE_SEPARATE : DATATABLE_OVERLAID;
	must_be_refused();
	/* Nor does it help to say so: the length is wrong then. */
	bytes[MODE] = _i == DATATABLE_OVERLAID ? 's' : 'o';
	sum();
	must_be_refused();
	ck_assert(is_untouched());
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shared_snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_loop_test(tc, a_snapshot_is_the_replica, 0, 2);
	tcase_add_loop_test(tc, any_number_of_sessions_survives, 0, 2);
	tcase_add_loop_test(tc, numbers_are_little_endian, 0, 2);
	tcase_add_loop_test(tc, a_damaged_byte_is_seen, 0, 2);
	tcase_add_loop_test(tc, a_part_is_refused, 0, 2);
	tcase_add_loop_test(tc, a_part_with_a_checksum_is_refused, 0, 2);
	tcase_add_loop_test(tc, a_byte_more_is_refused, 0, 2);
	tcase_add_loop_test(
	    tc, what_is_wrong_in_spite_of_its_checksum_is_refused, 0, 2);
	tcase_add_loop_test(
	    tc, more_sessions_than_can_be_open_are_refused, 0, 2);
	tcase_add_loop_test(tc, a_snapshot_is_of_an_entry, 0, 2);
	tcase_add_loop_test(tc, the_other_mode_is_refused, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
