#include "table/datatable.h"

#include <stdlib.h>
#include <string.h>

#include "one_table.h"
#include "suite.h"

#define ADDRESSES 65536

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* xorshift32 */
static uint16_t
random_word(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return (uint16_t)(x >> 8);
}

/* All 65,536 registers; two reads, because a quantity is at most 65,535. */
static void
get_all_registers(uint16_t *out)
{
	datatable_read_registers(table, 0, 65535, out);
	datatable_read_registers(table, 65535, 1, out + 65535);
}

/* All 65,536 coils, packed into 4,096 words. */
static void
get_all_coils(uint16_t *out)
{
	datatable_read_coils(table, 0, 32768, out);
	datatable_read_coils(table, 32768, 32768, out + 2048);
}

static void
fill_registers(uint16_t value)
{
	uint16_t values[1024];

	for (size_t i = 0; i < LENGTH(values); i++)
		values[i] = value;
	for (unsigned i = 0; i < ADDRESSES; i += LENGTH(values))
		datatable_write_registers(
		    table, &writer, (uint16_t)i, LENGTH(values), values);
}

static void
fill_coils(uint16_t word)
{
	uint16_t packed[64];

	for (size_t i = 0; i < LENGTH(packed); i++)
		packed[i] = word;
	for (unsigned i = 0; i < ADDRESSES; i += 1024)
		datatable_write_coils(
		    table, &writer, (uint16_t)i, 1024, packed);
}

/* All of words[0..number - 1] are value. */
static void
assert_all(const uint16_t *words, size_t number, uint16_t value)
{
	for (size_t i = 0; i < number; i++)
		if (words[i] != value)
			ck_abort_msg("word %zu is 0x%04X, not 0x%04X", i,
			    words[i], value);
}

static uint16_t words[ADDRESSES];

START_TEST(all_is_zero_at_the_start)
{
	start(_i);
	get_all_registers(words);
	assert_all(words, ADDRESSES, 0);
	get_all_coils(words);
	assert_all(words, 4096, 0);
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	datatable_free(NULL);
}
END_TEST

START_TEST(first_and_last_register_are_written_and_read)
{
	start(_i);
	set_register(0, 0x1234);
	set_register(65535, 0xABCD);
	ck_assert_uint_eq(get_register(0), 0x1234);
	ck_assert_uint_eq(get_register(65535), 0xABCD);
	ck_assert_uint_eq(get_register(1), 0);
	ck_assert_uint_eq(get_register(65534), 0);
}
END_TEST

START_TEST(first_and_last_coil_are_written_and_read)
{
	start(_i);
	set_coil(0, 1);
	set_coil(65535, 1);
	ck_assert_uint_eq(get_coil(0), 1);
	ck_assert_uint_eq(get_coil(1), 0);
	ck_assert_uint_eq(get_coil(65534), 0);
	ck_assert_uint_eq(get_coil(65535), 1);
	set_coil(0, 0);
	set_coil(65535, 0);
	get_all_coils(words);
	assert_all(words, 4096, 0);
}
END_TEST

START_TEST(every_register_keeps_its_own_value)
{
	start(_i);
	for (unsigned i = 0; i < ADDRESSES; i++)
		set_register(i, (uint16_t)(i * 40503U));
	get_all_registers(words);
	for (unsigned i = 0; i < ADDRESSES; i++)
		if (words[i] != (uint16_t)(i * 40503U))
			ck_abort_msg("register %u", i);
}
END_TEST

START_TEST(every_coil_is_itself_and_no_other)
{
	start(_i);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		set_coil(i, 1);
		if (get_coil(i) != 1 || (i > 0 && get_coil(i - 1) != 0) ||
		    (i < 65535 && get_coil(i + 1) != 0))
			ck_abort_msg("coil %u", i);
		set_coil(i, 0);
	}
	get_all_coils(words);
	assert_all(words, 4096, 0);
}
END_TEST

