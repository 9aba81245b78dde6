#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/shutdown_word.h"
#include "number.h"

#define DEFAULT_PORT        502
#define MAX_CONNECTIONS_MAX 1000000
#define IDLE_TIMEOUT_MAX    (365 * 24 * 3600)
#define VALUE_SHOWN         100 /* bytes of a bad value in an error */

#define EXPECTED_CIDR                                                          \
	"an address block such as 192.0.2.0/24 or 2001:db8::/32, at most 64 "  \
	"times"

/* The options so far, and --listen until the port is known. */
struct parse {
	struct options *o;
	const char *listen[SERVER_LISTEN_MAX];
};

static int
set_port(struct parse *p, const char *value)
{
	unsigned long n;

	if (number_parse(value, 0, UINT16_MAX, &n) != 0)
		return -1;
	p->o->port = (uint16_t)n;
	return 0;
}

static int
set_datatable(struct parse *p, const char *value)
{
	if (strcasecmp(value, "s") == 0 || strcasecmp(value, "separate") == 0)
		p->o->overlay = DATATABLE_SEPARATE;
	else if (strcasecmp(value, "o") == 0 ||
	    strcasecmp(value, "overlaid") == 0)
		p->o->overlay = DATATABLE_OVERLAID;
	else
		return -1;
	return 0;
}

static int
set_quit(struct parse *p, const char *value)
{
	size_t length = strlen(value);

	if (length < SHUTDOWN_WORD_MIN || length > SHUTDOWN_WORD_MAX)
		return -1;
	p->o->shutdown_word = value;
	return 0;
}

/* The port may come later, so that the address is kept until all is read. */
static int
set_listen(struct parse *p, const char *value)
{
	struct address ignored;

	if (p->o->listen_count == SERVER_LISTEN_MAX ||
	    address_parse(value, 0, &ignored) != 0)
		return -1;
	p->listen[p->o->listen_count++] = value;
	return 0;
}

static int
set_max_connections(struct parse *p, const char *value)
{
	unsigned long n;

	if (number_parse(value, 1, MAX_CONNECTIONS_MAX, &n) != 0)
		return -1;
	p->o->max_connections = n;
	return 0;
}

static int
set_idle_timeout(struct parse *p, const char *value)
{
	unsigned long n;

	if (number_parse(value, 0, IDLE_TIMEOUT_MAX, &n) != 0)
		return -1;
	p->o->idle_timeout = (unsigned)n;
	return 0;
}

static int
set_max_per_client(struct parse *p, const char *value)
{
	unsigned long n;

	if (number_parse(value, 1, MAX_CONNECTIONS_MAX, &n) != 0)
		return -1;
	p->o->max_per_client = n;
	return 0;
}

static int
set_allow(struct parse *p, const char *value)
{
	return access_list_add(&p->o->access.connect, value);
}

static int
set_write_from(struct parse *p, const char *value)
{
	return access_list_add(&p->o->access.write, value);
}

static int
set_quit_from(struct parse *p, const char *value)
{
	return access_list_add(&p->o->access.shut_down, value);
}

static int
set_read_only(struct parse *p, const char *value)
{
	(void)value;
	p->o->access.read_only = true;
	return 0;
}

static int
set_read_only_range(struct parse *p, const char *value)
{
	return access_add_read_only(&p->o->access, value);
}

static int
set_log_level(struct parse *p, const char *value)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARN] = "warn",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(value, names[i]) == 0) {
			p->o->log_level = (enum log_level)i;
			return 0;
		}
	return -1;
}

static int
set_trace(struct parse *p, const char *value)
{
	(void)value;
	p->o->trace = true;
	return 0;
}

static int
set_help(struct parse *p, const char *value)
{
	(void)value;
	p->o->action = OPTIONS_HELP;
	return 0;
}

static int
set_version(struct parse *p, const char *value)
{
	(void)value;
	p->o->action = OPTIONS_VERSION;
	return 0;
}

/*
 * Every option. An option that takes a value names it, and says what was
 * expected of it when set returns -1. Lines of help are broken by hand.
 */
