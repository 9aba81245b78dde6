#include "state/record.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

START_TEST(registers_are_kept_high_byte_first)
{
	const uint16_t words[] = { 0x1234, 0xABCD };
	const uint8_t expected[] = { 0x12, 0x34, 0xAB, 0xCD };
	uint16_t back[2];
	uint8_t bytes[4];

	ck_assert_uint_eq(record_size(DATATABLE_REGISTERS, 2), 4);
	record_pack(DATATABLE_REGISTERS, 2, words, bytes);
	ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	record_unpack(DATATABLE_REGISTERS, 2, bytes, back);
	ck_assert_mem_eq(back, words, sizeof(back));
}
END_TEST

/* The example of V1.1b3, clause 6.11: ten coils, CD 01. */
START_TEST(coils_are_kept_as_in_a_pdu)
{
	const uint16_t words[] = { 0x01CD };
	const uint8_t expected[] = { 0xCD, 0x01 };
	uint16_t back[1];
	uint8_t bytes[2];

	ck_assert_uint_eq(record_size(DATATABLE_COILS, 10), 2);
	record_pack(DATATABLE_COILS, 10, words, bytes);
	ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	record_unpack(DATATABLE_COILS, 10, bytes, back);
	ck_assert_mem_eq(back, words, sizeof(back));
}
END_TEST

START_TEST(an_odd_last_byte_of_coils_is_alone)
{
	const uint16_t words[] = { 0xFFFF, 0x0001 };
	const uint8_t expected[] = { 0xFF, 0xFF, 0x01, 0x5A };
	uint16_t back[2] = { 0x5555, 0x5555 };
	uint8_t bytes[4] = { 0x5A, 0x5A, 0x5A, 0x5A };

	ck_assert_uint_eq(record_size(DATATABLE_COILS, 17), 3);
	record_pack(DATATABLE_COILS, 17, words, bytes);
	ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	record_unpack(DATATABLE_COILS, 17, bytes, back);
	ck_assert_mem_eq(back, words, sizeof(back));
}
END_TEST

static struct record_journal
example(void)
{
	return (struct record_journal){
		.number = 7,
		.time = 1795366800123456,
		.client = "192.0.2.1:50000",
		.connection = 12,
		.unit = 1,
		.function = 16,
		.kind = DATATABLE_REGISTERS,
		.address = 40017,
		.quantity = 2,
		.before = { 0, 1, 0, 2 },
		.after = { 0, 3, 0, 4 },
	};
}

static struct record_journal
with_identity(void)
{
	struct record_journal row = example();

	record_set_identity(&row,
	    &(struct identity){ .subject = "CN=HMI 3,O=Plant",
		.issuer = "CN=CA",
		.role = "Operator" });
	return row;
}

/* Rows that were written before there were identities stay valid; it is the
 * checksum that versions 1 and 2 had. */
START_TEST(journal_crc_is_as_ever_without_an_identity)
{
	struct record_journal row = with_identity();

	record_set_identity(&row, NULL);
	ck_assert_uint_eq(record_journal_crc(&row), 0x46FB78B5u);
}
END_TEST

/* Nobody loses an identity unnoticed, nor gets a part of it. */
START_TEST(journal_crc_knows_what_was_emptied)
{
	const struct record_journal full = with_identity();
	struct record_journal row = with_identity();

	row.subject[0] = '\0';
	ck_assert_uint_ne(record_journal_crc(&row), record_journal_crc(&full));
	row.role[0] = '\0';
	ck_assert_uint_ne(record_journal_crc(&row), record_journal_crc(&full));
	row = with_identity();
	row.role[0] = '\0';
	ck_assert_uint_ne(record_journal_crc(&row), record_journal_crc(&full));
	strcat(row.subject, full.role); /* of fewer bytes than its room */
	ck_assert_uint_ne(record_journal_crc(&row), record_journal_crc(&full));
}
END_TEST

/* Any bit of what is kept changes it. */
START_TEST(journal_crc_covers_every_column)
{
	static const struct {
		size_t offset, size;
	} parts[] = {
		{ offsetof(struct record_journal, number), 8 },
		{ offsetof(struct record_journal, time), 8 },
		{ offsetof(struct record_journal, client), 15 },
		{ offsetof(struct record_journal, connection), 8 },
		{ offsetof(struct record_journal, unit), 1 },
		{ offsetof(struct record_journal, function), 1 },
		{ offsetof(struct record_journal, kind), 1 },
		{ offsetof(struct record_journal, address), 2 },
		{ offsetof(struct record_journal, quantity), 2 },
		{ offsetof(struct record_journal, before), 4 },
		{ offsetof(struct record_journal, after), 4 },
		{ offsetof(struct record_journal, subject), 16 },
		{ offsetof(struct record_journal, role), 8 },
	};
	const struct record_journal good = with_identity();
	const uint32_t crc = record_journal_crc(&good);
	unsigned unchanged = 0;

	for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++)
		for (size_t bit = 0; bit < 8 * parts[p].size; bit++) {
			struct record_journal bad = good;
			uint8_t *bytes = (uint8_t *)&bad + parts[p].offset;

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!record_journal_is_valid(&bad))
				continue;
			unchanged += record_journal_crc(&bad) == crc;
		}
	ck_assert_uint_eq(unchanged, 0);
}
END_TEST

START_TEST(block_crc_covers_the_number)
{
	const uint8_t data[SCHEMA_BLOCK_SIZE] = { 0 };

	ck_assert_uint_ne(record_block_crc(0, data), record_block_crc(1, data));
	ck_assert_uint_ne(
	    record_block_crc(0, data), record_block_crc(256, data));
}
END_TEST

START_TEST(knows_a_row_that_cannot_have_been_written)
{
	struct record_journal row = example();

	ck_assert(record_journal_is_valid(&row));
	row.quantity = 0;
	ck_assert(!record_journal_is_valid(&row));
	row.quantity = SCHEMA_QUANTITY_MAX;
	ck_assert(record_journal_is_valid(&row));
	row.quantity++;
	ck_assert(!record_journal_is_valid(&row));
	row = example();
	row.address = 65534;
	ck_assert(record_journal_is_valid(&row));
	row.address = 65535;
	ck_assert(!record_journal_is_valid(&row));
	row = example();
	row.kind = 2;
	ck_assert(!record_journal_is_valid(&row));
	row = example();
	memset(row.client, 'x', sizeof(row.client));
	ck_assert(!record_journal_is_valid(&row));
	row = with_identity();
	ck_assert(record_journal_is_valid(&row));
	memset(row.subject, 'x', sizeof(row.subject));
	ck_assert(!record_journal_is_valid(&row));
	row = with_identity();
	memset(row.role, 'x', sizeof(row.role));
	ck_assert(!record_journal_is_valid(&row));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");

	tcase_add_test(tc, registers_are_kept_high_byte_first);
	tcase_add_test(tc, coils_are_kept_as_in_a_pdu);
	tcase_add_test(tc, an_odd_last_byte_of_coils_is_alone);
	tcase_add_test(tc, journal_crc_is_as_ever_without_an_identity);
	tcase_add_test(tc, journal_crc_knows_what_was_emptied);
	tcase_add_test(tc, journal_crc_covers_every_column);
	tcase_add_test(tc, block_crc_covers_the_number);
	tcase_add_test(tc, knows_a_row_that_cannot_have_been_written);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
