#include "fault/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "suite.h"

static struct fault_options o;
static char error[FAULT_OPTIONS_ERROR_MAX];

/* Parse arguments that "|" parts. */
static int
parse(const char *text)
{
	char **argv;
	int argc = arguments_split("mbfault", text, "|", &argv);

	error[0] = '\0';
	return fault_options_parse(argc, argv, &o, error);
}

static void
parse_well(const char *text)
{
	ck_assert_msg(parse(text) == 0, "%s: %s", text, error);
}

static const char *
text_of(const struct address *a)
{
	static char text[ADDRESS_TEXT_MAX];

	return address_format(a, text);
}

START_TEST(listens_everywhere_and_passes_everything_by_default)
{
	parse_well("--to|192.0.2.1");
	ck_assert_int_eq(o.action, FAULT_RUN);
	ck_assert_str_eq(text_of(&o.listen), "[::]:8502");
	ck_assert(o.both_families);
	ck_assert_uint_eq(o.rule_count, 0);
	ck_assert_ptr_null(o.file);
	ck_assert_uint_eq(o.seed, 1);
	ck_assert_uint_eq(o.max_connections, 0);
	ck_assert(!o.http);
	ck_assert_int_eq(o.log_level, LOG_INFO);
}
END_TEST

START_TEST(takes_every_option)
{
	parse_well("--listen|127.0.0.1|--to|plc.example:1502|--rule|close|"
		   "--rule|delay 1s unit 2|--seed|18446744073709551615|"
		   "--max-connections|9|--http|[::]:8080|--http-token|t|"
		   "--http-host|lab|--log-level|DEBUG|-p|0");
	ck_assert_str_eq(text_of(&o.listen), "127.0.0.1:0");
	ck_assert(!o.both_families);
	ck_assert_str_eq(o.to, "plc.example");
	ck_assert_uint_eq(o.to_port, 1502);
	ck_assert_uint_eq(o.rule_count, 2);
	ck_assert_str_eq(o.rules[1], "delay 1s unit 2");
	ck_assert(o.seed == UINT64_MAX);
	ck_assert_uint_eq(o.max_connections, 9);
	ck_assert(o.http);
	ck_assert_str_eq(text_of(&o.http_listen), "[::]:8080");
	ck_assert_str_eq(o.http_token, "t");
	ck_assert_str_eq(o.http_hosts[0], "lab");
	ck_assert_int_eq(o.log_level, LOG_DEBUG);
}
END_TEST

