#include "base/hosts.h"

#include <arpa/inet.h>
#include <string.h>

#include "suite.h"

#define MAX 8

static struct hosts *hosts;

static void
setup_max(uint32_t max)
{
	hosts_free(hosts);
	hosts = hosts_new(max);
	ck_assert_ptr_nonnull(hosts);
}

static void
setup(void)
{
	setup_max(MAX);
}

static void
teardown(void)
{
	hosts_free(hosts);
	hosts = NULL;
}

/* The n-th of many hosts, from a port of its own. */
static struct address
nth(uint32_t n)
{
	struct address a = address_any_ipv4((uint16_t)(n + 1));
	uint32_t ip = htonl(n);

	memcpy(a.ip.s6_addr + 12, &ip, 4);
	return a;
}

static uint32_t
use(uint32_t n)
{
	struct address a = nth(n);

	return hosts_use(hosts, &a, 0);
}

static uint32_t
find(uint32_t n)
{
	struct address a = nth(n);

	return hosts_find(hosts, &a, 0);
}

static bool
has(uint32_t number, const struct address *a)
{
	const struct address host = hosts_address(hosts, number);

	return host.port == 0 && address_same_host(&host, a);
}

/* Hosts 0 to MAX - 1 get the numbers 0 to MAX - 1. */
static void
fill(void)
{
	for (uint32_t i = 0; i < MAX; i++)
		ck_assert_uint_eq(use(i), i);
}

START_TEST(an_empty_set_has_no_host)
{
	struct address unspecified = { .port = 1 };

	ck_assert_uint_eq(hosts_count(hosts), 0);
	ck_assert_uint_eq(find(0), HOSTS_NONE);
	ck_assert_uint_eq(hosts_find(hosts, &unspecified, 0), HOSTS_NONE);
}
END_TEST

START_TEST(the_unspecified_address_is_a_host_like_others)
{
	struct address unspecified = { .port = 1 };

	ck_assert_uint_eq(hosts_use(hosts, &unspecified, 0), 0);
	ck_assert_uint_eq(use(1), 1);
	ck_assert_uint_eq(hosts_use(hosts, &unspecified, 0), 0);
	ck_assert_uint_eq(hosts_count(hosts), 2);
}
END_TEST

START_TEST(a_host_keeps_its_number_whatever_its_port)
{
	struct address a = nth(7);
	uint32_t number = hosts_use(hosts, &a, 0);

	ck_assert_uint_eq(use(8), number + 1);
	a.port = 9999;
	ck_assert_uint_eq(hosts_find(hosts, &a, 0), number);
	ck_assert_uint_eq(hosts_use(hosts, &a, 0), number);
	ck_assert(has(number, &a));
	ck_assert_uint_eq(hosts_count(hosts), 2);
}
END_TEST

START_TEST(interfaces_distinguish_link_local_addresses)
{
	struct address a, b;

	ck_assert_int_eq(address_parse_ip("fe80::1", &a), 0);
	b = a;
	b.scope = 2;
	ck_assert_uint_eq(hosts_use(hosts, &a, 0), 0);
	ck_assert_uint_eq(hosts_use(hosts, &b, 0), 1);
	ck_assert_uint_eq(hosts_find(hosts, &a, 0), 0);
}
END_TEST

START_TEST(tags_distinguish_members_of_one_host)
{
	struct address a = nth(1);

	ck_assert_uint_eq(hosts_use(hosts, &a, 0), 0);
	ck_assert_uint_eq(hosts_use(hosts, &a, 0xFFFF), 1);
	ck_assert_uint_eq(hosts_use(hosts, &a, 0), 0);
	ck_assert_uint_eq(hosts_find(hosts, &a, 0xFFFF), 1);
	ck_assert_uint_eq(hosts_find(hosts, &a, 1), HOSTS_NONE);
	hosts_remove(hosts, 0);
	ck_assert_uint_eq(hosts_find(hosts, &a, 0), HOSTS_NONE);
	ck_assert_uint_eq(hosts_find(hosts, &a, 0xFFFF), 1);
}
END_TEST

