#include "table/last_writer_report.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "base/identity.h"
#include "suite.h"
#include "table/last_writer.h"

#define TEXT_MAX 1000

static struct datatable *table;
static struct last_writer *lw;

static char lines[LAST_WRITER_REPORT_LINES + 1][TEXT_MAX];
static unsigned count;

static const struct identity *identity; /* of who writes, or NULL */

static void
setup(void)
{
	table = datatable_new(DATATABLE_SEPARATE);
	ck_assert_ptr_nonnull(table);
	lw = last_writer_new(table, DATATABLE_SEPARATE);
	ck_assert_ptr_nonnull(lw);
}

static void
teardown(void)
{
	datatable_free(table);
	last_writer_free(lw);
}

static void
keep(void *arg, const char *line)
{
	ck_assert_ptr_eq(arg, &count);
	ck_assert_uint_lt(count, LAST_WRITER_REPORT_LINES + 1);
	ck_assert_uint_lt(strlen(line), TEXT_MAX - 1);
	strcpy(lines[count++], line);
}

static void
report(void)
{
	count = 0;
	last_writer_report(lw, keep, &count);
	ck_assert_uint_le(count, LAST_WRITER_REPORT_LINES);
}

/* Whether a line begins and ends so; between them may be times. */
static void
assert_line(unsigned n, const char *begin, const char *end)
{
	const char *line = lines[n];

	ck_assert_uint_lt(n, count);
	ck_assert_msg(strncmp(line, begin, strlen(begin)) == 0, "%s", line);
	ck_assert_uint_ge(strlen(line), strlen(begin) + strlen(end));
	ck_assert_str_eq(line + strlen(line) - strlen(end), end);
}

static void
write_coil(unsigned who, unsigned address)
{
	struct client c = { .address = address_any_ipv4(9),
		.identity = identity };
	struct datatable_writer writer = { &c, 1, 5 };
	uint32_t ip = htonl(0x0A000000 + who);
	uint16_t on = 1;

	memcpy(c.address.ip.s6_addr + 12, &ip, 4);
	datatable_write_coils(table, &writer, (uint16_t)address, 1, &on);
}

START_TEST(of_nothing_it_has_one_line)
{
	report();
	ck_assert_uint_eq(count, 1);
	assert_line(0,
	    "0 writes by 0 clients; 0 registers and 0 coils written; "
	    "0 registers and 0 coils contended",
	    "");
}
END_TEST

START_TEST(names_clients_and_what_they_contend_for)
{
	for (unsigned i = 0; i < 5; i++)
		write_coil(1 + i % 2, 70);
	write_coil(2, 71);
	write_coil(2, 72);
	report();
	ck_assert_uint_eq(count, 4);
	assert_line(0,
	    "7 writes by 2 clients; 0 registers and 3 coils written; "
	    "0 registers and 1 coils contended",
	    "");
	assert_line(1, "client 10.0.0.2: 4 writes, the last 2",
	    "; last to write 0 registers and 2 coils");
	assert_line(2, "client 10.0.0.1: 3 writes, the last 2",
	    "; last to write 0 registers and 1 coils");
	assert_line(3,
	    "contended: coil 70: 3 times; last from 10.0.0.2 to 10.0.0.1 2",
	    "");
}
END_TEST

START_TEST(names_certificates)
{
	struct identities all;

	identities_init(&all);
	identity = identity_of(&all, "CN=HMI 3,O=Plant", "", "Operator");
	for (unsigned i = 0; i < 5; i++) {
		const struct identity *who = identity;

		identity = i % 2 == 0 ? who : NULL;
		write_coil(1, 70); /* of one host */
		identity = who;
	}
	identity_release(identity);
	identity = NULL;
	report();
	ck_assert_uint_eq(count, 4);
	assert_line(1, "client CN=HMI 3,O=Plant (10.0.0.1): 3 writes, the ",
	    "; last to write 0 registers and 1 coils");
	assert_line(2, "client 10.0.0.1: 2 writes, the last 2",
	    "; last to write 0 registers and 0 coils");
	assert_line(3,
	    "contended: coil 70: 3 times; last from 10.0.0.1 to "
	    "CN=HMI 3,O=Plant (10.0.0.1) 2",
	    "");
	last_writer_free(lw);
	lw = NULL;
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

START_TEST(the_longest_subjects_fit)
{
	struct identities all;
	const struct identity *who[2];
	char subject[IDENTITY_NAME_SIZE];

	identities_init(&all);
	memset(subject, 'x', sizeof(subject));
	subject[sizeof(subject) - 1] = '\0';
	for (unsigned i = 0; i < 2; i++)
		who[i] = identity_of(&all, subject, i == 0 ? "a" : "b", "");
	for (unsigned i = 0; i < 5; i++) {
		identity = who[i % 2];
		write_coil(1, 70);
	}
	identity = NULL;
	report();
	assert_line(3, "contended: coil 70: 3 times; last from xxx", "");
	ck_assert_ptr_nonnull(strstr(lines[3], "xx (10.0.0.1) to xx"));
	ck_assert_ptr_nonnull(strstr(lines[3], "xx (10.0.0.1) 2"));
	identity_release(who[0]);
	identity_release(who[1]);
	last_writer_free(lw);
	lw = NULL;
	ck_assert(LIST_EMPTY(&all.held));
}
END_TEST

/* Client n writes n times, and coil n changes hands n times. */
START_TEST(lists_the_first_few_and_counts_the_rest)
{
	for (unsigned n = 1; n <= 30; n++)
		for (unsigned i = 0; i <= n + 1; i++)
			write_coil(100 * (1 + i % 2) + n, n);
	report();
	ck_assert_uint_eq(count, LAST_WRITER_REPORT_LINES);
	assert_line(1, "client 10.0.0.129: 16 writes,", "");
	assert_line(11, "50 more clients", "");
	for (unsigned i = 0; i < LAST_WRITER_REPORT_CONTENDED; i++) {
		char begin[40];

		snprintf(begin, sizeof(begin), "contended: coil %u: %u times;",
		    30 - i, 30 - i);
		assert_line(12 + i, begin, "");
	}
	assert_line(32, "10 more addresses are contended", "");
}
END_TEST

START_TEST(counts_forgotten_clients_too)
{
	for (unsigned n = 0; n < WRITERS_ROOM + 1; n++)
		write_coil(n, 3);
	report();
	assert_line(0, "1025 writes by 1025 clients;", "");
	assert_line(11, "1015 more clients", "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("last_writer_report");
	TCase *tc = tcase_create("last_writer_report");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, of_nothing_it_has_one_line);
	tcase_add_test(tc, names_clients_and_what_they_contend_for);
	tcase_add_test(tc, names_certificates);
	tcase_add_test(tc, the_longest_subjects_fit);
	tcase_add_test(tc, lists_the_first_few_and_counts_the_rest);
	tcase_add_test(tc, counts_forgotten_clients_too);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
