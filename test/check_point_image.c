#include "points/point_image.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/modbus.h"
#include "one_table.h"
#include "points/point.h"
#include "service/service.h"
#include "suite.h"

/* Registers that points are in, all at the end or all at the beginning, where
 * coils may overlay them; and the coils. */
#define REGISTERS 24
#define COILS     (REGISTERS * 16)

static struct point_image *image;

static struct point
registers_at(unsigned address, enum value_type type)
{
	return (struct point){ .kind = DATATABLE_REGISTERS,
		.address = (uint16_t)address,
		.bit = POINT_NO_BIT,
		.form = { .type = type, .bytes = 7 } };
}

static struct point
bit_at(unsigned address, int bit)
{
	return (struct point){ .kind = DATATABLE_REGISTERS,
		.address = (uint16_t)address,
		.bit = (int8_t)bit };
}

static struct point
coil_at(unsigned address)
{
	return (struct point){ .kind = DATATABLE_COILS,
		.address = (uint16_t)address,
		.bit = POINT_NO_BIT };
}

static void
begin(int overlay)
{
	start(overlay);
	image = point_image_new((enum datatable_overlay)overlay);
	ck_assert_ptr_nonnull(image);
}

static void
end(void)
{
	point_image_free(image);
	teardown();
}

static void
set(struct point p, const uint16_t *raw)
{
	point_image_set(image, &p, raw);
}

/* Write the image to the table. */
static void
write_image(void)
{
	const struct service service = { .table = table };
	size_t count;
	struct writing *writings = point_image_writings(image, &count);
	struct writing_result result;

	ck_assert_ptr_nonnull(writings);
	result = writing_submit(&service, &client, writings, count, NULL, NULL);
	ck_assert_int_eq(result.exception, MB_EX_NONE);
	free(writings);
}

/* Write a value of a point to a table by itself. */
static void
write_point(struct datatable *t, const struct point *p, const uint16_t *raw)
{
	uint16_t word = *datatable_registers(t, p->address);

	if (p->kind == DATATABLE_COILS) {
		datatable_write_coils(t, &writer, p->address, 1, raw);
		return;
	}
	if (p->bit != POINT_NO_BIT) {
		word = (uint16_t)(raw[0] != 0 ? word | 1 << p->bit :
						word & ~(1 << p->bit));
		raw = &word;
	}
	datatable_write_registers(
	    t, &writer, p->address, (uint16_t)point_quantity(p), raw);
}

static struct point
random_point(unsigned first)
{
	unsigned address = first + (unsigned)rand() % REGISTERS;
	struct point p;

	switch (rand() % 3) {
	case 0:
		return coil_at((unsigned)rand() % COILS);
	case 1:
		return bit_at(address, rand() % 16);
	default:
		p = registers_at(
		    address, (enum value_type)(rand() % (VALUE_STRING + 1)));
		if (address + point_quantity(&p) > first + REGISTERS)
			p.form.type = VALUE_INT16;
		return p;
	}
}

static void
must_be_equal(const struct datatable *a, const struct datatable *b)
{
	uint16_t coils_a[MB_ADDRESSES / 32], coils_b[MB_ADDRESSES / 32];

	ck_assert_mem_eq(datatable_registers(a, 0), datatable_registers(b, 0),
	    MB_ADDRESSES * sizeof(uint16_t));
	datatable_read_coils(a, 0, MB_ADDRESSES / 2, coils_a);
	datatable_read_coils(b, 0, MB_ADDRESSES / 2, coils_b);
	ck_assert_mem_eq(coils_a, coils_b, sizeof(coils_a));
}

/* Others write what an image has written. */
static void
fill(unsigned first, struct datatable *model)
{
	uint16_t words[REGISTERS];

	for (unsigned i = 0; i < REGISTERS; i++)
		words[i] = (uint16_t)rand();
	datatable_write_registers(
	    table, &writer, (uint16_t)first, REGISTERS, words);
	datatable_write_coils(table, &writer, 0, COILS, words);
	datatable_copy(model, table);
}

