#include "roles/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/identity.h"
#include "roles/file.h"
#include "suite.h"

static struct roles_policy p;
static struct identity identity = { .subject = "CN=x", .issuer = "" };
static struct client who;

static struct roles *
read_roles(const char *text, enum datatable_overlay overlay)
{
	char message[ROLES_MESSAGE_MAX];
	struct roles *roles =
	    roles_read_text(text, strlen(text), "roles", overlay, message);

	ck_assert_msg(roles != NULL, "%s: %s", text, message);
	return roles;
}

static void
use(const char *text, enum datatable_overlay overlay)
{
	roles_policy_end(&p);
	roles_policy_init(&p, read_roles(text, overlay));
}

static void
teardown(void)
{
	roles_policy_end(&p);
}

/* From now on the client is one that came by TLS, with this role. */
static void
be(const char *role)
{
	identity.role = role;
	who = (struct client){ .way = CLIENT_TLS, .identity = &identity };
}

static void
be_without_certificate(enum client_way way)
{
	who = (struct client){ .way = (uint8_t)way };
}

static bool
may_use(uint8_t function)
{
	enum mb_exception e = policy_may_use(&p.policy, &who, 1, function);

	ck_assert(e == MB_EX_NONE || e == MB_EX_ILLEGAL_FUNCTION);
	return e == MB_EX_NONE;
}

static bool
may_request(const struct mb_request *q)
{
	enum mb_exception e = policy_may_request(&p.policy, &who, 1, q);

	ck_assert(e == MB_EX_NONE || e == MB_EX_ILLEGAL_FUNCTION);
	return e == MB_EX_NONE;
}

static bool
may_read(enum datatable_kind kind, unsigned address, unsigned quantity)
{
	return may_request(&(struct mb_request){
	    .kind = kind, .read = { (uint16_t)address, (uint16_t)quantity } });
}

static bool
may_write(enum datatable_kind kind, unsigned address, unsigned quantity)
{
	return may_request(&(struct mb_request){
	    .kind = kind, .write = { (uint16_t)address, (uint16_t)quantity } });
}

static bool
may_quit(void)
{
	return policy_may_shut_down(&p.policy, &who);
}

/* --- functions -------------------------------------------------------------
 */

/* The functions that may be used, in order. */
static const char *
usable(void)
{
	static char text[200];

	text[0] = '\0';
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++)
		if (may_use((uint8_t)i))
			sprintf(text + strlen(text), " %u", i);
	return text;
}

static const struct {
	const char *rights;
	const char *separate;
	const char *overlaid;
} functions[] = {
	{ "", " 8 17 43", " 8 17 43" },
	{ "quit", " 8 17 43", " 8 17 43" },
	{ "read coils", " 1 2 8 17 43", " 1 2 3 4 8 17 43" },
	{ "read coils:65535", " 1 2 8 17 43", " 1 2 3 4 8 17 43" },
	{ "read registers", " 3 4 8 17 43", " 1 2 3 4 8 17 43" },
	{ "read registers:4095", " 3 4 8 17 43", " 1 2 3 4 8 17 43" },
	{ "read registers:4096", " 3 4 8 17 43", " 3 4 8 17 43" },
	{ "write coils:7", " 5 8 15 17 43", " 5 6 8 15 16 17 22 43" },
	{ "write registers:65535", " 6 8 16 17 22 43", " 6 8 16 17 22 43" },
	{ "read coils write coils", " 1 2 5 8 15 17 43",
	    " 1 2 3 4 5 6 8 15 16 17 22 23 43" },
	{ "read coils write registers", " 1 2 6 8 16 17 22 43",
	    " 1 2 3 4 5 6 8 15 16 17 22 23 43" },
	{ "read registers:9 write registers:4096", " 3 4 6 8 16 17 22 23 43",
	    " 1 2 3 4 6 8 16 17 22 23 43" },
	{ "read all", " 1 2 3 4 8 17 43", " 1 2 3 4 8 17 43" },
	{ "write all", " 5 6 8 15 16 17 22 43", " 5 6 8 15 16 17 22 43" },
	{ "read all write all", " 1 2 3 4 5 6 8 15 16 17 22 23 43",
	    " 1 2 3 4 5 6 8 15 16 17 22 23 43" },
};

START_TEST(functions_need_rights)
{
	char text[200];

	snprintf(text, sizeof(text), "role A %s\nrole B read all write all\n",
	    functions[_i].rights);
	use(text, DATATABLE_SEPARATE);
	be("A");
	ck_assert_str_eq(usable(), functions[_i].separate);
	use(text, DATATABLE_OVERLAID);
	ck_assert_str_eq(usable(), functions[_i].overlaid);
}
END_TEST