START_TEST(almost_the_whole_table_is_read_at_once)
{
	start(_i);
	set_register(0, 1);
	set_register(1, 2);
	set_register(65534, 3);
	set_register(65535, 4);
	datatable_read_registers(table, 0, 65535, words);
	ck_assert_uint_eq(words[0], 1);
	ck_assert_uint_eq(words[65534], 3);
	datatable_read_registers(table, 1, 65535, words);
	ck_assert_uint_eq(words[0], 2);
	ck_assert_uint_eq(words[65534], 4);

	fill_coils(0xFFFF);
	datatable_read_coils(table, 0, 65535, words);
	assert_all(words, 4095, 0xFFFF);
	ck_assert_uint_eq(words[4095], 0x7FFF);
	datatable_read_coils(table, 1, 65535, words);
	assert_all(words, 4095, 0xFFFF);
	ck_assert_uint_eq(words[4095], 0x7FFF);
}
END_TEST

START_TEST(most_registers_of_one_write_fit_at_the_end)
{
	uint16_t values[DATATABLE_WRITE_MAX];

	start(_i);
	for (uint16_t i = 0; i < DATATABLE_WRITE_MAX; i++)
		values[i] = random_word();
	datatable_write_registers(table, &writer,
	    ADDRESSES - DATATABLE_WRITE_MAX, DATATABLE_WRITE_MAX, values);
	datatable_read_registers(
	    table, ADDRESSES - DATATABLE_WRITE_MAX, DATATABLE_WRITE_MAX, words);
	ck_assert_mem_eq(words, values, sizeof(values));
	ck_assert_uint_eq(get_register(ADDRESSES - DATATABLE_WRITE_MAX - 1), 0);
}
END_TEST

START_TEST(separate_bits_and_words_are_unrelated)
{
	start(DATATABLE_SEPARATE);
	fill_registers(0xFFFF);
	get_all_coils(words);
	assert_all(words, 4096, 0);
	fill_coils(0xFFFF);
	fill_registers(0);
	get_all_coils(words);
	assert_all(words, 4096, 0xFFFF);
	fill_registers(0x5A5A);
	fill_coils(0);
	get_all_registers(words);
	assert_all(words, ADDRESSES, 0x5A5A);
}
END_TEST

START_TEST(overlaid_coil_16_is_bit_0_of_register_1)
{
	start(DATATABLE_OVERLAID);
	set_coil(16, 1);
	ck_assert_uint_eq(get_register(1), 0x0001);
	ck_assert_uint_eq(get_register(0), 0);
	set_register(1, 0x8000);
	ck_assert_uint_eq(get_coil(16), 0);
	ck_assert_uint_eq(get_coil(31), 1);
}
END_TEST

START_TEST(overlaid_coil_n_is_written_to_register_n_div_16)
{
	start(DATATABLE_OVERLAID);
	for (unsigned n = 0; n < ADDRESSES; n++) {
		set_coil(n, 1);
		if (get_register(n / 16) != 1U << n % 16)
			ck_abort_msg("coil %u on: register %u is 0x%04X", n,
			    n / 16, get_register(n / 16));
		set_coil(n, 0);
	}
	get_all_registers(words);
	assert_all(words, ADDRESSES, 0);
}
END_TEST

START_TEST(overlaid_coil_n_is_read_from_register_n_div_16)
{
	start(DATATABLE_OVERLAID);
	for (unsigned n = 0; n < ADDRESSES; n++) {
		set_register(n / 16, (uint16_t)(1U << n % 16));
		if (get_coil(n) != 1)
			ck_abort_msg("coil %u is off", n);
		set_register(n / 16, (uint16_t) ~(1U << n % 16));
		if (get_coil(n) != 0)
			ck_abort_msg("coil %u is on", n);
		set_register(n / 16, 0);
	}
}
END_TEST

START_TEST(overlaid_coils_are_registers_0_to_4095_and_no_more)
{
	start(DATATABLE_OVERLAID);
	fill_coils(0xFFFF);
	get_all_registers(words);
	assert_all(words, 4096, 0xFFFF);
	assert_all(words + 4096, ADDRESSES - 4096, 0);
	fill_registers(0xFFFF);
	fill_coils(0);
	get_all_registers(words);
	assert_all(words, 4096, 0);
	assert_all(words + 4096, ADDRESSES - 4096, 0xFFFF);
}
END_TEST