START_TEST(a_full_set_refuses_new_hosts_only)
{
	fill();
	ck_assert_uint_eq(use(MAX), HOSTS_NONE);
	ck_assert_uint_eq(find(MAX), HOSTS_NONE);
	ck_assert_uint_eq(hosts_count(hosts), MAX);
	for (uint32_t i = 0; i < MAX; i++)
		ck_assert_uint_eq(use(i), i);
}
END_TEST

START_TEST(the_least_recently_active_host_is_evicted)
{
	fill();
	use(0);
	use(0);
	use(2);
	hosts_touch(hosts, 1);
	ck_assert_uint_eq(hosts_evict(hosts), 3);
	ck_assert_uint_eq(find(3), HOSTS_NONE);
	ck_assert_uint_eq(hosts_count(hosts), MAX - 1);
	for (uint32_t i = 4; i < MAX; i++)
		ck_assert_uint_eq(hosts_evict(hosts), i);
	ck_assert_uint_eq(hosts_evict(hosts), 0);
	ck_assert_uint_eq(hosts_evict(hosts), 2);
	ck_assert_uint_eq(hosts_evict(hosts), 1);
	ck_assert_uint_eq(hosts_count(hosts), 0);
}
END_TEST

START_TEST(finding_a_host_does_not_make_it_active)
{
	fill();
	ck_assert_uint_eq(find(0), 0);
	ck_assert_uint_eq(hosts_evict(hosts), 0);
}
END_TEST

START_TEST(numbers_of_removed_hosts_are_used_again)
{
	struct address a = nth(100);

	fill();
	ck_assert_uint_eq(hosts_evict(hosts), 0);
	ck_assert_uint_eq(use(100), 0);
	ck_assert(has(0, &a));
	hosts_remove(hosts, 5);
	hosts_remove(hosts, 3);
	ck_assert_uint_eq(use(101), 3);
	ck_assert_uint_eq(use(102), 5);
	ck_assert_uint_eq(use(103), HOSTS_NONE);
	ck_assert_uint_eq(find(5), HOSTS_NONE);
	ck_assert_uint_eq(find(3), HOSTS_NONE);
}
END_TEST

START_TEST(a_removed_number_comes_before_a_new_one)
{
	use(0);
	use(1);
	hosts_remove(hosts, 0);
	ck_assert_uint_eq(use(2), 0);
	ck_assert_uint_eq(use(3), 2);
}
END_TEST

START_TEST(a_set_of_one_has_one_list)
{
	setup_max(1);
	for (uint32_t i = 0; i < 100; i++) {
		ck_assert_uint_eq(use(i), 0);
		ck_assert_uint_eq(use(i + 1), HOSTS_NONE);
		ck_assert_uint_eq(hosts_evict(hosts), 0);
	}
}
END_TEST

/* Three times as many hosts as lists. Errors are counted, as an assertion for
 * each host would take seconds. */
