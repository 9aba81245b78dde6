#include "points/first_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "points/builder.h"
#include "service/service.h"
#include "suite.h"

#define ADDRESSES 65536

static const struct client start = { .id = 0 };
static enum datatable_overlay overlay;
static struct points *points;
static unsigned count;

/* What the table must hold where a point has a value; the rest is as it was. */
static uint16_t registers[ADDRESSES], masks[ADDRESSES];
static int8_t coils[ADDRESSES]; /* -1: as it was */

static void
begin(enum datatable_overlay mode)
{
	overlay = mode;
	count = 0;
	memset(registers, 0, sizeof(registers));
	memset(masks, 0, sizeof(masks));
	memset(coils, -1, sizeof(coils));
	points = points_new("plant.csv", mode);
	ck_assert_ptr_nonnull(points);
}

static void
add(enum datatable_kind kind, uint32_t address, enum value_type type, int bit,
    const uint16_t *value)
{
	char name[16];
	const struct point p = {
		.name = name,
		.kind = kind,
		.address = (uint16_t)address,
		.bit = (int8_t)bit,
		.form = { .type = type },
		.scale = 1,
		.value = value,
		.units = "",
		.simulate = "",
		.description = "",
	};

	snprintf(name, sizeof(name), "p%u", count++);
	ck_assert_int_eq(points_add(points, &p), 0);
}

static void
add_register(uint32_t address, uint16_t value)
{
	add(DATATABLE_REGISTERS, address, VALUE_UINT16, POINT_NO_BIT, &value);
	registers[address] = value;
	masks[address] = 0xFFFF;
}

static void
add_bit(uint32_t address, int bit, uint16_t value)
{
	add(DATATABLE_REGISTERS, address, VALUE_UINT16, bit, &value);
	registers[address] |= (uint16_t)(value << bit);
	masks[address] |= (uint16_t)(1U << bit);
}

static void
add_coil(uint32_t address, uint16_t value)
{
	add(DATATABLE_COILS, address, VALUE_UINT16, POINT_NO_BIT, &value);
	coils[address] = (int8_t)value;
}

static void
finish(void)
{
	ck_assert_int_eq(points_finish(points), 0);
}

static struct first_values *
make(enum first_values_over over)
{
	struct first_values *v = first_values_new(points, overlay, over);

	ck_assert_ptr_nonnull(v);
	return v;
}

static void
write_all(struct datatable *table, const struct first_values *v)
{
	const struct service service = { .table = table };

	ck_assert_int_eq(
	    writing_submit(&service, &start, first_values_writings(v),
		first_values_count(v), NULL, NULL)
		.exception,
	    MB_EX_NONE);
}

/* A table whose registers and coils all have the same bits. */
static struct datatable *
filled_table(uint16_t with)
{
	static uint16_t words[ADDRESSES];
	const struct datatable_writer writer = { .client = &start };
	struct datatable *table = datatable_new(overlay);

	ck_assert_ptr_nonnull(table);
	for (uint32_t i = 0; i < ADDRESSES; i++)
		words[i] = with;
	for (uint32_t i = 0; i < ADDRESSES; i += 1024) {
		datatable_write_registers(
		    table, &writer, (uint16_t)i, 1024, words);
		datatable_write_coils(table, &writer, (uint16_t)i, 1024, words);
	}
	return table;
}

static bool
coil_of(const struct datatable *table, uint32_t i)
{
	uint16_t coil;

	datatable_read_coils(table, (uint16_t)i, 1, &coil);
	return coil != 0;
}

/* Coils of the overlaid mode are bits of registers. */
static void
move_coils(void)
{
	for (uint32_t i = 0; i < ADDRESSES; i++)
		if (overlay == DATATABLE_OVERLAID && coils[i] >= 0) {
			masks[i / 16] |= (uint16_t)(1U << i % 16);
			registers[i / 16] |= (uint16_t)(coils[i] << i % 16);
			coils[i] = -1;
		}
}

static void
assert_table(const struct datatable *table, uint16_t before)
{
	const uint16_t *words = datatable_registers(table, 0);

	move_coils();
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		if (words[i] != ((before & ~masks[i]) | registers[i]))
			ck_abort_msg("register %u is %u", i, words[i]);
		if (overlay == DATATABLE_SEPARATE &&
		    coil_of(table, i) !=
			(coils[i] < 0 ? before != 0 : coils[i] == 1))
			ck_abort_msg("coil %u", i);
	}
}

/* Points with values and without, and in the overlaid mode coils on registers
 * that have none of their own. */
static void
random_points(void)
{
	for (uint32_t i = 0; i < 400; i++)
		switch (rand() % 6) {
		case 0:
			add_register(i + 300, (uint16_t)rand());
			break;
		case 1:
			for (int bit = rand() % 4; bit < 16;
			     bit += 1 + rand() % 9)
				add_bit(i + 300, bit, rand() & 1);
			break;
		case 2:
			add(DATATABLE_REGISTERS, i + 300, VALUE_UINT16,
			    POINT_NO_BIT, NULL);
			break;
		default:
			break;
		}
	for (uint32_t i = 0; i < 4800; i += rand() % 9 == 0 ? 7 : 1)
		add_coil(i, rand() & 1);
	add_register(65535, 7);
	add_coil(65535, 1);
}