static const struct definition {
	const char *letters; /* short forms, or "" */
	const char *name;
	const char *value; /* NULL: takes none */
	const char *expected;
	int (*set)(struct parse *p, const char *value);
	const char *help;
} definitions[] = {
	{ "p", "port", "PORT", "a port number from 0 to 65535", set_port,
	    "TCP port to listen on (default 502);\n"
	    "0 lets the system choose, and the start-up line tells" },
	{ "d", "datatable", "s|o", "s (separate) or o (overlaid)",
	    set_datatable,
	    "s: coils and registers are separate (default)\n"
	    "o: overlaid, coil n is bit n%16 of register n/16" },
	{ "q", "quit", "WORD", "a word of 3 to 250 bytes", set_quit,
	    "stop when a client sends WORD (default: none)" },
	{ "", "listen", "ADDRESS",
	    "an IPv4 or IPv6 address, with or without a port, such as "
	    "192.0.2.1, 192.0.2.1:502, 2001:db8::1 or [2001:db8::1]:502, "
	    "at most 16 times",
	    set_listen,
	    "listen on this address only, IPV4[:PORT] or\n"
	    "IPV6 or [IPV6]:PORT; may be repeated\n"
	    "(default: every address, IPv4 and IPv6)" },
	{ "", "max-connections", "N", "a number from 1 to 1000000",
	    set_max_connections,
	    "connections at once (default: as many as the\n"
	    "descriptor limit allows, less 16)" },
	{ "", "max-per-client", "N", "a number from 1 to 1000000",
	    set_max_per_client,
	    "connections at once from one client address\n"
	    "(default: no limit)" },
	{ "", "idle-timeout", "SECONDS", "seconds from 0 to 31536000",
	    set_idle_timeout,
	    "close a connection without requests for so long\n"
	    "(default 0: never)" },
	{ "", "allow", "CIDR", EXPECTED_CIDR, set_allow,
	    "let only clients from CIDR connect; may be repeated\n"
	    "(default: every client)" },
	{ "", "write-from", "CIDR", EXPECTED_CIDR, set_write_from,
	    "let only clients from CIDR write, others' writes are\n"
	    "answered by exception 01; may be repeated" },
	{ "", "quit-from", "CIDR", EXPECTED_CIDR, set_quit_from,
	    "let only clients from CIDR use the word of --quit;\n"
	    "may be repeated" },
	{ "", "read-only", NULL, NULL, set_read_only,
	    "answer every write by exception 02" },
	{ "", "read-only-range", "RANGE",
	    "coils:A-B or registers:A-B with addresses from 0 to 65535, at "
	    "most 64 times",
	    set_read_only_range,
	    "coils:A-B or registers:A-B: answer a write that\n"
	    "touches it by exception 02; may be repeated" },
	{ "", "log-level", "LEVEL", "error, warn, info or debug", set_log_level,
	    "error, warn, info (default) or debug" },
	{ "", "trace", NULL, NULL, set_trace,
	    "log one decoded line per request (default: off)" },
	{ "eh", "help", NULL, NULL, set_help, "print this and exit" },
	{ "V", "version", NULL, NULL, set_version,
	    "print the version and exit" },
};

#define DEFINITIONS (sizeof(definitions) / sizeof(*definitions))

/* What getopt_long returns for long options; letters are themselves. */
#define LONG_OPTION(i) (256 + (int)(i))

/* Describe the table to getopt_long. letters has room for every letter, a
 * colon behind each, and a colon in front: report, don't print. */
static void
describe(struct option *longs, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < DEFINITIONS; i++) {
		const struct definition *d = &definitions[i];

		longs[i] = (struct option){
			.name = d->name,
			.has_arg =
			    d->value != NULL ? required_argument : no_argument,
			.val = LONG_OPTION(i),
		};
		for (const char *l = d->letters; *l != '\0'; l++) {
			*letters++ = *l;
			if (d->value != NULL)
				*letters++ = ':';
		}
	}
	longs[DEFINITIONS] = (struct option){ .name = NULL };
	*letters = '\0';
}

/* The definition of what getopt_long has found: it is in the table. */
static const struct definition *
find(int found)
{
	const struct definition *d = definitions;

	if (found >= LONG_OPTION(0))
		return &definitions[found - LONG_OPTION(0)];
	while (strchr(d->letters, found) == NULL)
		d++;
	return d;
}

/* A value as it may stand in a line: cut, and without control characters. */
static const char *
printable(const char *value, char *out)
{
	size_t i;

	for (i = 0; i < VALUE_SHOWN && value[i] != '\0'; i++)
		out[i] = iscntrl((unsigned char)value[i]) ? '?' : value[i];
	out[i] = '\0';
	return out;
}