START_TEST(requests_without_addresses_are_for_any_role)
{
	const struct mb_request echo = { .function = MB_FC_DIAGNOSTICS };

	use("role A\n", DATATABLE_SEPARATE);
	be("A");
	ck_assert(may_request(&echo));
	be("B");
	ck_assert(!may_request(&echo));
	ck_assert_str_eq(usable(), "");
}
END_TEST

START_TEST(function_23_needs_both)
{
	struct mb_request q = { .kind = DATATABLE_REGISTERS,
		.read = { 0, 10 },
		.write = { 10, 10 } };

	use("role A read registers:0-9 write registers:10-19\n",
	    DATATABLE_SEPARATE);
	be("A");
	ck_assert(may_request(&q));
	q.read.address = 1;
	ck_assert(!may_request(&q));
	q.read.address = 0;
	q.write.address = 9;
	ck_assert(!may_request(&q));
}
END_TEST

/* --- clients ----------------------------------------------------------------
 */

START_TEST(a_role_that_is_not_named_has_no_rights)
{
	use("role A read all write all quit\nno-role read all write all quit\n"
	    "plain read all write all quit\n",
	    DATATABLE_SEPARATE);
	be("B");
	ck_assert_str_eq(usable(), "");
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 1));
	ck_assert(!may_quit());
	be("a");
	ck_assert_str_eq(usable(), "");
	be("A ");
	ck_assert_str_eq(usable(), "");
	be("A");
	ck_assert(may_read(DATATABLE_REGISTERS, 0, 1));
	ck_assert(may_quit());
}
END_TEST

START_TEST(no_role_is_for_certificates_without_one)
{
	use("role A read all write all quit\n", DATATABLE_SEPARATE);
	be("");
	ck_assert_str_eq(usable(), "");
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 1));
	ck_assert(!may_quit());
	use("no-role read registers:0-9\nrole no-role read all quit\n",
	    DATATABLE_SEPARATE);
	ck_assert_str_eq(usable(), " 3 4 8 17 43");
	ck_assert(may_read(DATATABLE_REGISTERS, 0, 10));
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 11));
	ck_assert(!may_quit());
}
END_TEST

START_TEST(plain_clients_may_do_all_without_a_line)
{
	use("role A read all\n", DATATABLE_SEPARATE);
	be_without_certificate(CLIENT_PLAIN);
	ck_assert(may_use(99));
	ck_assert(may_write(DATATABLE_REGISTERS, 0, 1));
	ck_assert(may_quit());
}
END_TEST

START_TEST(plain_clients_are_bound_by_their_line)
{
	use("role A read all write all quit\nplain read all\n",
	    DATATABLE_SEPARATE);
	be_without_certificate(CLIENT_PLAIN);
	ck_assert_str_eq(usable(), " 1 2 3 4 8 17 43");
	ck_assert(may_read(DATATABLE_REGISTERS, 0, 125));
	ck_assert(!may_write(DATATABLE_REGISTERS, 0, 1));
	ck_assert(!may_quit());
	use("role A\nplain quit\n", DATATABLE_SEPARATE);
	ck_assert_str_eq(usable(), " 8 17 43");
	ck_assert(may_quit());
}
END_TEST

START_TEST(every_way_without_a_certificate_is_plain)
{
	static const enum client_way ways[] = { CLIENT_RTU, CLIENT_UDP,
		CLIENT_UNIX };

	use("role A\nplain read all\n", DATATABLE_SEPARATE);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		be_without_certificate(ways[i]);
		ck_assert(may_read(DATATABLE_REGISTERS, 0, 1));
		ck_assert(!may_write(DATATABLE_REGISTERS, 0, 1));
		ck_assert(!may_quit());
	}
}
END_TEST

START_TEST(others_are_not_asked)
{
	use("role A\nplain\nno-role\n", DATATABLE_SEPARATE);
	be_without_certificate(CLIENT_OTHER);
	ck_assert(may_use(99));
	ck_assert(may_write(DATATABLE_REGISTERS, 0, 1));
	ck_assert(may_quit());
}
END_TEST

START_TEST(tls_without_an_identity_may_do_nothing)
{
	use("role A read all\nno-role read all quit\n", DATATABLE_SEPARATE);
	be_without_certificate(CLIENT_TLS);
	ck_assert_str_eq(usable(), "");
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 1));
	ck_assert(!may_quit());
}
END_TEST

START_TEST(anyone_may_connect)
{
	use("role A\n", DATATABLE_SEPARATE);
	be("B");
	ck_assert(policy_may_connect(&p.policy, &who));
}
END_TEST

