/*
 * mbtorture: score any Modbus/TCP server by the specification.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "groups.h"
#include "run.h"
#include "secure.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	EXIT_FAILED = 1, /* a check has */
	EXIT_USAGE = 64,
	EXIT_NO_SERVER = 69,
};

static const struct group {
	const char *name;
	void (*run)(struct run *r, unsigned arg);
	unsigned arg;
	bool stream; /* it cuts requests, or sends many at once */
	bool mbap;   /* it is about the MBAP header */
} groups[] = {
	{ "01-read-coils", group_function, 1, false, false },
	{ "02-read-discrete-inputs", group_function, 2, false, false },
	{ "03-read-holding-registers", group_function, 3, false, false },
	{ "04-read-input-registers", group_function, 4, false, false },
	{ "05-write-single-coil", group_function, 5, false, false },
	{ "06-write-single-register", group_function, 6, false, false },
	{ "08-return-query-data", group_diagnostics, 0, false, false },
	{ "15-write-multiple-coils", group_function, 15, false, false },
	{ "16-write-multiple-registers", group_function, 16, false, false },
	{ "17-report-server-id", group_server_id, 0, false, false },
	{ "22-mask-write-register", group_function, 22, false, false },
	{ "23-read-write-registers", group_function, 23, false, false },
	{ "43-device-identification", group_identification, 0, false, false },
	{ "unknown-functions", group_unknown, 0, false, false },
	{ "exception-precedence", group_precedence, 0, false, false },
	{ "header", group_header, 0, false, true },
	{ "segments", group_segments, 0, true, false },
	{ "pipelining", group_pipelining, 0, true, false },
	{ "half-close", group_half_close, 0, true, false },
	{ "interleaving", group_interleaving, 0, true, false },
	{ "indivisible-writes", group_indivisible, 0, false, false },
	{ "differential", group_differential, 0, false, false },
	{ "liveness", group_liveness, 0, true, false },
};

static const char help[] =
    "usage: mbtorture [option ...] HOST PORT\n"
    "       mbtorture [option ...] PATH\n"
    "Score a Modbus/TCP server by the specification.\n"
    "PATH, which contains a \"/\", is a socket of this machine.\n"
    "IT WRITES to every coil and register: never point it at a plant.\n"
    "\n"
    "  --group NAME        run this group only; may be repeated\n"
    "  --list              list the groups\n"
    "  --quiet             print only failures and scores\n"
    "  --seed N            of the random requests (default: the time)\n"
    "  --random N          random requests (default 3000)\n"
    "  --unit N            unit identifier of requests (default 1)\n"
    "  --coils N           coils and discrete inputs 0 to N-1 exist\n"
    "  --registers N       holding and input registers 0 to N-1 exist\n"
    "                      (default of both: probed, table by table)\n"
    "  --functions N,N,... only these functions (default: probed)\n"
    "  --timeout SECONDS   for one answer (default 1)\n"
    "  --deadline SECONDS  for everything (default 55); what is not reached\n"
    "                      has failed\n"
    "  --tls               over TLS, as Modbus/TCP Security says; needs:\n"
    "  --tls-cert FILE     our certificate, with a role that may do all; PEM\n"
    "  --tls-key FILE      its private key\n"
    "  --tls-ca FILE       who issues the server's certificate\n"
    "  --udp               in datagrams; what is about streams is n/a\n"
    "  --rtu               in RTU frames; what these can't carry is n/a\n"
    "  --help\n"
    "\n"
    "Each check is a line: ok, n/a, or FAIL with what was expected, what was\n"
    "got, and the clause that decides: of the Modbus Application Protocol\n"
    "Specification V1.1b3 unless it names another document (Guide: Messaging\n"
    "on TCP/IP Implementation Guide V1.0b).\n"
    "\n"
    "Assumptions: Functions are optional: one that is answered by exception "
    "01\n"
    "is n/a. Each table begins at 0 and has no gaps; the probe looks for its\n"
    "end. Every item that exists can be read, and coils and registers can be\n"
    "written. Nobody else writes meanwhile. The tables may be one or four, "
    "and\n"
    "coils may overlay registers: the model finds out. Replies on a "
    "connection\n"
    "may come in any order, and exception 06 is a good answer to pipelining.\n"
    "A PDU longer or shorter than its function says has a wrong implied "
    "length:\n"
    "exception 03 (clause 7). Identifications, the other optional functions "
    "and\n"
    "the meaning of unit identifiers other than 0 and 255 are not judged.\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something did, 64 usage, 69 no server.\n";