/* In the original it read the wrong words. */
START_TEST(registers_4090_to_4110_span_the_edge_like_any_others)
{
	uint16_t values[21];

	start(_i);
	for (uint16_t i = 0; i < LENGTH(values); i++)
		values[i] = (uint16_t)(0x8001 + i * 0x0101);
	datatable_write_registers(table, &writer, 4090, 21, values);
	datatable_read_registers(table, 4090, 21, words);
	ck_assert_mem_eq(words, values, sizeof(values));
	ck_assert_uint_eq(get_register(4089), 0);
	ck_assert_uint_eq(get_register(4111), 0);

	datatable_read_coils(table, 4090 * 16, 96, words);
	if (_i == DATATABLE_OVERLAID)
		ck_assert_mem_eq(words, values, 12);
	else
		assert_all(words, 6, 0);
}
END_TEST

START_TEST(coils_at_the_end_do_not_see_what_lies_behind)
{
	start(_i);
	set_register(4096, 0xFFFF);
	for (uint16_t quantity = 1; quantity <= 33; quantity++) {
		datatable_read_coils(
		    table, (uint16_t)(ADDRESSES - quantity), quantity, words);
		assert_all(words, DATATABLE_PACKED_WORDS(quantity), 0);
	}
	set_register(4096, 0);
	fill_coils(0xFFFF);
	ck_assert_uint_eq(get_register(4096), 0);
}
END_TEST

/*
 * Ranges of coils at every shift, compared with one byte per coil. The words
 * that a range is packed into are allocated to size, for the sanitizer to
 * guard both their ends.
 */
static uint8_t expected[ADDRESSES];

static uint16_t *
allocate_packed(uint16_t quantity)
{
	uint16_t *packed = calloc(DATATABLE_PACKED_WORDS(quantity), 2);

	ck_assert_ptr_nonnull(packed);
	return packed;
}

/* Write a random range; the unused bits of its last word are random, too. */
static void
write_random_coils(uint16_t address, uint16_t quantity)
{
	uint16_t *packed = allocate_packed(quantity);

	for (unsigned i = 0; i < DATATABLE_PACKED_WORDS(quantity); i++)
		packed[i] = random_word();
	for (unsigned i = 0; i < quantity; i++)
		expected[address + i] = packed[i / 16] >> i % 16 & 1;
	datatable_write_coils(table, &writer, address, quantity, packed);
	free(packed);
}

/* The range reads as expected, and its last word is filled up with zeros. */
static void
assert_coils(uint16_t address, uint16_t quantity)
{
	uint16_t *packed = allocate_packed(quantity);
	unsigned bits = 16 * DATATABLE_PACKED_WORDS(quantity);

	memset(packed, 0xFF, bits / 8);
	datatable_read_coils(table, address, quantity, packed);
	for (unsigned i = 0; i < bits; i++) {
		unsigned want = i < quantity ? expected[address + i] : 0;

		if (((unsigned)packed[i / 16] >> i % 16 & 1) != want)
			ck_abort_msg("%u coils from %u: bit %u is not %u",
			    quantity, address, i, want);
	}
	free(packed);
}

/* Write quantity coils at address, then read them, and with them their
 * neighbours, from a whole word on. */
static void
try_range(unsigned address, unsigned quantity)
{
	unsigned from = address < 32 ? 0 : (address - 32) / 16 * 16;
	unsigned to = address + quantity + 32;

	if (to > ADDRESSES)
		to = ADDRESSES;
	write_random_coils((uint16_t)address, (uint16_t)quantity);
	assert_coils((uint16_t)address, (uint16_t)quantity);
	assert_coils((uint16_t)from, (uint16_t)(to - from));
}

/* Noise everywhere, so that a neighbour lost shows. */
static void
start_with_noise(int overlay)
{
	start(overlay);
	for (unsigned i = 0; i < ADDRESSES; i += 1024)
		write_random_coils((uint16_t)i, 1024);
}

