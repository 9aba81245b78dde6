#include "points/sharing.h"

#include <stdio.h>
#include <string.h>

#include "points/builder.h"
#include "suite.h"

static const enum datatable_overlay overlays[] = { DATATABLE_SEPARATE,
	DATATABLE_OVERLAID };

static unsigned random_state;

static unsigned
below(unsigned limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % limit;
}

/* A point among few registers, so that many share some. */
static struct point
any_point(const char *name, uint16_t *value)
{
	static const enum value_type types[] = { VALUE_UINT16, VALUE_FLOAT32,
		VALUE_INT64, VALUE_STRING };
	struct point p = {
		.name = name,
		.kind = below(4) == 0 ? DATATABLE_COILS : DATATABLE_REGISTERS,
		.input = below(8) == 0,
		.address = (uint16_t)below(12),
		.bit = POINT_NO_BIT,
		.form = { .type = types[below(4)], .bytes = 12 },
		.scale = 1,
		.units = "",
		.simulate = "",
		.description = "",
	};

	if (p.kind == DATATABLE_COILS)
		p.address = (uint16_t)below(12 * 16);
	else if (below(3) == 0)
		p.bit = (int8_t)below(16);
	if (below(3) != 0)
		p.value = value;
	memset(value, 0, POINT_WORDS_MAX * sizeof(*value));
	for (unsigned i = 0; i < point_quantity(&p); i++)
		value[i] = (uint16_t)(below(3) == 0);
	return p;
}

/* Whether a point is in conflict with one of the list, of which each is asked
 * in turn. */
static bool
is_in_conflict(enum conflict conflict, enum datatable_overlay overlay,
    const struct points *list, const struct point *p)
{
	char expected[POINT_EXPECTED_MAX];

	conflict_explain(conflict, overlay, list, p, expected);
	return expected[0] != '\0';
}

static void
compare(enum datatable_overlay overlay, const struct sharing *sharing,
    const struct points *list, const struct point *p)
{
	enum conflict conflict = sharing_check(sharing, p);

	for (int other = CONFLICT_NONE + 1; other <= CONFLICT_OTHER_VALUE;
	     other++) {
		bool found =
		    is_in_conflict((enum conflict)other, overlay, list, p);

		if (conflict == CONFLICT_NONE || other < (int)conflict)
			ck_assert(!found);
		else if (other == (int)conflict)
			ck_assert(found);
	}
}

START_TEST(points_agree_with_all_if_they_do_with_each)
{
	unsigned added = 0;

	random_state = (unsigned)_i;
	for (int round = 0; round < 300; round++) {
		struct sharing *sharing = sharing_new(overlays[_i]);
		struct points *list = points_new("", overlays[_i]);

		ck_assert(sharing != NULL && list != NULL);
		for (int i = 0; i < 60; i++) {
			uint16_t value[POINT_WORDS_MAX];
			char name[16];
			struct point p;

			snprintf(name, sizeof(name), "%d", i);
			p = any_point(name, value);
			compare(overlays[_i], sharing, list, &p);
			if (sharing_check(sharing, &p) != CONFLICT_NONE)
				continue;
			sharing_add(sharing, &p);
			ck_assert_int_eq(points_add(list, &p), 0);
			added++;
		}
		points_free(list);
		sharing_free(sharing);
	}
	ck_assert_uint_gt(added, 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sharing");
	TCase *tc = tcase_create("sharing");

	tcase_add_loop_test(
	    tc, points_agree_with_all_if_they_do_with_each, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