enum option_id {
	OPTION_GROUP = 256,
	OPTION_LIST,
	OPTION_QUIET,
	OPTION_SEED,
	OPTION_RANDOM,
	OPTION_UNIT,
	OPTION_COILS,
	OPTION_REGISTERS,
	OPTION_FUNCTIONS,
	OPTION_TIMEOUT,
	OPTION_DEADLINE,
	OPTION_TLS,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	OPTION_TLS_CA,
	OPTION_UDP,
	OPTION_RTU,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "group", required_argument, NULL, OPTION_GROUP },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "random", required_argument, NULL, OPTION_RANDOM },
	{ "unit", required_argument, NULL, OPTION_UNIT },
	{ "coils", required_argument, NULL, OPTION_COILS },
	{ "registers", required_argument, NULL, OPTION_REGISTERS },
	{ "functions", required_argument, NULL, OPTION_FUNCTIONS },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "deadline", required_argument, NULL, OPTION_DEADLINE },
	{ "tls", no_argument, NULL, OPTION_TLS },
	{ "tls-cert", required_argument, NULL, OPTION_TLS_CERT },
	{ "tls-key", required_argument, NULL, OPTION_TLS_KEY },
	{ "tls-ca", required_argument, NULL, OPTION_TLS_CA },
	{ "udp", no_argument, NULL, OPTION_UDP },
	{ "rtu", no_argument, NULL, OPTION_RTU },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

struct choice {
	bool group[COUNT(groups)];
	bool some_groups; /* else all */
	bool function[256];
	bool some_functions; /* else those found */
	double seconds;      /* for everything */
	bool tls;
	struct secure_files files;
};

static void
usage_error(const char *what, const char *value)
{
	fprintf(stderr, "mbtorture: %s: %s (see --help)\n", what, value);
	exit(EXIT_USAGE);
}

static const char *
name_of(int id)
{
	const struct option *o = long_options;

	while (o->val != id)
		o++;
	return o->name;
}

static void
refuse(int id, const char *text, const char *expected)
{
	fprintf(stderr, "mbtorture: --%s: \"%s\": expected %s\n", name_of(id),
	    text, expected);
	exit(EXIT_USAGE);
}

/* The value of an option. */
static double
number(int id, const char *text, double low, double high)
{
	char *end, expected[80];
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= low && value <= high)) {
		snprintf(expected, sizeof(expected),
		    "a number from %.15g to %.15g", low, high);
		refuse(id, text, expected);
	}
	return value;
}

/* The same, with neither sign nor fraction. */
static uint64_t
whole(int id, const char *text, double low, double high)
{
	if (text[strspn(text, "0123456789")] != '\0')
		refuse(id, text, "a whole number");
	return (uint64_t)number(id, text, low, high);
}

static void
choose_group(struct choice *choice, const char *name)
{
	size_t i = 0;

	while (i < COUNT(groups) && strcmp(groups[i].name, name) != 0)
		i++;
	if (i == COUNT(groups))
		refuse(OPTION_GROUP, name, "a name that --list prints");
	choice->group[i] = choice->some_groups = true;
}

static void
choose_functions(struct choice *choice, char *list)
{
	char *rest;

	for (char *one = strtok_r(list, ",", &rest); one != NULL;
	     one = strtok_r(NULL, ",", &rest))
		choice->function[whole(OPTION_FUNCTIONS, one, 1, 127)] =
		    choice->some_functions = true;
	if (!choice->some_functions)
		refuse(OPTION_FUNCTIONS, "", "numbers, such as 3,16");
}

static void
list_groups(void)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		puts(groups[i].name);
	exit(EXIT_SUCCESS);
}

static void
take_option(int id, char *value, struct run *r, struct choice *choice)
{
	switch (id) {
	case OPTION_GROUP:
		choose_group(choice, value);
		break;
	case OPTION_LIST:
		list_groups();
		break;
	case OPTION_QUIET:
		r->score.quiet = true;
		break;
	case OPTION_SEED:
		r->seed = whole(id, value, 0, 1e15);
		break;
	case OPTION_RANDOM:
		r->random_requests = (unsigned)whole(id, value, 10, 1e9);
		break;
	case OPTION_UNIT:
		r->unit = (uint8_t)whole(id, value, 0, 255);
		break;
	case OPTION_COILS:
		r->items[COILS] = (uint32_t)whole(id, value, 1, 65536);
		r->items[DISCRETE_INPUTS] = r->items[COILS];
		break;
	case OPTION_REGISTERS:
		r->items[HOLDING_REGISTERS] =
		    (uint32_t)whole(id, value, 1, 65536);
		r->items[INPUT_REGISTERS] = r->items[HOLDING_REGISTERS];
		break;
	case OPTION_FUNCTIONS:
		choose_functions(choice, value);
		break;
	case OPTION_TIMEOUT:
		r->server.timeout = number(id, value, 0.01, 3600);
		break;
	case OPTION_DEADLINE:
		choice->seconds = number(id, value, 1, 1e6);
		break;
	case OPTION_TLS:
		choice->tls = true;
		break;
	case OPTION_TLS_CERT:
		choice->files.cert = value;
		break;
	case OPTION_TLS_KEY:
		choice->files.key = value;
		break;
	case OPTION_TLS_CA:
		choice->files.ca = value;
		break;
	case OPTION_UDP:
		r->server.udp = true;
		break;
	case OPTION_RTU:
		r->server.rtu = true;
		break;
	case OPTION_HELP:
		fputs(help, stdout);
		exit(EXIT_SUCCESS);
	default:
		exit(EXIT_USAGE); /* getopt_long has said why */
	}
}

