#include "points/points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "points/builder.h"
#include "suite.h"

static const enum datatable_overlay overlays[] = { DATATABLE_SEPARATE,
	DATATABLE_OVERLAID };

static struct points *points;

static void
begin(enum datatable_overlay overlay)
{
	points = points_new("plant.csv", overlay);
	ck_assert_ptr_nonnull(points);
}

static void
begin_separate(void)
{
	begin(DATATABLE_SEPARATE);
}

static void
end(void)
{
	points_free(points);
	points = NULL;
}

static struct point
registers(const char *name, uint16_t address, enum value_type type)
{
	return (struct point){
		.name = name,
		.kind = DATATABLE_REGISTERS,
		.address = address,
		.bit = POINT_NO_BIT,
		.form = { .type = type },
		.scale = 1,
		.units = "",
		.simulate = "",
		.description = "",
	};
}

static struct point
string(const char *name, uint16_t address, uint8_t bytes)
{
	struct point p = registers(name, address, VALUE_STRING);

	p.form.bytes = bytes;
	return p;
}

static struct point
bit(const char *name, uint16_t address, int8_t number)
{
	struct point p = registers(name, address, VALUE_UINT16);

	p.bit = number;
	return p;
}

static struct point
coil(const char *name, uint16_t address)
{
	struct point p = registers(name, address, VALUE_UINT16);

	p.kind = DATATABLE_COILS;
	return p;
}

static void
add(struct point p)
{
	ck_assert_int_eq(points_add(points, &p), 0);
}

static void
add_read_only(struct point p)
{
	p.read_only = true;
	add(p);
}

static void
finish(void)
{
	ck_assert_int_eq(points_finish(points), 0);
}

static const struct point *
find(const char *name)
{
	return points_find(points, name, strlen(name));
}

/* --- one point ---------------------------------------------------------- */

static void
assert_point(struct point p, const char *reference, const char *type)
{
	char text[POINT_REFERENCE_MAX > POINT_TYPE_MAX ? POINT_REFERENCE_MAX :
							 POINT_TYPE_MAX];

	ck_assert_str_eq(point_reference(&p, text), reference);
	ck_assert_str_eq(point_type(&p, text), type);
}

START_TEST(a_point_has_a_reference_and_a_type)
{
	struct point input = registers("a", 3, VALUE_INT64);
	struct point discrete = coil("b", 65535);

	input.input = discrete.input = true;
	assert_point(registers("c", 20, VALUE_FLOAT32), "HR20", "float32");
	assert_point(input, "IR3", "int64");
	assert_point(coil("d", 5), "C5", "bool");
	assert_point(discrete, "DI65535", "bool");
	assert_point(bit("e", 40, 2), "HR40.2", "bool");
	assert_point(bit("f", 65535, 15), "HR65535.15", "bool");
	assert_point(string("g", 0, 250), "HR0", "string250");
	assert_point(string("h", 0, 7), "HR0", "string7");
}
END_TEST

/* --- by place and by name ------------------------------------------------ */

START_TEST(points_are_in_the_order_of_the_file)
{
	add(coil("b", 9));
	add(registers("a", 3, VALUE_UINT16));
	add(registers("c", 1, VALUE_UINT16));
	finish();
	ck_assert_str_eq(points_file(points), "plant.csv");
	ck_assert_uint_eq(points_count(points), 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(points_at(points, i)->name[0], "bac"[i]);
		ck_assert_uint_eq(
		    points_place(points, points_at(points, i)), i);
	}
}
END_TEST

START_TEST(points_with_a_simulate_are_counted)
{
	struct point p = coil("a", 1);

	add(coil("b", 2));
	ck_assert_uint_eq(points_simulated(points), 0);
	p.simulate = "toggle(2s)";
	add(p);
	finish();
	ck_assert_uint_eq(points_simulated(points), 1);
}
END_TEST

START_TEST(a_point_is_found_by_its_whole_name)
{
	add(coil("pump", 1));
	add(coil("pump on", 2));
	add(coil("Pump", 3));
	finish();
	ck_assert_uint_eq(find("pump")->address, 1);
	ck_assert_uint_eq(find("pump on")->address, 2);
	ck_assert_uint_eq(find("Pump")->address, 3);
	ck_assert_uint_eq(points_find(points, "pump on", 4)->address, 1);
	ck_assert_ptr_null(find("pum"));
	ck_assert_ptr_null(find("pump o"));
	ck_assert_ptr_null(find(""));
	ck_assert_ptr_null(points_find(points, "pump\0", 5));
}
END_TEST

