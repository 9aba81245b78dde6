#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define ARGUMENTS_MAX 64
#define GUARD         16
#define GUARD_BYTE    0x5A

/* The command line under test: copies, so that a sanitizer sees every byte
 * read behind one of them. */
static char *args[ARGUMENTS_MAX + 1];
static int arg_count;

static struct options options;

static struct {
	char before[GUARD];
	char text[OPTIONS_ERROR_MAX];
	char after[GUARD];
} error;

#define SHARED "redis://127.0.0.1"

static void
forget_arguments(void)
{
	for (int i = 0; i < arg_count; i++)
		free(args[i]);
	arg_count = 0;
}

static void
add_argument(const char *argument)
{
	args[arg_count] = strdup(argument);
	ck_assert(arg_count < ARGUMENTS_MAX && args[arg_count] != NULL);
	args[++arg_count] = NULL;
}

/* Check records each assertion it passes, so that loops over bytes make one. */
static void
assert_guard(const char *guard)
{
	size_t intact = 0;

	while (intact < GUARD && guard[intact] == GUARD_BYTE)
		intact++;
	ck_assert_uint_eq(intact, GUARD);
}

/* Parse what add_argument has gathered. */
static int
parse_gathered(void)
{
	int result;

	memset(&error, GUARD_BYTE, sizeof(error));
	memset(&options, 0xAA, sizeof(options));
	result = options_parse(arg_count, args, &options, error.text);
	assert_guard(error.before);
	assert_guard(error.after);
	return result;
}