static void
prepare_tls(const struct choice *choice, struct endpoint *server)
{
	const struct secure_files *files = &choice->files;
	char error[200];

	if (!choice->tls &&
	    (files->cert != NULL || files->key != NULL || files->ca != NULL))
		usage_error("expected, too", "--tls");
	if (!choice->tls)
		return;
	if (server->udp)
		usage_error("not with --udp", "--tls");
	if (server->rtu)
		usage_error("not with --rtu", "--tls");
	if (files->cert == NULL || files->key == NULL || files->ca == NULL)
		usage_error(
		    "--tls: expected, too", "--tls-cert, --tls-key, --tls-ca");
	/* OpenSSL writes to connections that are lost without more ado. */
	signal(SIGPIPE, SIG_IGN);
	server->secure = secure_context(files, error);
	if (server->secure == NULL)
		usage_error("--tls", error);
}

static void
take_server(int count, char **words, struct endpoint *server)
{
	char error[200];
	int found = -1;

	if (count == 2)
		found = endpoint_resolve(server, words[0], words[1], error);
	else if (count == 1 && strchr(words[0], '/') != NULL)
		found = endpoint_at_path(server, words[0], error);
	else
		usage_error("expected", "HOST PORT or PATH");
	if (found != 0)
		usage_error("no such server", error);
}

static void
take_command_line(int argc, char **argv, struct run *r, struct choice *choice)
{
	int id;

	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(id, optarg, r, choice);
	take_server(argc - optind, argv + optind, &r->server);
	if (r->server.udp && r->server.rtu)
		usage_error("not with --udp", "--rtu");
	prepare_tls(choice, &r->server);
	r->server.deadline = clock_now() + choice->seconds;
}

/* Find out what is there, and say it. */
static int
probe(struct run *r, const struct choice *choice)
{
	static const char *const names[TABLES] = { "coils", "discrete inputs",
		"holding registers", "input registers" };

	if (run_probe(r) != 0) {
		fprintf(stderr, "mbtorture: no answer from the server\n");
		return -1;
	}
	printf("seed %llu\nsupported functions:", (unsigned long long)r->seed);
	for (unsigned i = 0; i < COUNT(r->supports); i++) {
		if (choice->some_functions && !choice->function[i])
			r->supports[i] = false;
		if (r->supports[i])
			printf(" %u", i);
	}
	for (enum table t = 0; t < TABLES; t++)
		printf("\n%s: %u", names[t], r->items[t]);
	putchar('\n');
	return 0;
}

static struct verdict
check_stream(struct run *r, const void *arg)
{
	(void)r;
	(void)arg;
	return not_applicable("datagrams are no stream");
}

static struct verdict
check_mbap(struct run *r, const void *arg)
{
	(void)r;
	(void)arg;
	return not_applicable("RTU frames have no MBAP header");
}

static void
run_group(struct run *r, const struct group *g)
{
	score_begin(&r->score, g->name);
	if (g->stream && r->server.udp)
		run_check(r, g->name, "Guide 3.1.3", 0, check_stream, NULL);
	else if (g->mbap && r->server.rtu)
		run_check(r, g->name, "Guide 3.1.3", 0, check_mbap, NULL);
	else
		g->run(r, g->arg);
	score_end(&r->score);
}

int
main(int argc, char **argv)
{
	static struct run r;
	struct choice choice = { .seconds = 55 };
	double began = clock_now();
	bool good;

	r.unit = 1;
	r.seed = (uint64_t)time(NULL);
	r.random_requests = 3000;
	r.server.timeout = 1;
	take_command_line(argc, argv, &r, &choice);
	if (probe(&r, &choice) != 0)
		return EXIT_NO_SERVER;
	for (size_t i = 0; i < COUNT(groups); i++) {
		if (choice.some_groups && !choice.group[i])
			continue;
		run_group(&r, &groups[i]);
	}
	good = score_finish(&r.score);
	printf("%.1f s\n", clock_now() - began);
	run_close(&r);
	secure_context_free(r.server.secure);
	return good ? EXIT_SUCCESS : EXIT_FAILED;
}