START_TEST(hosts_that_share_a_list_are_kept_apart)
{
	const uint32_t many = 200000;
	unsigned wrong = 0;

	setup_max(many);
	for (uint32_t i = 0; i < many; i++)
		wrong += use(i) != i;
	for (uint32_t i = 0; i < many; i += 2)
		hosts_remove(hosts, i);
	for (uint32_t i = 0; i < many; i++)
		wrong += find(i) != (i % 2 == 0 ? HOSTS_NONE : i);
	ck_assert_uint_eq(hosts_count(hosts), many / 2);
	for (uint32_t i = 1; i < many; i += 2)
		wrong += hosts_evict(hosts) != i;
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* The model: hosts by activity, the oldest first. */

#define MODEL_MAX   50
#define MODEL_HOSTS 120
#define MODEL_TAGS  2

static struct member {
	uint32_t host;
	uint16_t tag;
	uint32_t number;
} model[MODEL_MAX];
static uint32_t model_count;

/* Where a member is, or model_count. */
static uint32_t
model_find(uint32_t host, uint16_t tag)
{
	uint32_t i = 0;

	while (
	    i < model_count && (model[i].host != host || model[i].tag != tag))
		i++;
	return i;
}

static struct member
model_remove(uint32_t at)
{
	struct member gone = model[at];

	model_count--;
	memmove(
	    &model[at], &model[at + 1], (model_count - at) * sizeof(model[0]));
	return gone;
}

static void
model_append(struct member m)
{
	model[model_count++] = m;
}

/* A new number must not be one that is in use. */
static void
expect_unused(uint32_t number)
{
	ck_assert_uint_lt(number, MODEL_MAX);
	for (uint32_t i = 0; i < model_count; i++)
		ck_assert_uint_ne(model[i].number, number);
}

static void
use_as_the_model(uint32_t host, uint16_t tag)
{
	uint32_t at = model_find(host, tag);
	struct address a = nth(host);
	uint32_t number = hosts_use(hosts, &a, tag);

	if (at < model_count) {
		ck_assert_uint_eq(number, model[at].number);
		model_append(model_remove(at));
	} else if (model_count == MODEL_MAX) {
		ck_assert_uint_eq(number, HOSTS_NONE);
	} else {
		expect_unused(number);
		model_append((struct member){ host, tag, number });
	}
}

static void
compare_with_the_model(void)
{
	unsigned wrong = 0;

	ck_assert_uint_eq(hosts_count(hosts), model_count);
	for (uint32_t host = 0; host < MODEL_HOSTS; host++)
		for (uint16_t tag = 0; tag < MODEL_TAGS; tag++) {
			uint32_t at = model_find(host, tag);
			struct address a = nth(host);

			wrong += hosts_find(hosts, &a, tag) !=
			    (at == model_count ? HOSTS_NONE : model[at].number);
		}
	for (uint32_t i = 0; i < model_count; i++) {
		struct address a = nth(model[i].host);

		wrong += !has(model[i].number, &a);
	}
	ck_assert_uint_eq(wrong, 0);
}

/* Numerical Recipes' generator; the upper bits are the better ones. */
static uint32_t
below(uint32_t end)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)state * end >> 32);
}

static void
step(void)
{
	uint32_t at;

	switch (below(8)) {
	case 0:
		if (model_count > 0)
			ck_assert_uint_eq(
			    hosts_evict(hosts), model_remove(0).number);
		break;
	case 1:
		if (model_count > 0)
			hosts_remove(
			    hosts, model_remove(below(model_count)).number);
		break;
	case 2:
		if (model_count > 0) {
			at = below(model_count);
			hosts_touch(hosts, model[at].number);
			model_append(model_remove(at));
		}
		break;
	default:
		use_as_the_model(
		    below(MODEL_HOSTS), (uint16_t)below(MODEL_TAGS));
	}
}

START_TEST(does_what_a_simple_model_does)
{
	setup_max(MODEL_MAX);
	for (int i = 0; i < 5000; i++) {
		step();
		compare_with_the_model();
	}
	while (model_count > 0)
		ck_assert_uint_eq(hosts_evict(hosts), model_remove(0).number);
	compare_with_the_model();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hosts");
	TCase *tc = tcase_create("hosts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_empty_set_has_no_host);
	tcase_add_test(tc, the_unspecified_address_is_a_host_like_others);
	tcase_add_test(tc, a_host_keeps_its_number_whatever_its_port);
	tcase_add_test(tc, interfaces_distinguish_link_local_addresses);
	tcase_add_test(tc, tags_distinguish_members_of_one_host);
	tcase_add_test(tc, a_full_set_refuses_new_hosts_only);
	tcase_add_test(tc, the_least_recently_active_host_is_evicted);
	tcase_add_test(tc, finding_a_host_does_not_make_it_active);
	tcase_add_test(tc, numbers_of_removed_hosts_are_used_again);
	tcase_add_test(tc, a_removed_number_comes_before_a_new_one);
	tcase_add_test(tc, a_set_of_one_has_one_list);
	tcase_add_test(tc, hosts_that_share_a_list_are_kept_apart);
	tcase_add_test(tc, does_what_a_simple_model_does);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