START_TEST(short_ranges_of_coils_at_every_shift)
{
	start_with_noise(_i);
	for (unsigned shift = 0; shift < 16; shift++)
		for (unsigned quantity = 1; quantity <= 40; quantity++)
			try_range(0x1230 + shift, quantity);
}
END_TEST

START_TEST(long_ranges_of_coils_at_every_shift)
{
	start_with_noise(_i);
	for (unsigned shift = 0; shift < 16; shift++)
		for (unsigned quantity = 1960; quantity <= 2000; quantity++)
			try_range(0x1230 + shift, quantity);
}
END_TEST

START_TEST(ranges_of_coils_up_to_65535)
{
	start_with_noise(_i);
	for (unsigned quantity = 1; quantity <= 40; quantity++)
		try_range(ADDRESSES - quantity, quantity);
	for (unsigned quantity = 1960; quantity <= 2000; quantity++)
		try_range(ADDRESSES - quantity, quantity);
}
END_TEST

START_TEST(ranges_of_coils_from_0)
{
	start_with_noise(_i);
	for (unsigned quantity = 1; quantity <= 40; quantity++)
		try_range(0, quantity);
	try_range(0, 2000);
}
END_TEST

START_TEST(long_reads_of_coils_at_every_shift)
{
	start_with_noise(_i);
	for (uint16_t shift = 0; shift <= 16; shift++) {
		assert_coils(shift, 65535 - 16);
		assert_coils(shift, (uint16_t)(ADDRESSES - 16 - shift));
		if (shift > 0)
			assert_coils(shift, (uint16_t)(ADDRESSES - shift));
	}
}
END_TEST

START_TEST(unused_bits_of_the_last_packed_word_are_ignored)
{
	const uint16_t ones[] = { 0xFFFF, 0xFFFF };

	start(_i);
	datatable_write_coils(table, &writer, 30, 3, ones);
	get_all_coils(words);
	ck_assert_uint_eq(words[1], 0xC000);
	ck_assert_uint_eq(words[2], 0x0001);
	datatable_write_coils(table, &writer, 64, 17, ones);
	get_all_coils(words);
	ck_assert_uint_eq(words[4], 0xFFFF);
	ck_assert_uint_eq(words[5], 0x0001);
	ck_assert_uint_eq(words[6], 0);
}
END_TEST

/* An observer that keeps copies of what it was told. */
struct record {
	struct datatable_observer observer;
	unsigned order; /* of all observers, when this one was last told */
	unsigned times;
	struct datatable_change change;
	uint16_t before[DATATABLE_WRITE_MAX];
	uint16_t after[DATATABLE_WRITE_MAX];
	uint16_t table_then; /* register 100 at that moment */
};

static struct record records[3];
static unsigned told;

static void
changed_cb(void *arg, const struct datatable_change *change)
{
	struct record *r = arg;
	size_t size = change->quantity;

	if (change->kind == DATATABLE_COILS)
		size = DATATABLE_PACKED_WORDS(change->quantity);
	memcpy(r->before, change->before, size * sizeof(uint16_t));
	memcpy(r->after, change->after, size * sizeof(uint16_t));
	r->change = *change;
	r->order = ++told;
	r->times++;
	r->table_then = get_register(100);
}

/* Begin with this many observers. */
static void
start_observed(int overlay, size_t observers)
{
	start(overlay);
	told = 0;
	memset(records, 0, sizeof(records));
	for (size_t i = 0; i < observers; i++) {
		records[i].observer.changed = changed_cb;
		records[i].observer.arg = &records[i];
		datatable_observe(table, &records[i].observer);
	}
}

static void
assert_told(enum datatable_kind kind, uint16_t address, uint16_t quantity)
{
	const struct datatable_change *change = &records[0].change;

	ck_assert_uint_eq(records[0].times, 1);
	ck_assert_ptr_eq(change->writer, &writer);
	ck_assert_int_eq(change->kind, kind);
	ck_assert_uint_eq(change->address, address);
	ck_assert_uint_eq(change->quantity, quantity);
	records[0].times = 0;
}