START_TEST(a_new_table_gets_all_values)
{
	struct first_values_comparison c;
	struct datatable *table;
	struct first_values *v;

	srand((unsigned)_i);
	begin(_i % 2 == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID);
	random_points();
	finish();
	table = datatable_new(overlay);
	c = first_values_compare(points, table);
	ck_assert_uint_gt(c.different, 0);
	v = make(FIRST_VALUES_OVER_ZEROS);
	for (size_t i = 0; i < first_values_count(v); i++)
		ck_assert_ptr_null(first_values_writings(v)[i].masks);
	write_all(table, v);
	assert_table(table, 0);
	c = first_values_compare(points, table);
	ck_assert_uint_gt(c.points, 0);
	ck_assert_uint_lt(c.points, points_count(points));
	ck_assert_uint_eq(c.different, 0);
	first_values_free(v);
	datatable_free(table);
	points_free(points);
}
END_TEST

START_TEST(what_no_point_has_stays)
{
	struct datatable *table;
	struct first_values *v;

	srand((unsigned)_i);
	begin(_i % 2 == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID);
	random_points();
	finish();
	table = filled_table(0xFFFF);
	v = make(FIRST_VALUES_OVER_OTHERS);
	write_all(table, v);
	assert_table(table, 0xFFFF);
	ck_assert_uint_eq(first_values_compare(points, table).different, 0);
	first_values_free(v);
	datatable_free(table);
	points_free(points);
}
END_TEST

static void
assert_writing(const struct first_values *v, size_t i, enum datatable_kind kind,
    uint32_t address, uint32_t quantity, bool masked)
{
	const struct writing *w = &first_values_writings(v)[i];

	ck_assert_uint_lt(i, first_values_count(v));
	ck_assert_int_eq(w->kind, kind);
	ck_assert_uint_eq(w->address, address);
	ck_assert_uint_eq(w->quantity, quantity);
	ck_assert_int_eq(w->masks != NULL, masked);
}

START_TEST(adjacent_values_are_one_write)
{
	static const uint16_t two[] = { 0x4048, 0xF5C3 };
	struct first_values *v;

	begin(DATATABLE_SEPARATE);
	add_coil(30, 1);
	add_register(12, 0);
	add_bit(13, 4, 1);
	add_register(14, 9);
	add(DATATABLE_REGISTERS, 10, VALUE_FLOAT32, POINT_NO_BIT, two);
	add_coil(31, 0);
	add_coil(33, 1);
	finish();
	v = make(FIRST_VALUES_OVER_ZEROS);
	ck_assert_uint_eq(first_values_count(v), 3);
	assert_writing(v, 0, DATATABLE_REGISTERS, 10, 5, false);
	assert_writing(v, 1, DATATABLE_COILS, 30, 2, false);
	assert_writing(v, 2, DATATABLE_COILS, 33, 1, false);
	first_values_free(v);
	v = make(FIRST_VALUES_OVER_OTHERS);
	ck_assert_uint_eq(first_values_count(v), 5);
	assert_writing(v, 0, DATATABLE_REGISTERS, 10, 3, false);
	assert_writing(v, 1, DATATABLE_REGISTERS, 13, 1, true);
	assert_writing(v, 2, DATATABLE_REGISTERS, 14, 1, false);
	first_values_free(v);
	points_free(points);
}
END_TEST

/* A word without a value, of which only bits have one, and both with one. */
START_TEST(words_and_their_bits_agree)
{
	struct first_values_comparison c;
	struct datatable *table;
	struct first_values *v;

	begin((enum datatable_overlay)_i);
	add_register(0, 5);
	add_bit(0, 0, 1);
	add(DATATABLE_REGISTERS, 1, VALUE_UINT16, POINT_NO_BIT, NULL);
	add_bit(1, 15, 1);
	finish();
	table = filled_table(0x00FF);
	v = make(FIRST_VALUES_OVER_OTHERS);
	write_all(table, v);
	ck_assert_uint_eq(*datatable_registers(table, 0), 5);
	ck_assert_uint_eq(*datatable_registers(table, 1), 0x80FF);
	c = first_values_compare(points, table);
	ck_assert_uint_eq(c.points, 3);
	ck_assert_uint_eq(c.different, 0);
	first_values_free(v);
	datatable_free(table);
	points_free(points);
}
END_TEST

START_TEST(every_address_may_have_a_value)
{
	struct datatable *table;
	struct first_values *v;

	begin(DATATABLE_SEPARATE);
	for (uint32_t i = 0; i < ADDRESSES; i += 2)
		add_coil(i, i / 2 % 2);
	for (uint32_t i = 0; i < ADDRESSES; i += 2)
		add_register(i, (uint16_t)i);
	finish();
	table = filled_table(0);
	v = make(FIRST_VALUES_OVER_ZEROS);
	ck_assert_uint_eq(first_values_count(v), ADDRESSES);
	write_all(table, v);
	assert_table(table, 0);
	first_values_free(v);
	datatable_free(table);
	points_free(points);
}
END_TEST

START_TEST(without_values_there_is_nothing_to_write)
{
	struct first_values *v;

	begin(DATATABLE_SEPARATE);
	add(DATATABLE_REGISTERS, 1, VALUE_UINT16, POINT_NO_BIT, NULL);
	finish();
	v = make(FIRST_VALUES_OVER_ZEROS);
	ck_assert_uint_eq(first_values_count(v), 0);
	first_values_free(v);
	first_values_free(NULL);
	points_free(points);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("first values");
	TCase *tc = tcase_create("first values");

	tcase_add_loop_test(tc, a_new_table_gets_all_values, 0, 20);
	tcase_add_loop_test(tc, what_no_point_has_stays, 0, 20);
	tcase_add_test(tc, adjacent_values_are_one_write);
	tcase_add_loop_test(tc, words_and_their_bits_agree, 0, 2);
	tcase_add_test(tc, every_address_may_have_a_value);
	tcase_add_test(tc, without_values_there_is_nothing_to_write);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