/* Whatever the points are, and whatever they share, again and again. */
static void
try_random(int overlay, unsigned seed)
{
	struct datatable *model =
	    datatable_new((enum datatable_overlay)overlay);
	unsigned first = seed % 2 == 0 ? 0 : MB_ADDRESSES - REGISTERS;
	uint16_t raw[POINT_WORDS_MAX];

	srand(seed);
	begin(overlay);
	for (unsigned i = 0; i < MB_ADDRESSES; i++) {
		raw[0] = (uint16_t)rand();
		datatable_write_registers(table, &writer, (uint16_t)i, 1, raw);
	}
	datatable_copy(model, table);
	for (int rounds = 1 + rand() % 3; rounds > 0; rounds--) {
		for (int n = rand() % 60; n >= 0; n--) {
			struct point p = random_point(first);

			for (unsigned i = 0; i < POINT_WORDS_MAX; i++)
				raw[i] = (uint16_t)rand();
			if (point_is_bool(&p))
				raw[0] &= 1;
			write_point(model, &p, raw);
			set(p, raw);
		}
		write_image();
		must_be_equal(table, model);
		point_image_clear(image);
		fill(first, model);
	}
	datatable_free(model);
	end();
}

START_TEST(many_points_are_written_as_one_after_the_other)
{
	for (unsigned seed = 1; seed <= 100; seed++)
		try_random(_i, seed);
}
END_TEST

START_TEST(nothing_beside_a_point_is_written)
{
	const uint16_t one = 1, words[4] = { 1, 2, 3, 4 };
	size_t count;
	struct writing *w;

	begin(_i);
	set(registers_at(20, VALUE_UINT64), words);
	set(registers_at(24, VALUE_UINT16), words);
	set(bit_at(25, 3), &one);
	set(bit_at(25, 15), &one);
	set(coil_at(65535), &one);
	set(coil_at(17), &one);
	w = point_image_writings(image, &count);
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(w[0].kind, DATATABLE_REGISTERS);
	ck_assert_uint_eq(w[0].address, 20);
	ck_assert_uint_eq(w[0].quantity, 5);
	ck_assert_ptr_null(w[0].masks);
	ck_assert_uint_eq(w[1].address, 25);
	ck_assert_uint_eq(w[1].quantity, 1);
	ck_assert_uint_eq(w[1].masks[0], 0x8008);
	ck_assert_uint_eq(w[1].words[0], 0x8008);
	ck_assert_uint_eq(w[2].kind, DATATABLE_COILS);
	ck_assert_uint_eq(w[2].address, 17);
	ck_assert_uint_eq(w[2].quantity, 1);
	ck_assert_uint_eq(w[3].address, 65535);
	free(w);
	end();
}
END_TEST

/* The most writings that there can be, and the largest. */
START_TEST(all_of_the_table_can_be_points)
{
	uint16_t raw;

	begin(_i);
	for (unsigned a = 0; a < MB_ADDRESSES; a++) {
		raw = (uint16_t)(a * 40503);
		if (a % 2 == 0)
			set(registers_at(a, VALUE_UINT16), &raw);
		else
			set(bit_at(a, 7), &raw);
	}
	for (unsigned step = 2; step > 0; step--) {
		raw = 1;
		for (unsigned a = step == 2; a < MB_ADDRESSES; a += step)
			set(coil_at(a), &raw);
		write_image();
		ck_assert_uint_eq(get_coil(65535), 1);
		ck_assert_uint_eq(get_coil(0), step == 1);
	}
	ck_assert_uint_eq(get_register(65534), (uint16_t)(65534U * 40503));
	ck_assert_uint_eq(get_register(65535), 0x80);
	ck_assert_uint_eq(
	    get_register(0), _i == DATATABLE_OVERLAID ? 0xFFFF : 0);
	end();
}
END_TEST

START_TEST(without_points_nothing_is_written)
{
	size_t count = 1;
	struct writing *w;

	begin(_i);
	w = point_image_writings(image, &count);
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(count, 0);
	free(w);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("point_image");
	TCase *tc = tcase_create("point_image");

	tcase_add_loop_test(
	    tc, many_points_are_written_as_one_after_the_other, 0, 2);
	tcase_add_loop_test(tc, nothing_beside_a_point_is_written, 0, 2);
	tcase_add_loop_test(tc, all_of_the_table_can_be_points, 0, 2);
	tcase_add_loop_test(tc, without_points_nothing_is_written, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