START_TEST(observers_are_called_in_the_order_in_which_they_were_added)
{
	start_observed(_i, 3);
	set_register(5, 1);
	set_coil(5, 1);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(records[i].times, 2);
		ck_assert_uint_eq(records[i].order, 4 + i);
	}
}
END_TEST

START_TEST(observer_is_called_only_for_later_writes)
{
	start_observed(_i, 0);
	set_register(5, 1);
	set_coil(5, 1);
	ck_assert_uint_eq(told, 0);
	records[0].observer.changed = changed_cb;
	records[0].observer.arg = &records[0];
	datatable_observe(table, &records[0].observer);
	ck_assert_uint_eq(told, 0);
	set_register(5, 2);
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(records[0].before[0], 1);
}
END_TEST

START_TEST(reads_call_no_observer)
{
	start_observed(_i, 1);
	datatable_read_registers(table, 0, 65535, words);
	datatable_read_coils(table, 0, 65535, words);
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(observer_gets_registers_before_and_after)
{
	start_observed(_i, 1);
	set_register(99, 0xFFFF);
	records[0].times = 0;
	datatable_write_registers(
	    table, &writer, 98, 3, (const uint16_t[]){ 1, 2, 3 });
	assert_told(DATATABLE_REGISTERS, 98, 3);
	ck_assert_mem_eq(
	    records[0].before, ((const uint16_t[]){ 0, 0xFFFF, 0 }), 6);
	ck_assert_mem_eq(records[0].after, ((const uint16_t[]){ 1, 2, 3 }), 6);
	ck_assert_uint_eq(records[0].table_then, 3);
}
END_TEST

START_TEST(observer_gets_coils_before_and_after_as_coils)
{
	start_observed(_i, 1);
	datatable_write_coils(table, &writer, 1600, 48,
	    (const uint16_t[]){ 0xFFFF, 0x0000, 0xFFFF });
	assert_told(DATATABLE_COILS, 1600, 48);
	ck_assert_uint_eq(
	    records[0].table_then, _i == DATATABLE_OVERLAID ? 0xFFFF : 0);
	/* 20 coils across two words; unused bits of either side are 0. */
	datatable_write_coils(
	    table, &writer, 1605, 20, (const uint16_t[]){ 0xA5A5, 0xFFF9 });
	assert_told(DATATABLE_COILS, 1605, 20);
	ck_assert_mem_eq(
	    records[0].before, ((const uint16_t[]){ 0x07FF, 0x0000 }), 4);
	ck_assert_mem_eq(
	    records[0].after, ((const uint16_t[]){ 0xA5A5, 0x0009 }), 4);
}
END_TEST

START_TEST(observer_is_called_for_a_write_that_changes_nothing)
{
	start_observed(_i, 1);
	set_coil(77, 1);
	assert_told(DATATABLE_COILS, 77, 1);
	set_coil(77, 1);
	assert_told(DATATABLE_COILS, 77, 1);
	ck_assert_uint_eq(records[0].before[0], 1);
	ck_assert_uint_eq(records[0].after[0], 1);
}
END_TEST

START_TEST(observer_gets_the_longest_writes_whole)
{
	static uint16_t values[DATATABLE_WRITE_MAX];

	start_observed(_i, 1);
	for (size_t i = 0; i < LENGTH(values); i++)
		values[i] = random_word();
	datatable_write_registers(
	    table, &writer, 63536, DATATABLE_WRITE_MAX, values);
	assert_told(DATATABLE_REGISTERS, 63536, DATATABLE_WRITE_MAX);
	ck_assert_mem_eq(records[0].after, values, sizeof(values));
	datatable_write_coils(
	    table, &writer, 63536, DATATABLE_WRITE_MAX, values);
	assert_told(DATATABLE_COILS, 63536, DATATABLE_WRITE_MAX);
	ck_assert_mem_eq(
	    records[0].after, values, 2 * DATATABLE_PACKED_WORDS(2000));
	assert_all(records[0].before, DATATABLE_PACKED_WORDS(2000), 0);
}
END_TEST

START_TEST(observers_are_told_when_the_table_is_replaced)
{
	struct datatable *other = datatable_new((enum datatable_overlay)_i);
	size_t pieces = (65536 + DATATABLE_WRITE_MAX - 1) / DATATABLE_WRITE_MAX;

	ck_assert_ptr_nonnull(other);
	start_observed(_i, 1);
	for (unsigned i = 0; i < 65536; i += 7) {
		uint16_t word = random_word();

		datatable_write_registers(
		    other, &writer, (uint16_t)i, 1, &word);
		datatable_write_coils(other, &writer, (uint16_t)i, 1, &word);
	}
	datatable_replace(table, other, &writer);
	ck_assert_uint_eq(
	    records[0].times, _i == DATATABLE_OVERLAID ? pieces : 2 * pieces);
	ck_assert_mem_eq(datatable_registers(table, 0),
	    datatable_registers(other, 0), 65536 * sizeof(uint16_t));
	for (unsigned i = 0; i < 65536; i++) {
		uint16_t coil;

		datatable_read_coils(other, (uint16_t)i, 1, &coil);
		ck_assert_uint_eq(get_coil(i), coil);
	}
	datatable_free(other);
}
END_TEST

/* A test for both overlays. */
static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(
	    tc, test, DATATABLE_SEPARATE, DATATABLE_OVERLAID + 1);
}