START_TEST(other_roles_hold_from_the_next_request_on)
{
	use("role A read registers:0-9 quit\n", DATATABLE_SEPARATE);
	be("A");
	ck_assert(may_read(DATATABLE_REGISTERS, 0, 10));
	roles_policy_replace(&p,
	    read_roles(
		"role A write registers:0-9\nplain\n", DATATABLE_SEPARATE));
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 10));
	ck_assert(may_write(DATATABLE_REGISTERS, 0, 10));
	ck_assert(!may_quit());
	be_without_certificate(CLIENT_PLAIN);
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 10));
	roles_policy_replace(
	    &p, read_roles("role B read all\n", DATATABLE_SEPARATE));
	ck_assert(may_read(DATATABLE_REGISTERS, 0, 10));
	be("A");
	ck_assert_str_eq(usable(), "");
}
END_TEST

/* Each of 64 roles has a register of its own. */
START_TEST(each_of_many_roles_has_its_own_rights)
{
	char text[64 * 100] = "", name[16];

	for (int i = 0; i < 64; i++)
		sprintf(text + strlen(text), "role \"Role %d\" read HR%d\n",
		    i * 37 % 64, i * 37 % 64);
	use(text, DATATABLE_SEPARATE);
	for (unsigned i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "Role %u", i);
		be(name);
		for (unsigned j = 0; j < 64; j++)
			ck_assert(
			    may_read(DATATABLE_REGISTERS, j, 1) == (i == j));
	}
}
END_TEST

/* --- layouts -----------------------------------------------------------------
 */

START_TEST(separate_coils_are_no_bits_of_registers)
{
	use("role A read registers\nrole B read coils\n", DATATABLE_SEPARATE);
	be("A");
	ck_assert(!may_read(DATATABLE_COILS, 0, 1));
	ck_assert(may_read(DATATABLE_REGISTERS, 65535, 1));
	be("B");
	ck_assert(!may_read(DATATABLE_REGISTERS, 0, 1));
	ck_assert(!may_read(DATATABLE_REGISTERS, 65535, 1));
	ck_assert(may_read(DATATABLE_COILS, 63536, 2000));
}
END_TEST

START_TEST(overlaid_register_is_its_16_coils)
{
	use("role A write registers:2\nrole B write coils:32-47\n"
	    "role C write coils:32-46\nrole D write coils:33-47\n",
	    DATATABLE_OVERLAID);
	be("A");
	ck_assert(may_write(DATATABLE_COILS, 32, 16));
	ck_assert(!may_write(DATATABLE_COILS, 31, 2));
	ck_assert(!may_write(DATATABLE_COILS, 47, 2));
	be("B");
	ck_assert(may_write(DATATABLE_REGISTERS, 2, 1));
	ck_assert(!may_write(DATATABLE_REGISTERS, 1, 2));
	ck_assert(!may_write(DATATABLE_REGISTERS, 2, 2));
	be("C");
	ck_assert(!may_write(DATATABLE_REGISTERS, 2, 1));
	ck_assert(may_write(DATATABLE_COILS, 32, 15));
	be("D");
	ck_assert(!may_write(DATATABLE_REGISTERS, 2, 1));
}
END_TEST

/* A range may span rights that touch, of either kind. */
START_TEST(overlaid_rights_of_both_kinds_join)
{
	use("role A write registers:2 coils:48-55 write coils:56-64\n",
	    DATATABLE_OVERLAID);
	be("A");
	ck_assert(may_write(DATATABLE_REGISTERS, 2, 2));
	ck_assert(may_write(DATATABLE_COILS, 32, 33));
	ck_assert(!may_write(DATATABLE_COILS, 32, 34));
	ck_assert(!may_write(DATATABLE_REGISTERS, 2, 3));
}
END_TEST

/* The bits of each right, as the data table has them: coil n is bit n % 16 of
 * word n / 16, in the overlaid layout of the registers. */
struct model {
	uint16_t registers[MB_ADDRESSES];
	uint16_t own_coils[MB_ADDRESSES / 16];
	uint16_t *coils;
};

static struct model models[2]; /* by enum role_right */

static void
model_add(
    struct model *m, enum datatable_kind kind, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		if (kind == DATATABLE_REGISTERS)
			m->registers[i] = UINT16_MAX;
		else
			m->coils[i / 16] |= (uint16_t)(1U << i % 16);
}

static bool
model_has(const struct model *m, enum datatable_kind kind, unsigned first,
    unsigned quantity)
{
	for (unsigned i = first; i < first + quantity; i++)
		if (kind == DATATABLE_REGISTERS ?
			m->registers[i] != UINT16_MAX :
			(m->coils[i / 16] >> i % 16 & 1) == 0)
			return false;
	return true;
}