START_TEST(texts_and_values_are_copies)
{
	char name[] = "flow", units[] = "m";
	uint16_t words[] = { 7, 8 };
	struct point p = registers(name, 20, VALUE_FLOAT32);

	p.units = units;
	p.value = words;
	add(p);
	name[0] = units[0] = 'x';
	words[1] = 9;
	finish();
	ck_assert_str_eq(find("flow")->units, "m");
	ck_assert_str_eq(find("flow")->description, "");
	ck_assert_uint_eq(find("flow")->value[0], 7);
	ck_assert_uint_eq(find("flow")->value[1], 8);
}
END_TEST

START_TEST(as_many_as_there_may_be_are_found)
{
	char name[16];

	for (unsigned i = 0; i < POINTS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		add(registers(name, (uint16_t)i, VALUE_UINT16));
	}
	finish();
	for (unsigned i = 0; i < POINTS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		if (find(name) == NULL || find(name)->address != i)
			ck_abort_msg("%s", name);
	}
}
END_TEST

START_TEST(there_may_be_none)
{
	struct points_walk walk;

	finish();
	ck_assert_uint_eq(points_count(points), 0);
	ck_assert_ptr_null(find("flow"));
	walk = points_touched(points, DATATABLE_REGISTERS, 0, 65536);
	ck_assert_ptr_null(points_next(&walk));
	ck_assert(!points_cover(points, DATATABLE_COILS, 0, 1));
	points_free(NULL);
}
END_TEST

/* --- by address ---------------------------------------------------------- */

/* The names of what a range touches, one letter each. */
static const char *
touched(enum datatable_kind kind, uint32_t address, uint32_t quantity)
{
	static char names[64];
	struct points_walk walk =
	    points_touched(points, kind, address, quantity);
	const struct point *p;
	size_t n = 0;

	while ((p = points_next(&walk)) != NULL && n < sizeof(names) - 1)
		names[n++] = p->name[0];
	names[n] = '\0';
	ck_assert_ptr_null(points_next(&walk));
	return names;
}

START_TEST(a_range_touches_points_in_the_order_of_addresses)
{
	begin(overlays[_i]);
	add(registers("d", 30, VALUE_UINT16));
	add(registers("b", 20, VALUE_UINT64));
	add(registers("a", 10, VALUE_FLOAT32));
	add(registers("c", 24, VALUE_UINT16));
	finish();
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 65536), "abcd");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 10), "");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 11), "a");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 11, 1), "a");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 12, 8), "");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 23, 1), "b");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 23, 2), "bc");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 65535, 1), "");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 10, 0), "");
	end();
}
END_TEST

START_TEST(the_widest_of_one_address_is_first)
{
	begin(overlays[_i]);
	add(bit("d", 40, 2));
	add(bit("c", 40, 0));
	add(registers("b", 40, VALUE_UINT16));
	add(string("a", 38, 8));
	add(bit("f", 41, 9));
	add(registers("e", 41, VALUE_INT16));
	finish();
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 40, 1), "abcd");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 41, 1), "aef");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 39, 1), "a");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 65536), "abcdef");
	end();
}
END_TEST

START_TEST(separate_coils_are_no_bits_of_registers)
{
	begin(DATATABLE_SEPARATE);
	add(coil("a", 5));
	add(registers("b", 0, VALUE_UINT16));
	finish();
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 1), "b");
	ck_assert_str_eq(touched(DATATABLE_COILS, 0, 16), "a");
	ck_assert(!points_cover(points, DATATABLE_COILS, 4, 1));
	ck_assert(points_cover(points, DATATABLE_COILS, 5, 1));
	ck_assert(!points_cover(points, DATATABLE_COILS, 5, 2));
	end();
}
END_TEST