static int
fail_value(const struct definition *d, const char *value, char *error)
{
	char shown[VALUE_SHOWN + 1];

	/* The shut-down word is a secret, also when it is a bad one. */
	if (d->set == set_quit)
		snprintf(error, OPTIONS_ERROR_MAX, "--%s: expected %s", d->name,
		    d->expected);
	else
		snprintf(error, OPTIONS_ERROR_MAX, "--%s: \"%s\": expected %s",
		    d->name, printable(value, shown), d->expected);
	return -1;
}

static int
fail_missing(int option, char *error)
{
	const struct definition *d = find(option);

	snprintf(error, OPTIONS_ERROR_MAX, "--%s: no value: expected %s",
	    d->name, d->expected);
	return -1;
}

static int
fail_unknown(const char *argument, char *error)
{
	char shown[VALUE_SHOWN + 1];

	snprintf(error, OPTIONS_ERROR_MAX,
	    "%s: no such option: expected one of those that --help lists",
	    printable(argument, shown));
	return -1;
}

/* getopt_long knows no such option, or it takes no value. What it points at
 * may be the argument before, as it stops between joined letters; and what
 * follows "=" may be a secret meant for another option. */
static int
fail_option(const char *argument, char *error)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	char name[VALUE_SHOWN + 1];

	if (optopt >= LONG_OPTION(0)) {
		snprintf(error, OPTIONS_ERROR_MAX, "--%s: expected no value",
		    find(optopt)->name);
		return -1;
	}
	snprintf(
	    name, sizeof(name), "%.*s", (int)strcspn(argument, "="), argument);
	return fail_unknown(optopt != 0 ? letter : name, error);
}

/* The --listen addresses, now that the port for those without one is known. */
static void
resolve_listen(const struct parse *p)
{
	for (size_t i = 0; i < p->o->listen_count; i++)
		address_parse(p->listen[i], p->o->port, &p->o->listen[i]);
}

int
options_parse(int argc, char **argv, struct options *o, char *error)
{
	struct option longs[DEFINITIONS + 1];
	char letters[2 * 26 * 2 + 2];
	struct parse p = { .o = o };
	int found;

	*o = (struct options){
		.port = DEFAULT_PORT,
		.overlay = DATATABLE_SEPARATE,
		.log_level = LOG_INFO,
	};
	describe(longs, letters);
	optind = 0; /* start anew, glibc's way */
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct definition *d;

		if (found == ':')
			return fail_missing(optopt, error);
		if (found == '?')
			return fail_option(argv[optind - 1], error);
		d = find(found);
		if (d->set(&p, optarg) != 0)
			return fail_value(d, optarg, error);
		if (o->action != OPTIONS_RUN)
			return 0;
	}
	if (optind < argc)
		return fail_unknown(argv[optind], error);
	resolve_listen(&p);
	o->access.overlay = o->overlay;
	return 0;
}

/* "  -p, --port PORT" and the like, as one column of --help. */
static void
put_names(FILE *f, const struct definition *d)
{
	char names[64];
	size_t n = 0;

	for (const char *l = d->letters; *l != '\0'; l++)
		n +=
		    (size_t)snprintf(names + n, sizeof(names) - n, "-%c, ", *l);
	snprintf(names + n, sizeof(names) - n, "--%s%s%s", d->name,
	    d->value != NULL ? " " : "", d->value != NULL ? d->value : "");
	fprintf(f, "  %-24s ", names);
}

/* Help of several lines stays in its column. */
static void
put_help(FILE *f, const char *help)
{
	for (; *help != '\0'; help++) {
		fputc(*help, f);
		if (*help == '\n')
			fprintf(f, "%27s", "");
	}
	fputc('\n', f);
}

char *
options_help(void)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (f == NULL)
		return NULL;
	fputs("usage: mbasyncserver [OPTIONS]\n"
	      "A Modbus/TCP server around one unified data table.\n\n",
	    f);
	for (size_t i = 0; i < DEFINITIONS; i++) {
		put_names(f, &definitions[i]);
		put_help(f, definitions[i].help);
	}
	fputs("\nExit status: 0 asked to stop, 64 usage, 71 system error, "
	      "75 port in use,\n77 permission denied.\n",
	    f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