/* Whether there is any bit of a kind. */
static bool
model_has_some(const struct model *m, enum datatable_kind kind)
{
	const uint16_t *words =
	    kind == DATATABLE_REGISTERS ? m->registers : m->coils;
	unsigned n = MB_ADDRESSES;

	if (kind == DATATABLE_COILS)
		n /= 16;
	for (unsigned i = 0; i < n; i++)
		if (words[i] != 0)
			return true;
	return false;
}

/* An address near one of few edges, so that ranges meet. */
static unsigned
random_address(enum datatable_kind kind)
{
	static const unsigned edges[] = { 0, 32, 4095, 65535 };
	unsigned edge = edges[rand() % 4];
	unsigned near = (unsigned)rand() % (kind == DATATABLE_COILS ? 80 : 6);

	if (kind == DATATABLE_COILS && edge == 4095)
		edge = 65535;
	return edge > 40000 || (edge > 100 && rand() % 2) ? edge - near :
							    edge + near;
}

/* Write random rights into text, and into the models. */
static void
make_rights(enum datatable_overlay overlay, char *text)
{
	for (int right = ROLE_READ; right <= ROLE_WRITE; right++) {
		struct model *m = &models[right];

		*m = (struct model){ .coils = overlay == DATATABLE_OVERLAID ?
			    m->registers :
			    m->own_coils };
		for (int n = rand() % 12; n > 0; n--) {
			enum datatable_kind kind =
			    rand() % 2 ? DATATABLE_COILS : DATATABLE_REGISTERS;
			unsigned first = random_address(kind);
			unsigned last = first + (unsigned)rand() % 20;

			if (last >= MB_ADDRESSES)
				last = MB_ADDRESSES - 1;
			model_add(m, kind, first, last);
			text += sprintf(text, "role A %s %s:%u-%u\n",
			    right == ROLE_READ ? "read" : "write",
			    kind == DATATABLE_COILS ? "coils" : "registers",
			    first, last);
		}
	}
}

static void
assert_like_models(enum datatable_kind kind)
{
	unsigned address = random_address(kind);
	unsigned quantity =
	    1 + (unsigned)rand() % (kind == DATATABLE_COILS ? 40 : 4);

	if (address + quantity > MB_ADDRESSES)
		quantity = MB_ADDRESSES - address;
	ck_assert(may_read(kind, address, quantity) ==
	    model_has(&models[ROLE_READ], kind, address, quantity));
	ck_assert(may_write(kind, address, quantity) ==
	    model_has(&models[ROLE_WRITE], kind, address, quantity));
}

START_TEST(agrees_with_a_bit_for_each)
{
	enum datatable_overlay overlay =
	    _i % 2 ? DATATABLE_OVERLAID : DATATABLE_SEPARATE;
	char text[4000] = "role A\n";

	srand((unsigned)_i);
	make_rights(overlay, text + strlen(text));
	use(text, overlay);
	be("A");
	for (int i = 0; i < 2000; i++) {
		assert_like_models(DATATABLE_COILS);
		assert_like_models(DATATABLE_REGISTERS);
	}
	for (unsigned i = 0; i < MB_FUNCTION_CODES; i++) {
		const struct mb_function *f = mb_function((uint8_t)i);

		ck_assert(may_use((uint8_t)i) ==
		    (f != NULL &&
			(f->most_read == 0 ||
			    model_has_some(&models[ROLE_READ], f->kind)) &&
			(f->most_written == 0 ||
			    model_has_some(&models[ROLE_WRITE], f->kind))));
	}
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

int
main(void)
{
	Suite *suite = suite_create("roles_policy");
	TCase *tc = tcase_create("roles_policy");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, functions_need_rights, 0, COUNT(functions));
	tcase_add_test(tc, requests_without_addresses_are_for_any_role);
	tcase_add_test(tc, function_23_needs_both);
	tcase_add_test(tc, a_role_that_is_not_named_has_no_rights);
	tcase_add_test(tc, no_role_is_for_certificates_without_one);
	tcase_add_test(tc, plain_clients_may_do_all_without_a_line);
	tcase_add_test(tc, plain_clients_are_bound_by_their_line);
	tcase_add_test(tc, every_way_without_a_certificate_is_plain);
	tcase_add_test(tc, others_are_not_asked);
	tcase_add_test(tc, tls_without_an_identity_may_do_nothing);
	tcase_add_test(tc, anyone_may_connect);
	tcase_add_test(tc, other_roles_hold_from_the_next_request_on);
	tcase_add_test(tc, each_of_many_roles_has_its_own_rights);
	tcase_add_test(tc, separate_coils_are_no_bits_of_registers);
	tcase_add_test(tc, overlaid_register_is_its_16_coils);
	tcase_add_test(tc, overlaid_rights_of_both_kinds_join);
	tcase_add_loop_test(tc, agrees_with_a_bit_for_each, 0, 40);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