START_TEST(overlaid_coils_are_bits_of_registers)
{
	begin(DATATABLE_OVERLAID);
	add(coil("a", 5));
	add(registers("b", 0, VALUE_UINT32));
	add(bit("c", 0, 6));
	add(coil("d", 65535));
	add(coil("e", 48));
	finish();
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 0, 1), "bca");
	ck_assert_str_eq(touched(DATATABLE_COILS, 5, 1), "ab");
	ck_assert_str_eq(touched(DATATABLE_COILS, 6, 1), "bc");
	ck_assert_str_eq(touched(DATATABLE_COILS, 31, 1), "b");
	ck_assert_str_eq(touched(DATATABLE_COILS, 32, 16), "");
	ck_assert_str_eq(touched(DATATABLE_COILS, 32, 17), "e");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 4095, 1), "d");
	ck_assert_str_eq(touched(DATATABLE_REGISTERS, 4096, 61440), "");
	ck_assert(points_cover(points, DATATABLE_COILS, 0, 32));
	ck_assert(!points_cover(points, DATATABLE_COILS, 0, 33));
	ck_assert(points_cover(points, DATATABLE_REGISTERS, 3, 1));
	ck_assert(points_cover(points, DATATABLE_REGISTERS, 4095, 1));
	ck_assert(!points_cover(points, DATATABLE_REGISTERS, 2, 2));
	end();
}
END_TEST

/* A second opinion: whether a point has an item. */
static bool
has(const struct point *p, enum datatable_overlay overlay,
    enum datatable_kind kind, uint32_t item)
{
	uint32_t first = p->address, quantity = point_quantity(p);

	if (p->kind != kind && overlay == DATATABLE_SEPARATE)
		return false;
	if (p->kind == DATATABLE_COILS && kind == DATATABLE_REGISTERS)
		return first / 16 == item;
	if (p->kind == DATATABLE_REGISTERS && kind == DATATABLE_COILS) {
		if (p->bit != POINT_NO_BIT)
			return 16 * first + (uint8_t)p->bit == item;
		first *= 16;
		quantity *= 16;
	}
	return item >= first && item < first + quantity;
}

static bool
has_any(const struct point *p, enum datatable_overlay overlay,
    enum datatable_kind kind, uint32_t first, uint32_t quantity)
{
	for (uint32_t i = 0; i < quantity; i++)
		if (has(p, overlay, kind, first + i))
			return true;
	return false;
}

static unsigned random_state = 13;

static unsigned
below(unsigned limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % limit;
}

/* Whole in whole: each lies at a multiple of its power of two. */
static struct point
any_point(const char *name)
{
	static const enum value_type types[] = { VALUE_UINT16, VALUE_FLOAT32,
		VALUE_INT64 };
	unsigned which = below(6);

	if (which == 5)
		return coil(name, (uint16_t)below(256));
	if (which == 4)
		return bit(name, (uint16_t)below(16), (int8_t)below(16));
	if (which == 3)
		return string(name, (uint16_t)(8 * below(2)), 16);
	return registers(
	    name, (uint16_t)(below(16) >> which << which), types[which]);
}

static void
compare_range(enum datatable_overlay overlay, enum datatable_kind kind,
    uint32_t first, uint32_t quantity)
{
	struct points_walk walk = points_touched(points, kind, first, quantity);
	const struct point *p;
	size_t found = 0, expected = 0;
	bool covered = true;

	while ((p = points_next(&walk)) != NULL) {
		found++;
		ck_assert(has_any(p, overlay, kind, first, quantity));
	}
	for (size_t i = 0; i < points_count(points); i++)
		expected += has_any(
		    points_at(points, i), overlay, kind, first, quantity);
	ck_assert_uint_eq(found, expected);
	for (uint32_t i = 0; i < quantity; i++) {
		walk = points_touched(points, kind, first + i, 1);
		covered &= points_next(&walk) != NULL;
	}
	ck_assert(points_cover(points, kind, first, quantity) == covered);
}

START_TEST(a_range_touches_what_has_one_of_its_items)
{
	for (unsigned round = 0; round < 100; round++) {
		char name[16];

		begin(overlays[_i]);
		for (unsigned i = below(40); i > 0; i--) {
			snprintf(name, sizeof(name), "%u", i);
			add(any_point(name));
		}
		finish();
		for (unsigned i = 0; i < 20; i++) {
			compare_range(overlays[_i], DATATABLE_REGISTERS,
			    below(20), below(6));
			compare_range(overlays[_i], DATATABLE_COILS, below(300),
			    below(20));
		}
		end();
	}
}
END_TEST