static int
parse(const char *const *given)
{
	forget_arguments();
	add_argument("mbasyncserver");
	for (; *given != NULL; given++)
		add_argument(*given);
	return parse_gathered();
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

/* What every error has: one line of printable text that fits. */
static void
assert_error_is_one_line(void)
{
	const char *end = memchr(error.text, '\0', sizeof(error.text));
	const char *p = error.text;

	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_ne(end, error.text);
	while (p < end && (unsigned char)*p >= ' ' && *p != 0x7F)
		p++;
	ck_assert_msg(p == end, "control character %#x at %td",
	    (unsigned char)*p, p - error.text);
}

static void
assert_error(const char *expected)
{
	assert_error_is_one_line();
	ck_assert_str_eq(error.text, expected);
}

static void
assert_listen(size_t i, const char *expected)
{
	char text[ADDRESS_TEXT_MAX];

	ck_assert_uint_lt(i, options.listen_count);
	ck_assert_int_eq(options.listen[i].way, CLIENT_PLAIN);
	ck_assert_str_eq(
	    address_format(&options.listen[i].where, text), expected);
}

START_TEST(no_arguments_give_the_defaults)
{
	forget_arguments();
	add_argument("mbasyncserver");
	ck_assert_int_eq(parse_gathered(), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_uint_eq(options.port, 502);
	ck_assert_int_eq(options.overlay, DATATABLE_SEPARATE);
	ck_assert_ptr_null(options.shutdown_word);
	ck_assert_uint_eq(options.listen_count, 0);
	ck_assert_int_eq(options.log_level, LOG_INFO);
	ck_assert(!options.trace);
	ck_assert_uint_eq(options.max_connections, 0);
	ck_assert_uint_eq(options.idle_timeout, 0);
}
END_TEST

START_TEST(no_program_name_gives_the_defaults)
{
	forget_arguments();
	args[0] = NULL;
	ck_assert_int_eq(parse_gathered(), 0);
	ck_assert_uint_eq(options.port, 502);
}
END_TEST

static const struct {
	const char *args[3];
	uint16_t port;
} ports[] = {
	{ { "-p", "8502" }, 8502 },
	{ { "-p8502" }, 8502 },
	{ { "--port", "8502" }, 8502 },
	{ { "--port=8502" }, 8502 },
	{ { "--p", "8502" }, 8502 },
	{ { "--po=8502" }, 8502 },
	{ { "-p", "0" }, 0 },
	{ { "-p", "1" }, 1 },
	{ { "-p", "00502" }, 502 },
	{ { "-p", "65535" }, 65535 },
};

START_TEST(accepts_a_port)
{
	ck_assert_int_eq(parse(ports[_i].args), 0);
	ck_assert_uint_eq(options.port, ports[_i].port);
}
END_TEST

static const struct {
	const char *args[3];
	enum datatable_overlay overlay;
} overlays[] = {
	{ { "-d", "s" }, DATATABLE_SEPARATE },
	{ { "-d", "S" }, DATATABLE_SEPARATE },
	{ { "-d", "separate" }, DATATABLE_SEPARATE },
	{ { "-d", "SEPARATE" }, DATATABLE_SEPARATE },
	{ { "-d", "o" }, DATATABLE_OVERLAID },
	{ { "-dO" }, DATATABLE_OVERLAID },
	{ { "-d", "overlaid" }, DATATABLE_OVERLAID },
	{ { "--datatable", "Overlaid" }, DATATABLE_OVERLAID },
	{ { "--datatable=o" }, DATATABLE_OVERLAID },
	{ { "--data=OVERLAID" }, DATATABLE_OVERLAID },
};

START_TEST(accepts_a_data_table)
{
	ck_assert_int_eq(parse(overlays[_i].args), 0);
	ck_assert_int_eq(options.overlay, overlays[_i].overlay);
}
END_TEST

static const struct {
	const char *args[3];
	enum log_level level;
} levels[] = {
	{ { "--log-level", "error" }, LOG_ERROR },
	{ { "--log-level", "warn" }, LOG_WARN },
	{ { "--log-level", "info" }, LOG_INFO },
	{ { "--log-level", "debug" }, LOG_DEBUG },
	{ { "--log-level=ERROR" }, LOG_ERROR },
	{ { "--log=Warn" }, LOG_WARN },
	{ { "--lo", "DEBUG" }, LOG_DEBUG },
};

START_TEST(accepts_a_log_level)
{
	ck_assert_int_eq(parse(levels[_i].args), 0);
	ck_assert_int_eq(options.log_level, levels[_i].level);
}
END_TEST

static const struct {
	const char *args[3];
	const char *word;
} words[] = {
	{ { "-q", "bye" }, "bye" },
	{ { "-qbye" }, "bye" },
	{ { "-q", "Good Night" }, "Good Night" },
	{ { "-q", "-bye-" }, "-bye-" },
	{ { "--quit", "quit" }, "quit" },
	{ { "--quit=quit" }, "quit" },
	{ { "--quit==q=" }, "=q=" },
	{ { "--quit", "--q" }, "--q" },
};

START_TEST(accepts_a_shut_down_word)
{
	ck_assert_int_eq(parse(words[_i].args), 0);
	ck_assert_str_eq(options.shutdown_word, words[_i].word);
}
END_TEST

/* A word of length bytes, none of them one of "expected ...". */
static const char *
word_of(size_t length)
{
	static char word[1024];

	memset(word, '#', length);
	word[length] = '\0';
	return word;
}

static const struct {
	size_t length;
	int result;
} word_lengths[] = {
	{ 0, -1 },
	{ 1, -1 },
	{ 2, -1 },
	{ 3, 0 },
	{ 249, 0 },
	{ 250, 0 },
	{ 251, -1 },
	{ 1000, -1 },
};

START_TEST(shut_down_word_has_3_to_250_bytes_and_is_never_shown)
{
	ck_assert_int_eq(PARSE("-q", word_of(word_lengths[_i].length)),
	    word_lengths[_i].result);
	if (word_lengths[_i].result == 0)
		ck_assert_uint_eq(
		    strlen(options.shutdown_word), word_lengths[_i].length);
	else
		assert_error("--quit: expected a word of 3 to 250 bytes");
}
END_TEST

START_TEST(shut_down_word_points_into_argv)
{
	ck_assert_int_eq(PARSE("-q", "bye"), 0);
	ck_assert_ptr_eq(options.shutdown_word, args[2]);
}
END_TEST

static const struct {
	const char *args[3];
	size_t max;
} maxima[] = {
	{ { "--max-connections", "1" }, 1 },
	{ { "--max-connections=1000" }, 1000 },
	{ { "--max-conn", "999999" }, 999999 },
	{ { "--max-c=1000000" }, 1000000 },
};

START_TEST(accepts_a_number_of_connections)
{
	ck_assert_int_eq(parse(maxima[_i].args), 0);
	ck_assert_uint_eq(options.max_connections, maxima[_i].max);
}
END_TEST

static const struct {
	const char *args[3];
	unsigned seconds;
} timeouts[] = {
	{ { "--idle-timeout", "0" }, 0 },
	{ { "--idle-timeout=1" }, 1 },
	{ { "--idle", "600" }, 600 },
	{ { "--i", "31536000" }, 31536000 },
};

START_TEST(accepts_an_idle_timeout)
{
	ck_assert_int_eq(parse(timeouts[_i].args), 0);
	ck_assert_uint_eq(options.idle_timeout, timeouts[_i].seconds);
}
END_TEST

#define TLS_FILES                                                              \
	"--tls-cert", "c", "--tls-key", "k", "--tls-ca", "a", "--roles", "r"

static const struct {
	const char *value;
	const char *where; /* as address_format writes it */
	bool both_families;
} tls_addresses[] = {
	{ "802", "[::]:802", true },
	{ "0", "[::]:0", true },
	{ "192.0.2.1", "192.0.2.1:802", false },
	{ "192.0.2.1:8802", "192.0.2.1:8802", false },
	{ "::1", "[::1]:802", false },
	{ "[::1]:0", "[::1]:0", false },
};

START_TEST(accepts_addresses_for_tls)
{
	char text[ADDRESS_TEXT_MAX];

	ck_assert_int_eq(PARSE("--tls", tls_addresses[_i].value, TLS_FILES), 0);
	ck_assert_uint_eq(options.tls_count, 1);
	ck_assert_str_eq(address_format(&options.tls[0].where, text),
	    tls_addresses[_i].where);
	ck_assert(
	    options.tls[0].both_families == tls_addresses[_i].both_families);
	ck_assert_str_eq(options.tls_cert, "c");
	ck_assert_str_eq(options.tls_key, "k");
	ck_assert_str_eq(options.tls_ca, "a");
	ck_assert_ptr_null(options.tls_crl);
	ck_assert_str_eq(options.roles, "r");
}
END_TEST

START_TEST(serves_plain_tcp_beside_tls_only_if_asked)
{
	ck_assert_int_eq(PARSE("--trace"), 0);
	ck_assert(options.plain);
	ck_assert_int_eq(PARSE("--tls", "802", TLS_FILES), 0);
	ck_assert(!options.plain);
	ck_assert_int_eq(PARSE("--tls", "802", TLS_FILES, "-p", "502"), 0);
	ck_assert(options.plain);
	ck_assert_int_eq(
	    PARSE("--tls", "802", "--listen", "::1", TLS_FILES), 0);
	ck_assert(!options.plain);
	assert_listen(0, "[::1]:502");
}
END_TEST

static const struct {
	const char *value;
	enum client_way way;
	const char *where; /* as address_format writes it, or the path */
	bool both_families;
} listen_kinds[] = {
	{ "rtu:5020", CLIENT_RTU, "[::]:5020", true },
	{ "rtu:192.0.2.1:5020", CLIENT_RTU, "192.0.2.1:5020", false },
	{ "RTU:[::1]:0", CLIENT_RTU, "[::1]:0", false },
	{ "udp:502", CLIENT_UDP, "[::]:502", true },
	{ "udp:0.0.0.0:502", CLIENT_UDP, "0.0.0.0:502", false },
	{ "unix:/run/a b:c", CLIENT_UNIX, "/run/a b:c", false },
	{ "unix:s", CLIENT_UNIX, "s", false },
};

START_TEST(accepts_other_kinds_of_listeners)
{
	const struct options_listen *l = &options.listen[0];
	char text[ADDRESS_TEXT_MAX];

	ck_assert_int_eq(
	    PARSE("-p", "7", "--listen", listen_kinds[_i].value), 0);
	ck_assert_uint_eq(options.listen_count, 1);
	ck_assert_int_eq(l->way, listen_kinds[_i].way);
	ck_assert_str_eq(
	    l->way == CLIENT_UNIX ? l->path : address_format(&l->where, text),
	    listen_kinds[_i].where);
	ck_assert(l->both_families == listen_kinds[_i].both_families);
}
END_TEST

START_TEST(serves_plain_tcp_beside_others_only_if_asked)
{
	ck_assert_int_eq(PARSE("--listen", "rtu:5020"), 0);
	ck_assert(!options.plain);
	ck_assert_int_eq(PARSE("--listen", "rtu:5020", "-p", "5021"), 0);
	ck_assert(options.plain);
	ck_assert_int_eq(
	    PARSE("--listen", "unix:a", "-p", "5", "--listen", "::1"), 0);
	ck_assert(!options.plain);
	ck_assert_uint_eq(options.listen_count, 2);
	assert_listen(1, "[::1]:5");
}
END_TEST

#define PATH_OF_107                                                            \
	"12345678901234567890123456789012345678901234567890"                   \
	"123456789012345678901234567890123456789012345678901234567"

START_TEST(takes_a_path_of_at_most_107_bytes)
{
	ck_assert_int_eq(PARSE("--listen", "unix:" PATH_OF_107), 0);
	ck_assert_str_eq(options.listen[0].path, PATH_OF_107);
	ck_assert_int_eq(PARSE("--listen", "unix:" PATH_OF_107 "8"), -1);
	assert_error_is_one_line();
	ck_assert_ptr_nonnull(strstr(error.text, "path of at most 107 bytes"));
}
END_TEST

START_TEST(accepts_tls_16_times)
{
	const char *many[2 * 17 + 9 + 1] = { TLS_FILES };
	size_t count = 8;

	for (int i = 0; i < 16; i++) {
		many[count++] = "--tls";
		many[count++] = "802";
	}
	ck_assert_int_eq(parse(many), 0);
	ck_assert_uint_eq(options.tls_count, 16);
	many[count++] = "--tls";
	many[count++] = "802";
	ck_assert_int_eq(parse(many), -1);
}
END_TEST

static const char *const trace_forms[] = { "--trace", "--tra", "--t" };

START_TEST(accepts_trace)
{
	ck_assert_int_eq(PARSE(trace_forms[_i]), 0);
	ck_assert(options.trace);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
}
END_TEST

static const struct {
	const char *option;
	enum options_action action;
} actions[] = {
	{ "-h", OPTIONS_HELP },
	{ "-e", OPTIONS_HELP },
	{ "--help", OPTIONS_HELP },
	{ "--he", OPTIONS_HELP },
	{ "-V", OPTIONS_VERSION },
	{ "--version", OPTIONS_VERSION },
	{ "--v", OPTIONS_VERSION },
};

START_TEST(accepts_help_and_version)
{
	ck_assert_int_eq(PARSE(actions[_i].option), 0);
	ck_assert_int_eq(options.action, actions[_i].action);
}
END_TEST

START_TEST(help_and_version_win_over_what_follows)
{
	ck_assert_int_eq(PARSE(actions[_i].option, "-p", "nonsense"), 0);
	ck_assert_int_eq(options.action, actions[_i].action);
	ck_assert_int_eq(PARSE(actions[_i].option, "--nonsense"), 0);
	ck_assert_int_eq(options.action, actions[_i].action);
	ck_assert_int_eq(PARSE(actions[_i].option, "-V", "-h"), 0);
	ck_assert_int_eq(options.action, actions[_i].action);
}
END_TEST

START_TEST(an_error_wins_over_help_behind_it)
{
	ck_assert_int_eq(PARSE("-p", "nonsense", "-h"), -1);
	ck_assert_int_eq(PARSE("--nonsense", "--version"), -1);
}
END_TEST

START_TEST(short_options_may_be_joined)
{
	ck_assert_int_eq(PARSE("-Vp", "1"), 0);
	ck_assert_int_eq(options.action, OPTIONS_VERSION);
	ck_assert_int_eq(PARSE("-ds"), 0);
	ck_assert_int_eq(options.overlay, DATATABLE_SEPARATE);
}
END_TEST

START_TEST(all_options_work_together)
{
	ck_assert_int_eq(
	    PARSE("-p", "1502", "-d", "o", "-q", "bye", "--listen", "127.0.0.1",
		"--max-connections", "5", "--idle-timeout", "60", "--log-level",
		"debug", "--trace", "--listen", "[::1]:1503"),
	    0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_uint_eq(options.port, 1502);
	ck_assert_int_eq(options.overlay, DATATABLE_OVERLAID);
	ck_assert_str_eq(options.shutdown_word, "bye");
	ck_assert_uint_eq(options.max_connections, 5);
	ck_assert_uint_eq(options.idle_timeout, 60);
	ck_assert_int_eq(options.log_level, LOG_DEBUG);
	ck_assert(options.trace);
	ck_assert_uint_eq(options.listen_count, 2);
	assert_listen(0, "127.0.0.1:1502");
	assert_listen(1, "[::1]:1503");
}
END_TEST

/* The n-th block of a list contains an address, and one list only. */
static void
assert_block(const struct access_list *list, size_t n, const char *inside)
{
	struct address a;

	ck_assert_uint_gt(list->count, n);
	ck_assert_int_eq(address_parse_ip(inside, &a), 0);
	ck_assert(cidr_contains(&list->blocks[n], &a));
}

START_TEST(units_are_all_of_them_or_those_of_the_last_list)
{
	ck_assert_int_eq(PARSE("-p", "0"), 0);
	ck_assert(!options.units.limited);
	ck_assert_int_eq(PARSE("--units", "1-255", "--units=33"), 0);
	ck_assert(options.units.limited && !options.units.silent);
	ck_assert_uint_eq(options.units.served[0], 0);
	ck_assert_uint_eq(options.units.served[1], 2);
	ck_assert_int_eq(PARSE("--units-silent=0"), 0);
	ck_assert(options.units.limited && options.units.silent);
	ck_assert_uint_eq(options.units.served[0], 1);
}
END_TEST

START_TEST(access_rules_are_read_into_lists_of_their_own)
{
	const struct access *rules = &options.access;

	ck_assert_int_eq(
	    PARSE("--allow", "10.0.0.0/8", "--allow=::1", "--write-from",
		"10.1.0.0/16", "--quit-from", "127.0.0.1", "--read-only-range",
		"registers:100-109", "--max-per-client", "4", "-q", "bye"),
	    0);
	ck_assert_uint_eq(rules->connect.count, 2);
	assert_block(&rules->connect, 0, "10.9.9.9");
	assert_block(&rules->connect, 1, "::1");
	ck_assert_uint_eq(rules->write.count, 1);
	assert_block(&rules->write, 0, "10.1.0.1");
	ck_assert_uint_eq(rules->shut_down.count, 1);
	assert_block(&rules->shut_down, 0, "127.0.0.1");
	ck_assert_uint_eq(rules->read_only_range_count, 1);
	ck_assert(!rules->read_only);
	ck_assert_int_eq(rules->overlay, DATATABLE_SEPARATE);
	ck_assert_uint_eq(options.max_per_client, 4);
}
END_TEST

START_TEST(access_rules_learn_of_an_overlay_behind_them)
{
	ck_assert_int_eq(PARSE("--read-only", "-d", "o"), 0);
	ck_assert(options.access.read_only);
	ck_assert_int_eq(options.access.overlay, DATATABLE_OVERLAID);
}
END_TEST

START_TEST(state_options_are_read)
{
	ck_assert_int_eq(PARSE("--state", "/var/lib/x", "--state-init",
			     "--journal-keep", "500", "--state-backup", "b"),
	    0);
	ck_assert_str_eq(options.state, "/var/lib/x");
	ck_assert(options.state_init);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_str_eq(options.state_backup, "b");
	ck_assert_int_eq(options.keep.rows, 500);
	ck_assert_int_eq(options.keep.microseconds, 0);
}
END_TEST

START_TEST(creating_the_state_is_an_action)
{
	ck_assert_int_eq(PARSE("--state-create", "-d", "o", "--state", "x"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CREATE);
	ck_assert_int_eq(options.overlay, DATATABLE_OVERLAID);
	ck_assert_str_eq(options.state, "x");
	ck_assert_int_eq(PARSE("--state-create", "--help"), 0);
	ck_assert_int_eq(options.action, OPTIONS_HELP);
}
END_TEST

START_TEST(points_are_a_file)
{
	ck_assert_int_eq(PARSE("-d", "o"), 0);
	ck_assert_ptr_null(options.points);
	ck_assert(!options.points_only);
	ck_assert_int_eq(PARSE("--points", "plant.csv", "--points-only"), 0);
	ck_assert_str_eq(options.points, "plant.csv");
	ck_assert(options.points_only);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
}
END_TEST

START_TEST(points_stand_still_unless_asked_for)
{
	ck_assert_int_eq(PARSE("--points", "plant.csv"), 0);
	ck_assert(!options.simulate);
	ck_assert_int_eq(PARSE("--points", "plant.csv", "--simulate"), 0);
	ck_assert(options.simulate);
	ck_assert_uint_eq(options.seed, 1);
	ck_assert_int_eq(
	    PARSE("--simulate", "--seed=4294967295", "--points=f"), 0);
	ck_assert_uint_eq(options.seed, UINT32_MAX);
}
END_TEST

START_TEST(checking_is_an_action_that_wins_over_others)
{
	ck_assert_int_eq(PARSE("--check", "--points=x"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CHECK);
	ck_assert_str_eq(options.points, "x");
	ck_assert_int_eq(PARSE("--state=x", "--check", "--state-create"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CHECK);
	ck_assert_int_eq(PARSE("--state=x", "--state-create", "--check"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CHECK);
	ck_assert_int_eq(PARSE("--check", "--help"), 0);
	ck_assert_int_eq(options.action, OPTIONS_HELP);
}
END_TEST

START_TEST(what_is_checked_is_what_would_run)
{
	ck_assert_int_eq(PARSE("--check", "--read-only-range", "registers:0",
			     "-d", "o", "--listen", "127.0.0.1", "-p", "5"),
	    0);
	ck_assert_int_eq(options.access.overlay, DATATABLE_OVERLAID);
	ck_assert_uint_eq(options.listen[0].where.port, 5);
	ck_assert_int_eq(
	    PARSE("--check", "--http", "0.0.0.0:80", "--http-write"), -1);
}
END_TEST

#define DAY (INT64_C(86400) * 1000000)
#define MIB INT64_C(1048576)

static const struct {
	const char *value;
	struct store_keep keep;
} kept[] = {
	{ "1", { .rows = 1 } },
	{ "1000000000", { .rows = 1000000000 } },
	{ "1d", { .microseconds = DAY } },
	{ "36500d", { .microseconds = 36500 * DAY } },
	{ "1M", { .bytes = MIB } },
	{ "1024K", { .bytes = MIB } },
	{ "1025K", { .bytes = MIB + 1024 } },
	{ "3G", { .bytes = 3072 * MIB } },
	{ "1024G", { .bytes = MIB * MIB } },
	{ "500,7d", { .rows = 500, .microseconds = 7 * DAY } },
	{ "7d,500", { .rows = 500, .microseconds = 7 * DAY } },
	{ "1000000,30d,200M", { 1000000, 30 * DAY, 200 * MIB } },
	{ "1G,1d,1", { 1, DAY, 1024 * MIB } },
};

START_TEST(the_journal_is_kept_by_rows_days_and_bytes)
{
	ck_assert_int_eq(
	    PARSE("--state=x", "--journal-keep", kept[_i].value), 0);
	ck_assert_mem_eq(
	    &options.keep, &kept[_i].keep, sizeof(struct store_keep));
}
END_TEST

START_TEST(the_last_limits_of_the_journal_count)
{
	ck_assert_int_eq(PARSE("--state=x", "--journal-keep", "1d,2M",
			     "--journal-keep", "5"),
	    0);
	ck_assert_int_eq(options.keep.rows, 5);
	ck_assert_int_eq(options.keep.microseconds, 0);
	ck_assert_int_eq(options.keep.bytes, 0);
}
END_TEST

START_TEST(writes_are_synced_always_or_less_often)
{
	ck_assert_int_eq(PARSE("--state=x"), 0);
	ck_assert_int_eq(options.sync, STATE_SYNC_ALWAYS);
	ck_assert_int_eq(PARSE("--state=x", "--state-sync", "Changes"), 0);
	ck_assert_int_eq(options.sync, STATE_SYNC_CHANGES);
	ck_assert_uint_eq(options.sync_interval, 0);
	ck_assert_int_eq(PARSE("--state=x", "--state-sync", "interval:1"), 0);
	ck_assert_int_eq(options.sync, STATE_SYNC_INTERVAL);
	ck_assert_uint_eq(options.sync_interval, 1);
	ck_assert_int_eq(
	    PARSE("--state=x", "--state-sync=INTERVAL:3600000"), 0);
	ck_assert_uint_eq(options.sync_interval, 3600000);
	ck_assert_int_eq(PARSE("--state-sync=interval:5", "--state-sync=always",
			     "--state=x"),
	    0);
	ck_assert_int_eq(options.sync, STATE_SYNC_ALWAYS);
	ck_assert_uint_eq(options.sync_interval, 0);
}
END_TEST

START_TEST(nothing_is_kept_by_default)
{
	ck_assert_int_eq(PARSE("-d", "o"), 0);
	ck_assert_ptr_null(options.state);
	ck_assert_ptr_null(options.state_backup);
	ck_assert(!options.state_init);
	ck_assert_int_eq(options.keep.rows, 1000000);
	ck_assert_int_eq(options.keep.microseconds, 0);
	ck_assert_int_eq(options.keep.bytes, 0);
}
END_TEST

START_TEST(there_are_no_access_rules_by_default)
{
	ck_assert_int_eq(PARSE("-d", "o"), 0);
	ck_assert(!access_has_rules(&options.access));
	ck_assert_uint_eq(options.max_per_client, 0);
}
END_TEST

static const struct {
	const char *value;
	const char *address;
} http_addresses[] = {
	{ "8080", "127.0.0.1:8080" },
	{ "0", "127.0.0.1:0" },
	{ "0.0.0.0:8080", "0.0.0.0:8080" },
	{ "[::1]:8080", "[::1]:8080" },
	{ "192.0.2.1:0", "192.0.2.1:0" },
};

START_TEST(http_is_on_loopback_by_default)
{
	char text[ADDRESS_TEXT_MAX];

	ck_assert_int_eq(PARSE("--http", http_addresses[_i].value), 0);
	ck_assert(options.http);
	ck_assert_str_eq(address_format(&options.http_listen, text),
	    http_addresses[_i].address);
	ck_assert(!options.http_write);
}
END_TEST

START_TEST(http_is_off_by_default)
{
	ck_assert_int_eq(PARSE("--trace"), 0);
	ck_assert(!options.http);
	ck_assert(!options.client_report);
}
END_TEST

START_TEST(writing_beyond_loopback_takes_a_token)
{
	ck_assert_int_eq(PARSE("--http", "127.9.9.9:1", "--http-write"), 0);
	ck_assert_int_eq(PARSE("--http-write", "--http", "[::1]:1"), 0);
	ck_assert_int_eq(PARSE("--http", "0.0.0.0:1"), 0);
	ck_assert_int_eq(PARSE("--http", "0.0.0.0:1", "--http-write",
			     "--http-token", "file", "--http-plain-token"),
	    0);
	ck_assert(options.http_write);
	ck_assert_str_eq(options.http_token, "file");
	ck_assert(options.http_plain_token && !options.http_tls);
}
END_TEST

START_TEST(a_token_crosses_the_network_over_tls)
{
	ck_assert_int_eq(
	    PARSE("--http", "0.0.0.0:1", "--http-write", "--http-token", "file",
		"--http-tls", "--tls-cert", "c", "--tls-key", "k"),
	    0);
	ck_assert(options.http_tls && !options.http_plain_token);
	ck_assert_str_eq(options.tls_cert, "c");
	ck_assert_str_eq(options.tls_key, "k");
	ck_assert_uint_eq(options.tls_count, 0);
	ck_assert(options.plain);
}
END_TEST

START_TEST(the_page_may_be_embedded_by_16_origins)
{
	forget_arguments();
	add_argument("mbasyncserver");
	add_argument("--http=0");
	add_argument("--http-frame=self");
	for (int i = 1; i < 16; i++)
		add_argument("--http-frame=https://dash.example:3000");
	ck_assert_int_eq(parse_gathered(), 0);
	ck_assert_uint_eq(options.http_frame_count, 16);
	ck_assert_str_eq(options.http_frames[0], "self");
	ck_assert_str_eq(options.http_frames[15], "https://dash.example:3000");
	add_argument("--http-frame=self");
	ck_assert_int_eq(parse_gathered(), -1);
}
END_TEST

START_TEST(pages_of_16_origins_may_read)
{
	forget_arguments();
	add_argument("mbasyncserver");
	add_argument("--http=0");
	for (int i = 0; i < 16; i++)
		add_argument("--http-origin=http://[::1]:3000");
	ck_assert_int_eq(parse_gathered(), 0);
	ck_assert_uint_eq(options.http_origin_count, 16);
	ck_assert_str_eq(options.http_origins[15], "http://[::1]:3000");
	add_argument("--http-origin=http://[::1]:3000");
	ck_assert_int_eq(parse_gathered(), -1);
}
END_TEST

START_TEST(http_has_16_names)
{
	char name[32];

	forget_arguments();
	add_argument("mbasyncserver");
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "name%d.example", i);
		add_argument("--http-host");
		add_argument(name);
	}
	add_argument("--http=0");
	ck_assert_int_eq(parse_gathered(), 0);
	ck_assert_uint_eq(options.http_host_count, 16);
	ck_assert_str_eq(options.http_hosts[15], "name15.example");
	add_argument("--http-host=one-more");
	ck_assert_int_eq(parse_gathered(), -1);
	assert_error("--http-host: \"one-more\": expected a host name, at "
		     "most 16 times");
}
END_TEST

START_TEST(the_recorder_has_a_size)
{
	ck_assert_int_eq(PARSE("--http=0"), 0);
	ck_assert_uint_eq(options.http_recorder, 4 << 20);
	ck_assert_int_eq(PARSE("--http=0", "--http-recorder=512K"), 0);
	ck_assert_uint_eq(options.http_recorder, 512 << 10);
	ck_assert_int_eq(PARSE("--http=0", "--http-recorder=64K"), 0);
	ck_assert_int_eq(PARSE("--http=0", "--http-recorder", "1G"), 0);
	ck_assert_uint_eq(options.http_recorder, 1 << 30);
	ck_assert_int_eq(PARSE("--http=0", "--http-recorder", "0"), 0);
	ck_assert_uint_eq(options.http_recorder, 0);
}
END_TEST

START_TEST(a_shared_table_has_defaults)
{
	ck_assert_int_eq(PARSE("-p", "0"), 0);
	ck_assert_ptr_null(options.shared.text);
	ck_assert_int_eq(PARSE("--shared", SHARED), 0);
	ck_assert_str_eq(options.shared.text, SHARED);
	ck_assert_uint_eq(options.shared.url.count, 1);
	ck_assert_str_eq(options.shared.url.hosts[0].host, "127.0.0.1");
	ck_assert_ptr_null(options.shared.password);
	ck_assert_ptr_null(options.shared.ca);
	ck_assert(!options.shared.init);
	ck_assert_str_eq(options.shared.name, "mb");
	ck_assert_uint_eq(options.shared.copies, 0);
	ck_assert_uint_eq(options.shared.timeout, 2000);
	ck_assert_uint_eq(options.shared.snapshot, 100000);
}
END_TEST

START_TEST(all_of_a_shared_table_can_be_chosen)
{
	ck_assert_int_eq(PARSE("--shared=rediss://a,b:1/2", "--shared-init",
			     "--shared-password=pw", "--shared-ca=ca.pem",
			     "--shared-name=plant_1.x-y", "--shared-copies=8",
			     "--shared-timeout=100", "--shared-snapshot=10"),
	    0);
	ck_assert_uint_eq(options.shared.url.count, 2);
	ck_assert(options.shared.url.tls && options.shared.init);
	ck_assert_str_eq(options.shared.password, "pw");
	ck_assert_str_eq(options.shared.ca, "ca.pem");
	ck_assert_str_eq(options.shared.name, "plant_1.x-y");
	ck_assert_uint_eq(options.shared.copies, 8);
	ck_assert_uint_eq(options.shared.timeout, 100);
	ck_assert_uint_eq(options.shared.snapshot, 10);
}
END_TEST

static const struct {
	const char *args[3];
	const char *shown; /* the last of them, afterwards */
} hidden[] = {
	{ { "--shared=redis://u:se@ret@h:1/2" },
	    "--shared=redis://********@h:1/2" },
	{ { "--shared", "rediss://:secret@h" }, "rediss://*******@h" },
	{ { "--shared", "redis://h,i" }, "redis://h,i" },
	{ { "--points", "redis://a@b" }, "redis://a@b" },
};

/* A list of processes shows argv as it is afterwards. */
START_TEST(the_password_in_a_url_is_hidden)
{
	ck_assert_int_eq(parse(hidden[_i].args), 0);
	options_hide(&options, arg_count, args);
	ck_assert_str_eq(args[arg_count - 1], hidden[_i].shown);
}
END_TEST

START_TEST(the_client_report_can_be_asked_for)
{
	ck_assert_int_eq(PARSE("--client-report"), 0);
	ck_assert(options.client_report);
}
END_TEST

START_TEST(the_last_of_several_values_counts)
{
	ck_assert_int_eq(PARSE("-p", "1", "--port=2", "-d", "o", "-ds"), 0);
	ck_assert_uint_eq(options.port, 2);
	ck_assert_int_eq(options.overlay, DATATABLE_SEPARATE);
}
END_TEST

START_TEST(parses_again_from_the_defaults)
{
	ck_assert_int_eq(PARSE("-p", "1", "--listen", "::1", "--trace"), 0);
	ck_assert_int_eq(PARSE("-d", "o"), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_uint_eq(options.port, 502);
	ck_assert_uint_eq(options.listen_count, 0);
	ck_assert(!options.trace);
	ck_assert_int_eq(PARSE("-p", "bad"), -1);
	ck_assert_int_eq(PARSE("-p", "3"), 0);
	ck_assert_uint_eq(options.port, 3);
}
END_TEST

/* -h and -V end the parsing in the middle of an argument. */
START_TEST(forgets_the_rest_of_joined_options)
{
	char name[] = "mbasyncserver", joined[] = "-Vh";
	char *first[] = { name, joined, NULL };
	char *second[] = { name, NULL };

	ck_assert_int_eq(options_parse(2, first, &options, error.text), 0);
	ck_assert_int_eq(options.action, OPTIONS_VERSION);
	ck_assert_int_eq(options_parse(1, second, &options, error.text), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
}
END_TEST

START_TEST(listen_without_a_port_takes_the_one_that_comes_later)
{
	ck_assert_int_eq(
	    PARSE("--listen", "10.0.0.1", "--listen", "10.0.0.2:700",
		"--listen", "fe80::1", "-p", "600"),
	    0);
	ck_assert_uint_eq(options.listen_count, 3);
	assert_listen(0, "10.0.0.1:600");
	assert_listen(1, "10.0.0.2:700");
	assert_listen(2, "[fe80::1]:600");
}
END_TEST

START_TEST(listen_without_a_port_takes_the_default_one)
{
	ck_assert_int_eq(PARSE("--listen=::", "--li=[::1]:0"), 0);
	ck_assert_uint_eq(options.listen_count, 2);
	assert_listen(0, "[::]:502");
	assert_listen(1, "[::1]:0");
}
END_TEST

/* --listen, count times, each with a port of its own. */
static int
parse_listen_times(int count)
{
	char address[32];

	forget_arguments();
	add_argument("mbasyncserver");
	for (int i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "10.0.0.1:%d", 1000 + i);
		add_argument("--listen");
		add_argument(address);
	}
	return parse_gathered();
}

START_TEST(listens_on_16_addresses)
{
	ck_assert_int_eq(parse_listen_times(16), 0);
	ck_assert_uint_eq(options.listen_count, 16);
	assert_listen(0, "10.0.0.1:1000");
	assert_listen(15, "10.0.0.1:1015");
}
END_TEST

START_TEST(refuses_a_17th_address)
{
	ck_assert_int_eq(parse_listen_times(17), -1);
	assert_error_is_one_line();
	ck_assert_ptr_nonnull(
	    strstr(error.text, "--listen: \"10.0.0.1:1016\": expected "));
	ck_assert_ptr_nonnull(strstr(error.text, "at most 16 times"));
}
END_TEST

#define BAD_PORT(value)                                                        \
	"--port: \"" value "\": expected a port number from 0 to 65535"
#define BAD_CONNECTIONS(value)                                                 \
	"--max-connections: \"" value "\": expected a number from 1 to "       \
	"1000000"
#define BAD_TIMEOUT(value)                                                     \
	"--idle-timeout: \"" value "\": expected seconds from 0 to 31536000"
#define BAD_DATATABLE(value)                                                   \
	"--datatable: \"" value "\": expected s (separate) or o (overlaid)"
#define BAD_LEVEL(value)                                                       \
	"--log-level: \"" value "\": expected error, warn, info or debug"
#define ADDRESS_EXPECTED                                                       \
	"expected an IPv4 or IPv6 address, with or without a port, "           \
	"such as 192.0.2.1, 192.0.2.1:502, 2001:db8::1 or "                    \
	"[2001:db8::1]:502; or rtu: or udp: and [ADDRESS:]PORT; or unix: and " \
	"a path of at most 107 bytes; at most 16 times"
#define BAD_LISTEN(value) "--listen: \"" value "\": " ADDRESS_EXPECTED
#define BAD_BLOCK(option, value)                                               \
	"--" option ": \"" value "\": expected an address block such as "      \
	"192.0.2.0/24 or 2001:db8::/32, at most 64 times"
#define BAD_UNITS(option, value)                                               \
	"--" option ": \"" value "\": expected unit identifiers from 0 to "    \
	"255, and ranges of them, such as 1-10,17,255"
#define UNITS_TWICE                                                            \
	"--units-silent: not with --units: others get no answer, or an "       \
	"exception"
#define BAD_RECORDER(value)                                                    \
	"--http-recorder: \"" value                                            \
	"\": expected a size from 64K to 1G, such as 512K or 4M, or 0"
#define BAD_HTTP(value)                                                        \
	"--http: \"" value "\": expected a port, or an address and a port, "   \
	"such as 8080, 0.0.0.0:8080 or [::1]:8080"
#define NO_TOKEN                                                               \
	"--http-write: requires --http-token FILE, as --http reaches beyond "  \
	"loopback"
#define PLAIN_TOKEN                                                            \
	"--http-token: requires --http-tls or --http-plain-token, as --http "  \
	"reaches beyond loopback"
#define BAD_RANGE(value)                                                       \
	"--read-only-range: \"" value "\": expected HR16, HR16-20, C5, "       \
	"registers:A-B or coils:A-B with addresses from 0 to 65535, at most "  \
	"64 times"
#define BAD_KEEP(value)                                                        \
	"--journal-keep: \"" value "\": expected a number of writes from 1 "   \
	"to 1000000000, of days from 1d to 36500d, or of bytes from 1M to "    \
	"1024G, or several such as 1000000,30d,200M"
#define BAD_SYNC(value)                                                        \
	"--state-sync: \"" value "\": expected always, changes, or "           \
	"interval:MS with milliseconds from 1 to 3600000"
#define BAD_TLS(value)                                                         \
	"--tls: \"" value "\": expected a port, or an IPv4 or IPv6 address "   \
	"with or without a port, such as 802, 192.0.2.1, 192.0.2.1:802 or "    \
	"[2001:db8::1]:802, at most 16 times"
#define BAD_SHARED                                                             \
	"--shared: expected redis://[USER:PASSWORD@]HOST[:PORT]"               \
	"[,HOST[:PORT]...][/DB], or rediss:// for TLS, with at most 8 hosts"
#define BAD_SHARED_NAME(value)                                                 \
	"--shared-name: \"" value "\": expected a name of 1 to 64 letters, "   \
	"digits, and any of _ . -"
#define UNKNOWN(argument) argument ": unknown option; see --help"

static const struct {
	const char *args[5];
	const char *error;
} refused[] = {
	{ { "-p", "65536" }, BAD_PORT("65536") },
	{ { "-p", "" }, BAD_PORT("") },
	{ { "--port=" }, BAD_PORT("") },
	{ { "-p", "12x" }, BAD_PORT("12x") },
	{ { "-p", "x12" }, BAD_PORT("x12") },
	{ { "-p", "-1" }, BAD_PORT("-1") },
	{ { "-p", "+1" }, BAD_PORT("+1") },
	{ { "-p", " 5" }, BAD_PORT(" 5") },
	{ { "-p", "5 " }, BAD_PORT("5 ") },
	{ { "-p", "0x50" }, BAD_PORT("0x50") },
	{ { "-p", "5.0" }, BAD_PORT("5.0") },
	{ { "-p", "70000" }, BAD_PORT("70000") },
	{ { "--port", "4294967296" }, BAD_PORT("4294967296") },
	{ { "--port", "18446744073709551616" },
	    BAD_PORT("18446744073709551616") },
	{ { "--port", "184467440737095516160000000000000502" },
	    BAD_PORT("184467440737095516160000000000000502") },
	/* The next option is this one's value. */
	{ { "-p", "--trace" }, BAD_PORT("--trace") },

	{ { "-d", "" }, BAD_DATATABLE("") },
	{ { "-d", "x" }, BAD_DATATABLE("x") },
	{ { "-d", "so" }, BAD_DATATABLE("so") },
	{ { "-d", "over" }, BAD_DATATABLE("over") },
	{ { "--datatable=separate " }, BAD_DATATABLE("separate ") },

	{ { "--max-connections", "0" }, BAD_CONNECTIONS("0") },
	{ { "--max-connections", "1000001" }, BAD_CONNECTIONS("1000001") },
	{ { "--max-connections=" }, BAD_CONNECTIONS("") },
	{ { "--max-connections", "12x" }, BAD_CONNECTIONS("12x") },
	{ { "--max-connections", "-1" }, BAD_CONNECTIONS("-1") },
	{ { "--max-connections", " 5" }, BAD_CONNECTIONS(" 5") },
	{ { "--max-connections", "0x10" }, BAD_CONNECTIONS("0x10") },
	{ { "--max-connections", "18446744073709551617" },
	    BAD_CONNECTIONS("18446744073709551617") },

	{ { "--idle-timeout", "31536001" }, BAD_TIMEOUT("31536001") },
	{ { "--idle-timeout=" }, BAD_TIMEOUT("") },
	{ { "--idle-timeout", "12x" }, BAD_TIMEOUT("12x") },
	{ { "--idle-timeout", "1m" }, BAD_TIMEOUT("1m") },
	{ { "--idle-timeout", "-1" }, BAD_TIMEOUT("-1") },
	{ { "--idle-timeout", " 5" }, BAD_TIMEOUT(" 5") },
	{ { "--idle-timeout", "4294967297" }, BAD_TIMEOUT("4294967297") },

	{ { "--log-level", "" }, BAD_LEVEL("") },
	{ { "--log-level", "warning" }, BAD_LEVEL("warning") },
	{ { "--log-level=3" }, BAD_LEVEL("3") },

	{ { "--listen", "" }, BAD_LISTEN("") },
	{ { "--listen", "localhost" }, BAD_LISTEN("localhost") },
	{ { "--listen", "1.2.3.4:65536" }, BAD_LISTEN("1.2.3.4:65536") },
	{ { "--listen=1.2.3" }, BAD_LISTEN("1.2.3") },
	{ { "--listen=502" }, BAD_LISTEN("502") },
	{ { "--listen", "rtu:" }, BAD_LISTEN("rtu:") },
	{ { "--listen", "rtu:1.2.3.4" }, BAD_LISTEN("rtu:1.2.3.4") },
	{ { "--listen", "rtu:65536" }, BAD_LISTEN("rtu:65536") },
	{ { "--listen", "udp:::1" }, BAD_LISTEN("udp:::1") },
	{ { "--listen", "unix:" }, BAD_LISTEN("unix:") },
	{ { "--listen", "tcp:502" }, BAD_LISTEN("tcp:502") },

	{ { "-p" },
	    "--port: no value: expected a port number from 0 to 65535" },
	{ { "--port" },
	    "--port: no value: expected a port number from 0 to 65535" },
	{ { "--trace", "-d" },
	    "--datatable: no value: expected s (separate) or o (overlaid)" },
	{ { "-q" }, "--quit: no value: expected a word of 3 to 250 bytes" },
	{ { "--quit" }, "--quit: no value: expected a word of 3 to 250 bytes" },
	{ { "--listen" }, "--listen: no value: " ADDRESS_EXPECTED },
	{ { "--max-connections" },
	    "--max-connections: no value: expected a number from 1 to "
	    "1000000" },
	{ { "--idle-timeout" },
	    "--idle-timeout: no value: expected seconds from 0 to 31536000" },
	{ { "--log-level" },
	    "--log-level: no value: expected error, warn, info or debug" },

	{ { "--allow", "10.0.0.0/33" }, BAD_BLOCK("allow", "10.0.0.0/33") },
	{ { "--allow", "" }, BAD_BLOCK("allow", "") },
	{ { "--write-from", "localhost" },
	    BAD_BLOCK("write-from", "localhost") },
	{ { "--quit-from", "::1/x" }, BAD_BLOCK("quit-from", "::1/x") },
	{ { "--read-only-range", "coils:2-1" }, BAD_RANGE("coils:2-1") },
	{ { "--read-only-range", "inputs:1" }, BAD_RANGE("inputs:1") },
	{ { "--read-only-range", "registers:1-65536" },
	    BAD_RANGE("registers:1-65536") },
	{ { "--read-only=1" }, "--read-only: expected no value" },
	{ { "--units", "1-" }, BAD_UNITS("units", "1-") },
	{ { "--units-silent", "256" }, BAD_UNITS("units-silent", "256") },
	{ { "--units=1", "--units-silent=2" }, UNITS_TWICE },
	{ { "--units-silent=1", "--units=1" }, UNITS_TWICE },
	{ { "--state", "" }, "--state: \"\": expected the name of a file" },
	{ { "--state=x", "--state-backup", "" },
	    "--state-backup: \"\": expected the name of a file" },
	{ { "--state-init" }, "--state-init: requires --state" },
	{ { "--state-create" }, "--state-create: requires --state" },
	{ { "--shared", "localhost" }, BAD_SHARED },
	{ { "--shared=redis://u:secret@" }, BAD_SHARED },
	{ { "--shared-init" }, "--shared-init: requires --shared" },
	{ { "--shared-password=f" }, "--shared-password: requires --shared" },
	{ { "--shared-ca=f" }, "--shared-ca: requires --shared" },
	{ { "--shared-name=f" }, "--shared-name: requires --shared" },
	{ { "--shared-copies=1" }, "--shared-copies: requires --shared" },
	{ { "--shared-timeout=100" }, "--shared-timeout: requires --shared" },
	{ { "--shared-snapshot=10" }, "--shared-snapshot: requires --shared" },
	{ { "--shared-password", "" },
	    "--shared-password: \"\": expected the name of a file" },
	{ { "--shared-ca", "" },
	    "--shared-ca: \"\": expected the name of a file" },
	{ { "--shared-name", "" }, BAD_SHARED_NAME("") },
	{ { "--shared-name", "a b" }, BAD_SHARED_NAME("a b") },
	{ { "--shared-copies", "9" },
	    "--shared-copies: \"9\": expected a number from 0 to 8" },
	{ { "--shared-timeout", "99" },
	    "--shared-timeout: \"99\": expected milliseconds from 100 to "
	    "60000" },
	{ { "--shared-timeout", "60001" },
	    "--shared-timeout: \"60001\": expected milliseconds from 100 to "
	    "60000" },
	{ { "--shared-snapshot", "9" },
	    "--shared-snapshot: \"9\": expected a number from 10 to "
	    "100000000" },
	{ { "--shared", SHARED, "--state", "f" },
	    "--shared: not with --state: the engine keeps the table" },
	{ { "--shared=redis://u:p@h", "--shared-password", "f" },
	    "--shared-password: the URL of --shared has a password, too" },
	{ { "--shared", SHARED, "--shared-ca", "f" },
	    "--shared-ca: requires --shared rediss://..." },
	{ { "--points", "" }, "--points: \"\": expected the name of a file" },
	{ { "--points-only" }, "--points-only: requires --points" },
	{ { "--simulate" }, "--simulate: requires --points" },
	{ { "--points", "f", "--seed", "7" }, "--seed: requires --simulate" },
	{ { "--seed", "4294967296" },
	    "--seed: \"4294967296\": expected a number from 0 to 4294967295" },
	{ { "--seed", "-1" },
	    "--seed: \"-1\": expected a number from 0 to 4294967295" },
	{ { "--check=1" }, "--check: expected no value" },
	{ { "--state-backup", "x" }, "--state-backup: requires --state" },
	{ { "--journal-keep", "5" }, "--journal-keep: requires --state" },
	{ { "--journal-k=5d" }, "--journal-keep: requires --state" },
	{ { "--quit-from", "::1" }, "--quit-from: requires --quit" },
	{ { "--tls", "" }, BAD_TLS("") },
	{ { "--tls", "65536" }, BAD_TLS("65536") },
	{ { "--tls", "host" }, BAD_TLS("host") },
	{ { "--tls", "::1:802:" }, BAD_TLS("::1:802:") },
	{ { "--tls-cert", "" },
	    "--tls-cert: \"\": expected the name of a file" },
	{ { "--tls-key", "" }, "--tls-key: \"\": expected the name of a file" },
	{ { "--tls-ca", "" }, "--tls-ca: \"\": expected the name of a file" },
	{ { "--tls-crl", "" }, "--tls-crl: \"\": expected the name of a file" },
	{ { "--roles", "" }, "--roles: \"\": expected the name of a file" },
	{ { "--tls", "802" }, "--tls: requires --tls-cert" },
	{ { "--tls=1", "--tls-cert=c" }, "--tls: requires --tls-key" },
	{ { "--tls=1", "--tls-cert=c", "--tls-key=k" },
	    "--tls: requires --tls-ca" },
	{ { "--tls=1", "--tls-cert=c", "--tls-key=k", "--tls-ca=a" },
	    "--tls: requires --roles" },
	{ { "--tls-cert", "c" }, "--tls-cert: requires --tls or --http-tls" },
	{ { "--tls-key", "k" }, "--tls-key: requires --tls or --http-tls" },
	{ { "--tls-ca", "a" }, "--tls-ca: requires --tls" },
	{ { "--tls-crl", "l" }, "--tls-crl: requires --tls" },
	{ { "--roles", "r" }, "--roles: requires --tls" },
	{ { "--state-init=1" }, "--state-init: expected no value" },
	{ { "--journal-keep", "0" }, BAD_KEEP("0") },
	{ { "--journal-keep", "0d" }, BAD_KEEP("0d") },
	{ { "--journal-keep", "1000000001" }, BAD_KEEP("1000000001") },
	{ { "--journal-keep", "36501d" }, BAD_KEEP("36501d") },
	{ { "--journal-keep", "5h" }, BAD_KEEP("5h") },
	{ { "--journal-keep", "5 d" }, BAD_KEEP("5 d") },
	{ { "--journal-keep", "5dd" }, BAD_KEEP("5dd") },
	{ { "--journal-keep", "d" }, BAD_KEEP("d") },
	{ { "--journal-keep", "" }, BAD_KEEP("") },
	{ { "--journal-keep", "-1" }, BAD_KEEP("-1") },
	{ { "--journal-keep", "1023K" }, BAD_KEEP("1023K") },
	{ { "--journal-keep", "0M" }, BAD_KEEP("0M") },
	{ { "--journal-keep", "1025G" }, BAD_KEEP("1025G") },
	{ { "--journal-keep", "9223372036854775807G" },
	    BAD_KEEP("9223372036854775807G") },
	{ { "--journal-keep", "18446744073709551616K" },
	    BAD_KEEP("18446744073709551616K") },
	{ { "--journal-keep", "2m" }, BAD_KEEP("2m") },
	{ { "--journal-keep", "2MB" }, BAD_KEEP("2MB") },
	{ { "--journal-keep", "2Md" }, BAD_KEEP("2Md") },
	{ { "--journal-keep", "M" }, BAD_KEEP("M") },
	{ { "--journal-keep", "," }, BAD_KEEP(",") },
	{ { "--journal-keep", "5," }, BAD_KEEP("5,") },
	{ { "--journal-keep", ",5" }, BAD_KEEP(",5") },
	{ { "--journal-keep", "5,,1d" }, BAD_KEEP("5,,1d") },
	{ { "--journal-keep", "5, 1d" }, BAD_KEEP("5, 1d") },
	{ { "--journal-keep", "5,6" }, BAD_KEEP("5,6") },
	{ { "--journal-keep", "1d,5,1d" }, BAD_KEEP("1d,5,1d") },
	{ { "--journal-keep", "2M,1d,1G" }, BAD_KEEP("2M,1d,1G") },
	{ { "--state-sync", "changes" }, "--state-sync: requires --state" },
	{ { "--state-sync", "never" }, BAD_SYNC("never") },
	{ { "--state-sync", "changes " }, BAD_SYNC("changes ") },
	{ { "--state-sync", "" }, BAD_SYNC("") },
	{ { "--state-sync", "interval" }, BAD_SYNC("interval") },
	{ { "--state-sync", "interval:" }, BAD_SYNC("interval:") },
	{ { "--state-sync", "interval:0" }, BAD_SYNC("interval:0") },
	{ { "--state-sync", "interval:1s" }, BAD_SYNC("interval:1s") },
	{ { "--state-sync", "interval:-1" }, BAD_SYNC("interval:-1") },
	{ { "--state-sync", "interval:3600001" },
	    BAD_SYNC("interval:3600001") },
	{ { "--http", "" }, BAD_HTTP("") },
	{ { "--http", "127.0.0.1" }, BAD_HTTP("127.0.0.1") },
	{ { "--http", "::1" }, BAD_HTTP("::1") },
	{ { "--http", ":8080" }, BAD_HTTP(":8080") },
	{ { "--http", "localhost:8080" }, BAD_HTTP("localhost:8080") },
	{ { "--http", "65536" }, BAD_HTTP("65536") },
	{ { "--http-host", "a b" },
	    "--http-host: \"a b\": expected a host name, at most 16 times" },
	{ { "--http-recorder", "" }, BAD_RECORDER("") },
	{ { "--http-recorder", "63K" }, BAD_RECORDER("63K") },
	{ { "--http-recorder", "4" }, BAD_RECORDER("4") },
	{ { "--http-recorder", "4Mb" }, BAD_RECORDER("4Mb") },
	{ { "--http-recorder", "1025M" }, BAD_RECORDER("1025M") },
	{ { "--http-recorder", "-1M" }, BAD_RECORDER("-1M") },
	{ { "--http-recorder", "18446744073709551616G" },
	    BAD_RECORDER("18446744073709551616G") },
	{ { "--http-token", "" },
	    "--http-token: \"\": expected the name of a file" },
	{ { "--http-write" }, "--http-write: requires --http" },
	{ { "--http-token=f", "--http-write" },
	    "--http-write: requires --http" },
	{ { "--http=0.0.0.0:1", "--http-write", "--http-token=f" },
	    PLAIN_TOKEN },
	{ { "--http=1", "--http-plain-token" },
	    "--http-plain-token: requires --http-token" },
	{ { "--http-tls", "--tls-cert=c", "--tls-key=k" },
	    "--http-tls: requires --http" },
	{ { "--http=1", "--http-tls", "--tls-key=k" },
	    "--http-tls: requires --tls-cert" },
	{ { "--http=1", "--http-tls", "--tls-cert=c" },
	    "--http-tls: requires --tls-key" },
	{ { "--http=1", "--http-tls=1" }, "--http-tls: expected no value" },
	{ { "--http=1", "--http-token=f" },
	    "--http-token: requires --http-write" },
	{ { "--http-host", "plant" }, "--http-host: requires --http" },
	{ { "--http-frame", "dash.example" },
	    "--http-frame: \"dash.example\": expected self or an origin such "
	    "as "
	    "https://dash.example:3000, at most 16 times" },
	{ { "--http-frame", "self" }, "--http-frame: requires --http" },
	{ { "--http-origin", "*" },
	    "--http-origin: \"*\": expected an origin such as "
	    "https://dash.example:3000, at most 16 times" },
	{ { "--http-origin", "http://dash.example" },
	    "--http-origin: requires --http" },
	{ { "--http-recorder", "4M" }, "--http-recorder: requires --http" },
	{ { "--http", "0.0.0.0:1", "--http-write" }, NO_TOKEN },
	{ { "--http-write", "--http", "[::]:1" }, NO_TOKEN },
	{ { "--http-write", "--http", "192.0.2.1:1" }, NO_TOKEN },
	{ { "--max-per-client", "0" },
	    "--max-per-client: \"0\": expected a number from 1 to 1000000" },
	{ { "--max", "5" },
	    UNKNOWN("--max") }, /* -connections or -per-client */

	{ { "-x" }, UNKNOWN("-x") },
	{ { "-P", "502" }, UNKNOWN("-P") },
	{ { "--trace", "-x" }, UNKNOWN("-x") },
	{ { "--nonsense" }, UNKNOWN("--nonsense") },
	{ { "--ports=1" }, UNKNOWN("--ports") },
	{ { "--PORT", "1" }, UNKNOWN("--PORT") },
	{ { "--l", "::1" }, UNKNOWN("--l") }, /* listen or log-level */
	{ { "--trace=yes" }, "--trace: expected no value" },
	/* Not the argument before, and never the shut-down word. */
	{ { "-q", "secret", "-xy" }, UNKNOWN("-x") },
	{ { "-xqsecret" }, UNKNOWN("-x") },
	{ { "-xy" }, UNKNOWN("-x") },
	{ { "-\xFF\x01" }, UNKNOWN("-\xFF") },
	{ { "--quti=secret" }, UNKNOWN("--quti") },
	{ { "-:" }, UNKNOWN("-:") },
	{ { "-?" }, UNKNOWN("-?") },
	{ { "8502" }, UNKNOWN("8502") },
	{ { "-p", "1", "o" }, UNKNOWN("o") },
	{ { "o", "-p", "1" }, UNKNOWN("o") },
	{ { "-" }, UNKNOWN("-") },
	{ { "--", "-p" }, UNKNOWN("-p") },
	{ { "--", "--", "-h" }, UNKNOWN("--") },
};

START_TEST(refuses_with_a_line_that_names_option_value_and_expectation)
{
	ck_assert_int_eq(parse(refused[_i].args), -1);
	assert_error(refused[_i].error);
}
END_TEST

START_TEST(two_dashes_alone_end_the_options)
{
	ck_assert_int_eq(PARSE("-p", "1", "--"), 0);
	ck_assert_uint_eq(options.port, 1);
}
END_TEST

START_TEST(control_characters_are_not_repeated)
{
	ck_assert_int_eq(PARSE("-p", "\x01\r\n\t\x1B[2J\x7F"), -1);
	assert_error(BAD_PORT("?\?\?\?\?[2J?"));
	ck_assert_int_eq(PARSE("a\nb"), -1);
	assert_error(UNKNOWN("a?b"));
	ck_assert_int_eq(PARSE("--a\nb"), -1);
	assert_error(UNKNOWN("--a?b"));
}
END_TEST

/* Every option that takes a value and shows it. */
static const char *const showing[] = {
	"--port=",
	"--datatable=",
	"--listen=",
	"--max-connections=",
	"--idle-timeout=",
	"--log-level=",
	"",
};

START_TEST(a_long_value_is_cut_to_100_bytes)
{
	char argument[8192];
	size_t prefix = strlen(showing[_i]);
	const char *shown;

	memcpy(argument, showing[_i], prefix);
	memset(argument + prefix, '#', sizeof(argument) - prefix);
	argument[sizeof(argument) - 1] = '\0';
	ck_assert_int_eq(PARSE(argument), -1);
	assert_error_is_one_line();
	shown = strchr(error.text, '#');
	ck_assert_ptr_nonnull(shown);
	ck_assert_uint_ge(strspn(shown, "#"), 100 - prefix);
	ck_assert_uint_le(strspn(shown, "#"), 100);
	/* The rest of the message is still there. */
	ck_assert_ptr_nonnull(strstr(
	    shown, prefix != 0 ? ": expected " : ": unknown option; see "));
}
END_TEST

START_TEST(a_value_of_100_bytes_is_shown_whole)
{
	char expected[2048];

	snprintf(expected, sizeof(expected),
	    "--port: \"%s\": expected a port number from 0 to 65535",
	    word_of(100));
	ck_assert_int_eq(PARSE("-p", word_of(100)), -1);
	assert_error(expected);
	ck_assert_int_eq(PARSE("-p", word_of(101)), -1);
	assert_error(expected);
}
END_TEST

static const char *const help_names[] = {
	"  -p, --port PORT ",
	"  -d, --datatable s|o ",
	"  -q, --quit WORD ",
	"  --listen WHERE ",
	"  --max-connections N ",
	"  --idle-timeout SECONDS ",
	"  --state FILE ",
	"  --state-init ",
	"  --state-create ",
	"  --state-sync WHEN ",
	"  --journal-keep LIMIT,... ",
	"  --state-backup FILE ",
	"  --points FILE ",
	"  --points-only ",
	"  --simulate ",
	"  --seed N ",
	"  --check ",
	"  --http [ADDRESS:]PORT ",
	"  --http-write ",
	"  --http-token FILE ",
	"  --http-tls ",
	"  --http-plain-token ",
	"  --http-host NAME ",
	"  --http-frame ORIGIN ",
	"  --http-origin ORIGIN ",
	"  --http-recorder SIZE ",
	"  --shared URL ",
	"  --shared-password FILE ",
	"  --shared-ca FILE ",
	"  --shared-init ",
	"  --shared-name NAME ",
	"  --shared-copies N ",
	"  --shared-timeout MS ",
	"  --shared-snapshot N ",
	"  --client-report ",
	"  --log-level LEVEL ",
	"  --trace ",
	"  -e, -h, --help ",
	"  -V, --version ",
};

START_TEST(help_lists_every_option)
{
	char *help = options_help();
	char line[64];

	ck_assert_ptr_nonnull(help);
	snprintf(line, sizeof(line), "\n%s", help_names[_i]);
	ck_assert_msg(strstr(help, line) != NULL, "%s", help_names[_i]);
	free(help);
}
END_TEST

static const char *const help_defaults[] = {
	"default 502",
	"separate (default)",
	"default: none",
	"default: every address",
	"default: as many as",
	"default 0: never",
	"default: not stored",
	"default 1000000",
	"info (default)",
};

START_TEST(help_shows_the_defaults)
{
	char *help = options_help();

	ck_assert_ptr_nonnull(help);
	ck_assert_ptr_nonnull(strstr(help, help_defaults[_i]));
	free(help);
}
END_TEST

START_TEST(help_fits_80_columns_and_ends_in_a_newline)
{
	char *help = options_help();
	size_t length;

	ck_assert_ptr_nonnull(help);
	length = strlen(help);
	ck_assert_uint_gt(length, 0);
	ck_assert_int_eq(help[length - 1], '\n');
	for (char *line = strtok(help, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		ck_assert_msg(
		    strlen(line) <= 80 && !strchr(line, '\t'), "%s", line);
	}
	free(help);
}
END_TEST

START_TEST(help_keeps_its_columns)
{
	char *help = options_help();
	char *line = strstr(help, "\n  -p");

	/* The names, a blank, then help from column 28 on, on every line. */
	ck_assert_ptr_nonnull(line);
	for (line = strtok(line, "\n"); line != NULL && line[0] == ' ';
	     line = strtok(NULL, "\n")) {
		ck_assert_msg(line[26] == ' ' && line[27] != ' ', "%s", line);
	}
	free(help);
}
END_TEST

/* A small generator of our own, so that a failure can be had again. */
static uint32_t
random_below(uint32_t limit)
{
	static uint32_t state = 20260102;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

static const char *const fragments[] = { "-p", "-d", "-q", "-e", "-h", "-V",
	"-x", "-", "--", "---", "", " ", "-pd", "-Vx", "-xV", "-zqbye", "-p502",
	"-do", "-q12", "-:", "-W", "--port", "--port=", "--port=8502", "--p",
	"--datatable", "--datatable=o", "--quit", "--quit=", "--listen",
	"--listen=", "--listen=::1", "--listen=rtu:5", "--listen=unix:a", "--l",
	"--max-connections", "--max=1", "--idle-timeout", "--log-level",
	"--log-level=debug", "--trace", "--trace=1", "--help=1", "--nonsense",
	"--=", "--=x", "=", "0", "502", "65535", "65536", "-1",
	"99999999999999999999", "0x10", "s", "o", "bye", "127.0.0.1",
	"127.0.0.1:0", "::", "[::1]:1", "[", "]", "[]:", "[::1", "fe80::1%lo",
	"%", "%s%n", "\n", "\x1B[2J", "\xFF\xFE", "error", "debug" };

#define FRAGMENTS (sizeof(fragments) / sizeof(*fragments))

static void
gather_random_arguments(void)
{
	uint32_t count = random_below(12);

	forget_arguments();
	add_argument("mbasyncserver");
	for (uint32_t i = 0; i < count; i++)
		add_argument(fragments[random_below(FRAGMENTS)]);
}

/* Whatever was accepted can be used. */
static void
assert_options_are_sound(void)
{
	ck_assert(options.action <= OPTIONS_VERSION &&
	    options.overlay <= DATATABLE_OVERLAID &&
	    options.log_level <= LOG_DEBUG);
	ck_assert(options.listen_count <= OPTIONS_LISTEN_MAX &&
	    options.tls_count <= OPTIONS_LISTEN_MAX &&
	    options.max_connections <= 1000000 &&
	    options.idle_timeout <= 31536000);
	ck_assert(options.shutdown_word == NULL ||
	    strlen(options.shutdown_word) >= 3);
}

START_TEST(any_command_line_is_accepted_or_refused)
{
	int accepted = 0;

	for (int i = 0; i < 20000; i++) {
		int result;

		gather_random_arguments();
		result = parse_gathered();
		ck_assert(result == 0 || result == -1);
		if (result == 0)
			assert_options_are_sound();
		else
			assert_error_is_one_line();
		accepted += result == 0;
	}
	/* The fragments make both. */
	ck_assert_int_gt(accepted, 1000);
	ck_assert_int_lt(accepted, 19000);
}
END_TEST

static void
teardown(void)
{
	forget_arguments();
}

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

static TCase *
accepting(void)
{
	TCase *tc = tcase_create("accepting");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, no_arguments_give_the_defaults);
	tcase_add_test(tc, no_program_name_gives_the_defaults);
	tcase_add_loop_test(tc, accepts_a_port, 0, COUNT(ports));
	tcase_add_loop_test(tc, accepts_a_data_table, 0, COUNT(overlays));
	tcase_add_loop_test(tc, accepts_a_log_level, 0, COUNT(levels));
	tcase_add_loop_test(tc, accepts_a_shut_down_word, 0, COUNT(words));
	tcase_add_loop_test(tc,
	    shut_down_word_has_3_to_250_bytes_and_is_never_shown, 0,
	    COUNT(word_lengths));
	tcase_add_test(tc, shut_down_word_points_into_argv);
	tcase_add_loop_test(
	    tc, accepts_a_number_of_connections, 0, COUNT(maxima));
	tcase_add_loop_test(tc, accepts_an_idle_timeout, 0, COUNT(timeouts));
	tcase_add_loop_test(
	    tc, accepts_addresses_for_tls, 0, COUNT(tls_addresses));
	tcase_add_test(tc, serves_plain_tcp_beside_tls_only_if_asked);
	tcase_add_loop_test(tc, accepts_other_kinds_of_listeners, 0,
	    sizeof(listen_kinds) / sizeof(*listen_kinds));
	tcase_add_test(tc, serves_plain_tcp_beside_others_only_if_asked);
	tcase_add_test(tc, takes_a_path_of_at_most_107_bytes);
	tcase_add_test(tc, accepts_tls_16_times);
	tcase_add_loop_test(tc, accepts_trace, 0, COUNT(trace_forms));
	tcase_add_loop_test(tc, accepts_help_and_version, 0, COUNT(actions));
	tcase_add_loop_test(
	    tc, help_and_version_win_over_what_follows, 0, COUNT(actions));
	tcase_add_test(tc, short_options_may_be_joined);
	tcase_add_test(tc, all_options_work_together);
	tcase_add_test(tc, access_rules_are_read_into_lists_of_their_own);
	tcase_add_test(tc, units_are_all_of_them_or_those_of_the_last_list);
	tcase_add_test(tc, access_rules_learn_of_an_overlay_behind_them);
	tcase_add_test(tc, there_are_no_access_rules_by_default);
	tcase_add_test(tc, state_options_are_read);
	tcase_add_test(tc, creating_the_state_is_an_action);
	tcase_add_test(tc, points_are_a_file);
	tcase_add_test(tc, points_stand_still_unless_asked_for);
	tcase_add_test(tc, checking_is_an_action_that_wins_over_others);
	tcase_add_test(tc, what_is_checked_is_what_would_run);
	tcase_add_loop_test(tc, the_journal_is_kept_by_rows_days_and_bytes, 0,
	    sizeof(kept) / sizeof(*kept));
	tcase_add_test(tc, the_last_limits_of_the_journal_count);
	tcase_add_test(tc, writes_are_synced_always_or_less_often);
	tcase_add_test(tc, nothing_is_kept_by_default);
	tcase_add_loop_test(
	    tc, http_is_on_loopback_by_default, 0, COUNT(http_addresses));
	tcase_add_test(tc, http_is_off_by_default);
	tcase_add_test(tc, writing_beyond_loopback_takes_a_token);
	tcase_add_test(tc, a_token_crosses_the_network_over_tls);
	tcase_add_test(tc, the_page_may_be_embedded_by_16_origins);
	tcase_add_test(tc, pages_of_16_origins_may_read);
	tcase_add_test(tc, http_has_16_names);
	tcase_add_test(tc, the_recorder_has_a_size);
	tcase_add_test(tc, a_shared_table_has_defaults);
	tcase_add_test(tc, all_of_a_shared_table_can_be_chosen);
	tcase_add_loop_test(
	    tc, the_password_in_a_url_is_hidden, 0, COUNT(hidden));
	tcase_add_test(tc, the_client_report_can_be_asked_for);
	tcase_add_test(tc, the_last_of_several_values_counts);
	tcase_add_test(tc, parses_again_from_the_defaults);
	tcase_add_test(tc, forgets_the_rest_of_joined_options);
	tcase_add_test(tc, two_dashes_alone_end_the_options);
	tcase_add_test(
	    tc, listen_without_a_port_takes_the_one_that_comes_later);
	tcase_add_test(tc, listen_without_a_port_takes_the_default_one);
	tcase_add_test(tc, listens_on_16_addresses);
	return tc;
}

static TCase *
refusing(void)
{
	TCase *tc = tcase_create("refusing");

	tcase_set_timeout(tc, 60); /* a random test, on a busy machine */
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, refuses_a_17th_address);
	tcase_add_test(tc, an_error_wins_over_help_behind_it);
	tcase_add_loop_test(tc,
	    refuses_with_a_line_that_names_option_value_and_expectation, 0,
	    COUNT(refused));
	tcase_add_test(tc, control_characters_are_not_repeated);
	tcase_add_loop_test(
	    tc, a_long_value_is_cut_to_100_bytes, 0, COUNT(showing));
	tcase_add_test(tc, a_value_of_100_bytes_is_shown_whole);
	tcase_add_test(tc, any_command_line_is_accepted_or_refused);
	return tc;
}

static TCase *
helping(void)
{
	TCase *tc = tcase_create("helping");

	tcase_add_loop_test(tc, help_lists_every_option, 0, COUNT(help_names));
	tcase_add_loop_test(
	    tc, help_shows_the_defaults, 0, COUNT(help_defaults));
	tcase_add_test(tc, help_fits_80_columns_and_ends_in_a_newline);
	tcase_add_test(tc, help_keeps_its_columns);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("options");

	suite_add_tcase(suite, accepting());
	suite_add_tcase(suite, refusing());
	suite_add_tcase(suite, helping());
	return suite_run(suite);
}
