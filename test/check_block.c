#include "state/block.h"

#include "base/client.h"
#include "suite.h"

static const struct client somebody = { .id = 1 };
static const struct datatable_writer writer = { .client = &somebody };

START_TEST(an_overlaid_table_has_no_blocks_of_coils)
{
	ck_assert_uint_eq(block_count(DATATABLE_OVERLAID), 512);
	ck_assert_uint_eq(block_count(DATATABLE_SEPARATE), 544);
}
END_TEST

START_TEST(block_511_ends_with_register_65535)
{
	struct datatable *t = datatable_new(DATATABLE_SEPARATE);
	const uint16_t words[2] = { 0x1234, 0xABCD };
	const uint8_t expected[4] = { 0x12, 0x34, 0xAB, 0xCD };
	uint8_t bytes[SCHEMA_BLOCK_SIZE];

	datatable_write_registers(t, &writer, 65534, 2, words);
	block_encode(t, 511, bytes);
	ck_assert_mem_eq(bytes + SCHEMA_BLOCK_SIZE - 4, expected, 4);
	datatable_free(t);
}
END_TEST

START_TEST(block_512_begins_with_coil_0)
{
	struct datatable *t = datatable_new(DATATABLE_SEPARATE);
	const uint16_t coils = 1;
	uint8_t bytes[SCHEMA_BLOCK_SIZE];

	datatable_write_coils(t, &writer, 0, 1, &coils);
	datatable_write_coils(t, &writer, 2047, 1, &coils);
	block_encode(t, 512, bytes);
	ck_assert_uint_eq(bytes[0], 0);
	ck_assert_uint_eq(bytes[1], 1);
	ck_assert_uint_eq(bytes[SCHEMA_BLOCK_SIZE - 2], 0x80);
	datatable_free(t);
}
END_TEST

/* Both overlays, by the loop. */
/* _i: the mode of the tables. */
START_TEST(blocks_in_which_tables_differ_are_marked)
{
	const enum datatable_overlay overlay = (enum datatable_overlay)_i;
	struct datatable *a = datatable_new(overlay);
	struct datatable *b = datatable_new(overlay);
	bool dirty[SCHEMA_BLOCKS] = { [3] = true };
	const uint16_t one = 1;

	datatable_write_registers(a, &writer, 128, 1, &one);
	datatable_write_registers(b, &writer, 65535, 1, &one);
	datatable_write_coils(b, &writer, 2048 * 20, 1, &one);
	datatable_write_registers(a, &writer, 10, 1, &one);
	datatable_write_registers(b, &writer, 10, 1, &one);
	block_mark_differences(dirty, overlay, a, b);
	for (unsigned i = 0; i < SCHEMA_BLOCKS; i++)
		ck_assert_int_eq(dirty[i],
		    i == 3 || i == 1 || i == 511 ||
			i == (overlay == DATATABLE_OVERLAID ? 20U : 532U));
	datatable_free(a);
	datatable_free(b);
}
END_TEST

START_TEST(what_was_encoded_is_decoded_to_the_same_table)
{
	enum datatable_overlay overlay =
	    _i == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID;
	struct datatable *t = datatable_new(overlay);
	uint8_t bytes[SCHEMA_BLOCK_SIZE], back[SCHEMA_BLOCK_SIZE];

	for (unsigned i = 0; i < block_count(overlay); i++) {
		for (unsigned k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)((i * 256 + k) * 2654435761U >> 13);
		block_decode(t, i, bytes);
		block_encode(t, i, back);
		ck_assert_mem_eq(back, bytes, sizeof(bytes));
	}
	for (unsigned i = 0; i < block_count(overlay); i++) {
		block_encode(t, i, back);
		ck_assert_uint_eq(
		    back[5], (uint8_t)((i * 256 + 5) * 2654435761U >> 13));
	}
	datatable_free(t);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("block");
	TCase *tc = tcase_create("block");

	tcase_add_test(tc, an_overlaid_table_has_no_blocks_of_coils);
	tcase_add_test(tc, block_511_ends_with_register_65535);
	tcase_add_test(tc, block_512_begins_with_coil_0);
	tcase_add_loop_test(tc, blocks_in_which_tables_differ_are_marked, 0, 2);
	tcase_add_loop_test(
	    tc, what_was_encoded_is_decoded_to_the_same_table, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