/* --- read-only ----------------------------------------------------------- */

static void
assert_read_only(const char *names)
{
	char found[64];
	size_t n = 0;

	for (size_t i = 0; i < points_count(points); i++)
		if (points_at(points, i)->read_only)
			found[n++] = points_at(points, i)->name[0];
	found[n] = '\0';
	ck_assert_str_eq(found, names);
}

START_TEST(a_bit_makes_its_word_and_the_other_bits_read_only)
{
	begin(overlays[_i]);
	add(registers("a", 40, VALUE_UINT16));
	add_read_only(bit("b", 40, 3));
	add(bit("c", 40, 4));
	add(registers("d", 41, VALUE_UINT16));
	add(coil("e", 1000));
	finish();
	assert_read_only("abc");
	end();
}
END_TEST

START_TEST(a_word_makes_what_lies_in_the_same_value_read_only)
{
	begin(overlays[_i]);
	add(bit("a", 12, 0));
	add(registers("b", 10, VALUE_UINT64));
	add_read_only(registers("c", 10, VALUE_UINT16));
	add(registers("d", 14, VALUE_UINT64));
	finish();
	assert_read_only("abc");
	end();
}
END_TEST

START_TEST(separate_coils_are_read_only_by_themselves)
{
	add_read_only(coil("a", 0));
	add(coil("b", 1));
	add(registers("c", 0, VALUE_UINT16));
	finish();
	assert_read_only("a");
}
END_TEST

START_TEST(an_overlaid_coil_makes_the_points_on_its_register_read_only)
{
	begin(DATATABLE_OVERLAID);
	add_read_only(coil("a", 3));
	add(registers("b", 0, VALUE_UINT32));
	add(coil("c", 4));
	add(coil("d", 31));
	add(coil("e", 32));
	finish();
	assert_read_only("abcd");
	end();
}
END_TEST

START_TEST(an_overlaid_coil_leaves_those_beside_it_writable)
{
	begin(DATATABLE_OVERLAID);
	add_read_only(coil("a", 3));
	add(coil("b", 4));
	finish();
	assert_read_only("a");
	end();
}
END_TEST

START_TEST(a_register_makes_its_overlaid_coils_read_only)
{
	begin(DATATABLE_OVERLAID);
	add(coil("a", 15));
	add(coil("b", 16));
	add_read_only(registers("c", 0, VALUE_UINT16));
	finish();
	assert_read_only("ac");
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("points");
	TCase *one = tcase_create("one table");
	TCase *tc = tcase_create("points");

	tcase_add_checked_fixture(one, begin_separate, end);
	tcase_add_test(one, a_point_has_a_reference_and_a_type);
	tcase_add_test(one, points_are_in_the_order_of_the_file);
	tcase_add_test(one, points_with_a_simulate_are_counted);
	tcase_add_test(one, a_point_is_found_by_its_whole_name);
	tcase_add_test(one, texts_and_values_are_copies);
	tcase_add_test(one, as_many_as_there_may_be_are_found);
	tcase_add_test(one, there_may_be_none);
	tcase_add_test(one, separate_coils_are_read_only_by_themselves);
	tcase_add_loop_test(
	    tc, a_range_touches_points_in_the_order_of_addresses, 0, 2);
	tcase_add_loop_test(tc, the_widest_of_one_address_is_first, 0, 2);
	tcase_add_test(tc, separate_coils_are_no_bits_of_registers);
	tcase_add_test(tc, overlaid_coils_are_bits_of_registers);
	tcase_add_loop_test(
	    tc, a_range_touches_what_has_one_of_its_items, 0, 2);
	tcase_add_loop_test(
	    tc, a_bit_makes_its_word_and_the_other_bits_read_only, 0, 2);
	tcase_add_loop_test(
	    tc, a_word_makes_what_lies_in_the_same_value_read_only, 0, 2);
	tcase_add_test(
	    tc, an_overlaid_coil_makes_the_points_on_its_register_read_only);
	tcase_add_test(tc, an_overlaid_coil_leaves_those_beside_it_writable);
	tcase_add_test(tc, a_register_makes_its_overlaid_coils_read_only);
	suite_add_tcase(suite, one);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