static const struct {
	const char *value, *host;
	unsigned port;
} servers[] = {
	{ "192.0.2.1", "192.0.2.1", 502 },
	{ "192.0.2.1:1", "192.0.2.1", 1 },
	{ "2001:db8::1", "2001:db8::1", 502 },
	{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
	{ "fe80::1%1", "fe80::1%1", 502 },
	{ "plc", "plc", 502 },
	{ "plc_3.lab:8502", "plc_3.lab", 8502 },
};

START_TEST(takes_the_server_as_address_or_name)
{
	char text[100];

	snprintf(text, sizeof(text), "--to|%s", servers[_i].value);
	parse_well(text);
	ck_assert_str_eq(o.to, servers[_i].host);
	ck_assert_uint_eq(o.to_port, servers[_i].port);
}
END_TEST

START_TEST(http_is_on_loopback_unless_told_otherwise)
{
	parse_well("--to|plc|--http|8080");
	ck_assert_str_eq(text_of(&o.http_listen), "127.0.0.1:8080");
	parse_well("--to|plc|--http|[::1]:0");
	ck_assert_str_eq(text_of(&o.http_listen), "[::1]:0");
}
END_TEST

START_TEST(help_and_version_ignore_the_rest)
{
	parse_well("--help|--bogus");
	ck_assert_int_eq(o.action, FAULT_HELP);
	parse_well("-v");
	ck_assert_int_eq(o.action, FAULT_VERSION);
}
END_TEST

#define SERVER                                                                 \
	"a name or an address, with or without a port from 1 to 65535, such "  \
	"as plc.example, 192.0.2.1:502 or [2001:db8::1]:502"

static const struct {
	const char *text, *error;
} bad[] = {
	{ "-p|0", "--to: missing: expected the server, such as 192.0.2.1:502" },
	{ "--to|plc|-p|65536",
	    "--port: \"65536\": expected a port number from 0 to "
	    "65535" },
	{ "--to|1.2.3", "--to: \"1.2.3\": expected " SERVER },
	{ "--to|plc:0", "--to: \"plc:0\": expected " SERVER },
	{ "--to|1.2.3.4:0", "--to: \"1.2.3.4:0\": expected " SERVER },
	{ "--to|plc:1:2", "--to: \"plc:1:2\": expected " SERVER },
	{ "--to|:502", "--to: \":502\": expected " SERVER },
	{ "--to|plc/1", "--to: \"plc/1\": expected " SERVER },
	{ "--to|plc|--rule|close now",
	    "--rule: \"close now\": \"now\": expected unit N, function N, "
	    "coils:A-B, registers:A-B with addresses from 0 to 65535, client "
	    "CIDR, chance P%, after N or first N" },
	{ "--to|plc|--rule|close|--rules|f",
	    "--rule: expected without --rules" },
	{ "--to|plc|--http|0.0.0.0:80",
	    "--http: requires --http-token FILE, as it reaches beyond "
	    "loopback" },
	{ "--to|plc|--http-token|f", "--http-token: requires --http" },
	{ "--to|plc|--http|plant:80",
	    "--http: \"plant:80\": expected a port, or an "
	    "address with one: 8080, 192.0.2.1:8080 or [2001:db8::1]:8080" },
	{ "--to|plc|--max-connections|0",
	    "--max-connections: \"0\": expected a number from 1 "
	    "to 1000000" },
	{ "--to|plc|close", "close: unknown option; see --help" },
};

START_TEST(names_what_is_wrong)
{
	ck_assert_int_eq(parse(bad[_i].text), -1);
	ck_assert_str_eq(error, bad[_i].error);
}
END_TEST

START_TEST(takes_1000_rules_and_no_more)
{
	static char text[20000];
	size_t n = (size_t)sprintf(text, "--to|plc");

	for (int i = 0; i < FAULT_RULES_MAX; i++)
		n += (size_t)sprintf(text + n, "|--rule=close");
	parse_well(text);
	ck_assert_uint_eq(o.rule_count, FAULT_RULES_MAX);
	sprintf(text + n, "|--rule=close");
	ck_assert_int_eq(parse(text), -1);
	ck_assert_str_eq(error,
	    "--rule: \"close\": expected a rule, at most 1000 "
	    "times");
}
END_TEST

START_TEST(help_names_the_effects)
{
	char *help = fault_options_help();

	ck_assert_ptr_nonnull(help);
	for (int i = FAULT_PASS + 1; i < FAULT_EFFECTS; i++)
		ck_assert_ptr_nonnull(strstr(help, fault_effect_names[i]));
	free(help);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *s = suite_create("fault_options");
	TCase *t = tcase_create("options");

	tcase_add_test(t, listens_everywhere_and_passes_everything_by_default);
	tcase_add_test(t, takes_every_option);
	tcase_add_loop_test(
	    t, takes_the_server_as_address_or_name, 0, COUNT(servers));
	tcase_add_test(t, http_is_on_loopback_unless_told_otherwise);
	tcase_add_test(t, help_and_version_ignore_the_rest);
	tcase_add_loop_test(t, names_what_is_wrong, 0, COUNT(bad));
	tcase_add_test(t, takes_1000_rules_and_no_more);
	tcase_add_test(t, help_names_the_effects);
	suite_add_tcase(s, t);
	return suite_run(s);
}
