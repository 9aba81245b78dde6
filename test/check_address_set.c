#include "points/address_set.h"

#include <stdlib.h>

#include "suite.h"

#define ADDRESSES 65536

static struct address_set set;
static bool model[ADDRESSES];

/* Ranges that begin and end at, before and behind words, and others. */
static void
random_range(uint32_t *first, uint32_t *quantity)
{
	uint32_t last;

	*first = (uint32_t)rand() % ADDRESSES;
	if (rand() % 2 == 0)
		*first = *first / 64 * 64 + (uint32_t)rand() % 2;
	last = *first + (uint32_t)rand() % (rand() % 2 == 0 ? 5 : 2000);
	if (rand() % 2 == 0)
		last = last / 64 * 64 + 63;
	if (last >= ADDRESSES || rand() % 50 == 0)
		last = ADDRESSES - 1;
	*quantity = rand() % 20 == 0 ? 0 : last - *first + 1;
}

static bool
model_touches(uint32_t first, uint32_t quantity)
{
	for (uint32_t i = first; i < first + quantity; i++)
		if (model[i])
			return true;
	return false;
}

static bool
model_includes(uint32_t first, uint32_t quantity)
{
	for (uint32_t i = first; i < first + quantity; i++)
		if (!model[i])
			return false;
	return true;
}

/* More and more of the addresses are in the set. */
START_TEST(it_agrees_with_a_model)
{
	uint32_t first, quantity;

	srand((unsigned)_i);
	for (int i = 0; i < 400; i++) {
		random_range(&first, &quantity);
		if (quantity <= (uint32_t)i) {
			address_set_add(&set, first, quantity);
			for (uint32_t k = first; k < first + quantity; k++)
				model[k] = true;
		}
		for (int k = 0; k < 50; k++) {
			random_range(&first, &quantity);
			if (address_set_touches(&set, first, quantity) !=
				model_touches(first, quantity) ||
			    address_set_includes(&set, first, quantity) !=
				model_includes(first, quantity))
				ck_abort_msg("%u %u", first, quantity);
		}
	}
}
END_TEST

START_TEST(all_addresses_are_a_range)
{
	ck_assert(!address_set_touches(&set, 0, ADDRESSES));
	address_set_add(&set, 65535, 1);
	ck_assert(address_set_touches(&set, 0, ADDRESSES));
	ck_assert(!address_set_touches(&set, 0, ADDRESSES - 1));
	address_set_add(&set, 0, ADDRESSES);
	ck_assert(address_set_includes(&set, 0, ADDRESSES));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address set");
	TCase *tc = tcase_create("address set");

	tcase_add_loop_test(tc, it_agrees_with_a_model, 0, 10);
	tcase_add_test(tc, all_addresses_are_a_range);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