static TCase *
storing(void)
{
	TCase *tc = tcase_create("storing");

	tcase_add_checked_fixture(tc, NULL, teardown);
	add(tc, all_is_zero_at_the_start);
	tcase_add_test(tc, freeing_nothing_is_fine);
	add(tc, first_and_last_register_are_written_and_read);
	add(tc, first_and_last_coil_are_written_and_read);
	add(tc, every_register_keeps_its_own_value);
	add(tc, every_coil_is_itself_and_no_other);
	add(tc, almost_the_whole_table_is_read_at_once);
	add(tc, most_registers_of_one_write_fit_at_the_end);
	return tc;
}

static TCase *
overlay(void)
{
	TCase *tc = tcase_create("overlay");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, separate_bits_and_words_are_unrelated);
	tcase_add_test(tc, overlaid_coil_16_is_bit_0_of_register_1);
	tcase_add_test(tc, overlaid_coil_n_is_written_to_register_n_div_16);
	tcase_add_test(tc, overlaid_coil_n_is_read_from_register_n_div_16);
	tcase_add_test(tc, overlaid_coils_are_registers_0_to_4095_and_no_more);
	add(tc, registers_4090_to_4110_span_the_edge_like_any_others);
	add(tc, coils_at_the_end_do_not_see_what_lies_behind);
	return tc;
}

static TCase *
packing(void)
{
	TCase *tc = tcase_create("packing");

	tcase_add_checked_fixture(tc, NULL, teardown);
	add(tc, short_ranges_of_coils_at_every_shift);
	add(tc, long_ranges_of_coils_at_every_shift);
	add(tc, ranges_of_coils_up_to_65535);
	add(tc, ranges_of_coils_from_0);
	add(tc, long_reads_of_coils_at_every_shift);
	add(tc, unused_bits_of_the_last_packed_word_are_ignored);
	return tc;
}

static TCase *
observing(void)
{
	TCase *tc = tcase_create("observing");

	tcase_add_checked_fixture(tc, NULL, teardown);
	add(tc, observers_are_called_in_the_order_in_which_they_were_added);
	add(tc, observer_is_called_only_for_later_writes);
	add(tc, reads_call_no_observer);
	add(tc, observer_gets_registers_before_and_after);
	add(tc, observer_gets_coils_before_and_after_as_coils);
	add(tc, observer_is_called_for_a_write_that_changes_nothing);
	add(tc, observer_gets_the_longest_writes_whole);
	add(tc, observers_are_told_when_the_table_is_replaced);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("datatable");

	suite_add_tcase(suite, storing());
	suite_add_tcase(suite, overlay());
	suite_add_tcase(suite, packing());
	suite_add_tcase(suite, observing());
	return suite_run(suite);
}
