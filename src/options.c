#include "options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/command_line.h"
#include "base/number.h"
#include "http/guard.h"
#include "net/shutdown_word.h"
#include "options_partners.h"
#include "report/recorder.h"
#include "state/keep.h"
#include "system/socket.h"

#define SHARED_NAME_DEFAULT     "mb"
#define SHARED_TIMEOUT_DEFAULT  2000
#define SHARED_SNAPSHOT_DEFAULT 100000

#define SEED_DEFAULT 1

#define MAX_CONNECTIONS_MAX 1000000
#define IDLE_TIMEOUT_MAX    (365 * 24 * 3600)
#define SYNC_INTERVAL_MAX   3600000
#define SHARED_NAME_MAX     64
#define SHARED_COPIES_MAX   8
#define SHARED_TIMEOUT_MIN  100
#define SHARED_TIMEOUT_MAX  60000
#define SHARED_SNAPSHOT_MIN 10
#define SHARED_SNAPSHOT_MAX 100000000
#define KIB                 INT64_C(1024)
#define MIB                 (1024 * KIB)
#define GIB                 (1024 * MIB)

#define EXPECTED_PORT "a port number from 0 to 65535"
#define EXPECTED_CIDR                                                          \
	"an address block such as 192.0.2.0/24 or 2001:db8::/32, at most 64 "  \
	"times"

/* The options, and the values of --listen until the port is known. */
struct parse {
	struct options o;
	const char *listen[OPTIONS_LISTEN_MAX]; /* of CLIENT_PLAIN */
	bool port_given;
};

static enum command_line_set
set_port(void *arg, const char *value)
{
	struct parse *p = arg;
	uint64_t n;

	if (number_parse(value, 0, UINT16_MAX, &n) != 0)
		return COMMAND_LINE_BAD;
	p->o.port = (uint16_t)n;
	p->port_given = true;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_datatable(void *arg, const char *value)
{
	struct parse *p = arg;

	if (strcasecmp(value, "s") == 0 || strcasecmp(value, "separate") == 0)
		p->o.overlay = DATATABLE_SEPARATE;
	else if (strcasecmp(value, "o") == 0 ||
	    strcasecmp(value, "overlaid") == 0)
		p->o.overlay = DATATABLE_OVERLAID;
	else
		return COMMAND_LINE_BAD;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_quit(void *arg, const char *value)
{
	struct parse *p = arg;
	size_t length = strlen(value);

	if (length < SHUTDOWN_WORD_MIN || length > SHUTDOWN_WORD_MAX)
		return COMMAND_LINE_BAD;
	p->o.shutdown_word = value;
	return COMMAND_LINE_SET;
}

/* "PORT" alone is on every address. Returns whether text is that. */
static bool
parse_port_alone(const char *text, struct options_listen *l)
{
	uint64_t port;

	l->both_families = number_parse(text, 0, UINT16_MAX, &port) == 0;
	if (l->both_families)
		l->where = address_any((uint16_t)port);
	return l->both_families;
}

/* Without a prefix: resolved after the last option, as --port may follow. */
static int
parse_listen_plain(const char *text, struct options_listen *l)
{
	return address_parse(text, 0, &l->where);
}

static int
parse_listen_port(const char *text, struct options_listen *l)
{
	if (parse_port_alone(text, l))
		return 0;
	return address_parse_with_port(text, &l->where);
}

static int
parse_listen_path(const char *text, struct options_listen *l)
{
	size_t length = strlen(text);

	l->path = text;
	return length != 0 && length <= SOCKET_PATH_MAX ? 0 : -1;
}

/* What --listen may begin with. */
static const struct {
	const char *prefix;
	enum client_way way;
	int (*parse)(const char *text, struct options_listen *l);
} listen_kinds[] = {
	{ "rtu:", CLIENT_RTU, parse_listen_port },
	{ "udp:", CLIENT_UDP, parse_listen_port },
	{ "unix:", CLIENT_UNIX, parse_listen_path },
	{ "", CLIENT_PLAIN, parse_listen_plain }, /* last: any begins so */
};

static int
parse_listen(const char *text, struct options_listen *l)
{
	size_t i = 0, length;

	for (;; i++) {
		length = strlen(listen_kinds[i].prefix);
		if (strncasecmp(text, listen_kinds[i].prefix, length) == 0)
			break;
	}
	*l = (struct options_listen){ .way = listen_kinds[i].way };
	return listen_kinds[i].parse(text + length, l);
}

static enum command_line_set
set_listen(void *arg, const char *value)
{
	struct parse *p = arg;
	size_t n = p->o.listen_count;

	if (n == OPTIONS_LISTEN_MAX ||
	    parse_listen(value, &p->o.listen[n]) != 0)
		return COMMAND_LINE_BAD;
	p->listen[n] = value;
	p->o.listen_count++;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_tls(void *arg, const char *value)
{
	struct parse *p = arg;
	struct options_listen *tls = &p->o.tls[p->o.tls_count];

	if (p->o.tls_count == OPTIONS_LISTEN_MAX)
		return COMMAND_LINE_BAD;
	*tls = (struct options_listen){ .way = CLIENT_TLS };
	if (!parse_port_alone(value, tls) &&
	    address_parse(value, OPTIONS_TLS_PORT, &tls->where) != 0)
		return COMMAND_LINE_BAD;
	p->o.tls_count++;
	return COMMAND_LINE_SET;
}

/* Converts the result of adding an entry to a list of rules. */
static enum command_line_set
added(int result)
{
	return result == 0 ? COMMAND_LINE_SET : COMMAND_LINE_BAD;
}

static enum command_line_set
set_allow(void *arg, const char *value)
{
	struct parse *p = arg;

	return added(access_list_add(&p->o.access.connect, value));
}

static enum command_line_set
set_write_from(void *arg, const char *value)
{
	struct parse *p = arg;

	return added(access_list_add(&p->o.access.write, value));
}

static enum command_line_set
set_quit_from(void *arg, const char *value)
{
	struct parse *p = arg;

	return added(access_list_add(&p->o.access.shut_down, value));
}

static enum command_line_set
set_read_only_range(void *arg, const char *value)
{
	struct parse *p = arg;

	return added(access_add_read_only(&p->o.access, value));
}

/* One list for both: options_check_partners is told if there are two. */
static enum command_line_set
set_units_of(struct parse *p, const char *value, bool silent)
{
	if (p->o.units.limited && p->o.units.silent != silent)
		p->o.units_twice = true;
	return added(units_parse(value, silent, &p->o.units));
}

static enum command_line_set
set_units(void *arg, const char *value)
{
	return set_units_of(arg, value, false);
}

static enum command_line_set
set_units_silent(void *arg, const char *value)
{
	return set_units_of(arg, value, true);
}

static enum command_line_set
set_state_create(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	if (p->o.action != OPTIONS_CHECK)
		p->o.action = OPTIONS_CREATE;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_journal_keep(void *arg, const char *value)
{
	struct parse *p = arg;

	return keep_parse(value, &p->o.keep) == 0 ? COMMAND_LINE_SET :
						    COMMAND_LINE_BAD;
}

static enum command_line_set
set_state_sync(void *arg, const char *value)
{
	static const char prefix[] = "interval:";
	const size_t length = sizeof(prefix) - 1;
	struct parse *p = arg;
	uint64_t ms = 0;

	if (strcasecmp(value, "always") == 0)
		p->o.sync = STATE_SYNC_ALWAYS;
	else if (strcasecmp(value, "changes") == 0)
		p->o.sync = STATE_SYNC_CHANGES;
	else if (strncasecmp(value, prefix, length) == 0 &&
	    number_parse(value + length, 1, SYNC_INTERVAL_MAX, &ms) == 0)
		p->o.sync = STATE_SYNC_INTERVAL;
	else
		return COMMAND_LINE_BAD;
	p->o.sync_interval = (unsigned)ms;
	return COMMAND_LINE_SET;
}

/* Whoever lists processes can read the password in it: see options_hide. */
static enum command_line_set
set_shared(void *arg, const char *value)
{
	struct parse *p = arg;

	if (shared_url_parse(value, &p->o.shared.url) != 0)
		return COMMAND_LINE_BAD;
	p->o.shared.text = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_shared_name(void *arg, const char *value)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789_.-";
	struct parse *p = arg;
	size_t length = strspn(value, characters);

	if (length == 0 || length > SHARED_NAME_MAX || value[length] != '\0')
		return COMMAND_LINE_BAD;
	p->o.shared.name = value;
	return COMMAND_LINE_SET;
}

/* Whatever else is to be done. */
static enum command_line_set
set_check(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->o.action = OPTIONS_CHECK;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_http(void *arg, const char *value)
{
	struct parse *p = arg;

	if (address_parse_place(value, &p->o.http_listen) != 0)
		return COMMAND_LINE_BAD;
	p->o.http = true;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_http_host(void *arg, const char *value)
{
	struct parse *p = arg;

	if (p->o.http_host_count == OPTIONS_HTTP_HOSTS_MAX ||
	    !guard_is_name(value))
		return COMMAND_LINE_BAD;
	p->o.http_hosts[p->o.http_host_count++] = value;
	return COMMAND_LINE_SET;
}

/* "4M", "512K", or 0. */
static enum command_line_set
set_http_recorder(void *arg, const char *value)
{
	struct parse *p = arg;
	uint64_t n, unit;
	const char *suffix = number_take(value, RECORDER_BYTES_MAX, &n);

	if (suffix == NULL)
		return COMMAND_LINE_BAD;
	if (strcmp(suffix, "K") == 0)
		unit = KIB;
	else if (strcmp(suffix, "M") == 0)
		unit = MIB;
	else if (strcmp(suffix, "G") == 0)
		unit = GIB;
	else if (*suffix == '\0' && n == 0)
		unit = 1;
	else
		return COMMAND_LINE_BAD;
	if (n > RECORDER_BYTES_MAX / unit ||
	    (n != 0 && n * unit < RECORDER_BYTES_MIN))
		return COMMAND_LINE_BAD;
	p->o.http_recorder = (size_t)(n * unit);
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_http_frame(void *arg, const char *value)
{
	struct parse *p = arg;

	if (p->o.http_frame_count == OPTIONS_HTTP_ORIGINS_MAX ||
	    (strcmp(value, "self") != 0 && !guard_is_origin(value)))
		return COMMAND_LINE_BAD;
	p->o.http_frames[p->o.http_frame_count++] = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_http_origin(void *arg, const char *value)
{
	struct parse *p = arg;

	if (p->o.http_origin_count == OPTIONS_HTTP_ORIGINS_MAX ||
	    !guard_is_origin(value))
		return COMMAND_LINE_BAD;
	p->o.http_origins[p->o.http_origin_count++] = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_log_level(void *arg, const char *value)
{
	struct parse *p = arg;

	return log_parse_level(value, &p->o.log_level) == 0 ? COMMAND_LINE_SET :
							      COMMAND_LINE_BAD;
}

static enum command_line_set
set_help(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->o.action = OPTIONS_HELP;
	return COMMAND_LINE_STOP;
}

static enum command_line_set
set_version(void *arg, const char *value)
{
	struct parse *p = arg;

	(void)value;
	p->o.action = OPTIONS_VERSION;
	return COMMAND_LINE_STOP;
}

#define CALL(function) COMMAND_LINE_CALL(function)
#define STORE(member, ...)                                                     \
	COMMAND_LINE_STORE(struct parse, o.member, __VA_ARGS__)
#define FLAG(member) STORE(member, .kind = COMMAND_LINE_FLAG)
#define TEXT(member) STORE(member, .kind = COMMAND_LINE_TEXT)
#define NUMBER(member, from, to)                                               \
	STORE(member, .kind = COMMAND_LINE_NUMBER, .least = (from),            \
	    .most = (to))

/* Every option. */
static const struct command_line_option definitions[] = {
	{ "p", "port", "PORT", EXPECTED_PORT, CALL(set_port),
	    "TCP port to listen on (default 502);\n"
	    "with 0 the system chooses, and the start-up line\n"
	    "names the port" },
	/* These, and "t", were short for it before another began so. */
	{ "", "po", "PORT", EXPECTED_PORT, CALL(set_port), NULL },
	{ "", "p", "PORT", EXPECTED_PORT, CALL(set_port), NULL },
	{ "d", "datatable", "s|o", "s (separate) or o (overlaid)",
	    CALL(set_datatable),
	    "s: coils and registers are separate (default)\n"
	    "o: overlaid, coil n is bit n%16 of register n/16" },
	{ "q", "quit", "WORD", "a word of 3 to 250 bytes", CALL(set_quit),
	    "stop when a client sends WORD (default: none)" },
	{ "", "listen", "WHERE",
	    "an IPv4 or IPv6 address, with or without a port, such as "
	    "192.0.2.1, 192.0.2.1:502, 2001:db8::1 or [2001:db8::1]:502; or "
	    "rtu: or udp: and [ADDRESS:]PORT; or unix: and a path of at most "
	    "107 bytes; at most 16 times",
	    CALL(set_listen),
	    "listen only there: IPV4[:PORT] or IPV6 or\n"
	    "[IPV6]:PORT; rtu:[ADDRESS:]PORT for RTU frames over\n"
	    "TCP, udp:[ADDRESS:]PORT for datagrams, unix:PATH for\n"
	    "clients on this machine; may be repeated\n"
	    "(default: every address, IPv4 and IPv6)" },
	{ "", "tls", "[ADDRESS:]PORT",
	    "a port, or an IPv4 or IPv6 address with or without a port, such "
	    "as 802, 192.0.2.1, 192.0.2.1:802 or [2001:db8::1]:802, at most "
	    "16 times",
	    CALL(set_tls),
	    "serve Modbus over TLS there, port 802 if ADDRESS is\n"
	    "alone; may be repeated; plain TCP is then served\n"
	    "only where -p or --listen asks for it" },
	{ "", "tls-cert", "FILE", "the name of a file", TEXT(tls_cert),
	    "the server's certificate, then its issuers, the root\n"
	    "last; PEM" },
	{ "", "tls-key", "FILE", "the name of a file", TEXT(tls_key),
	    "its private key, for no others to read; PEM" },
	{ "", "tls-ca", "FILE", "the name of a file", TEXT(tls_ca),
	    "who issues the clients' certificates; PEM" },
	{ "", "tls-crl", "FILE", "the name of a file", TEXT(tls_crl),
	    "revoked certificates, one list for each issuer; PEM" },
	{ "", "roles", "FILE", "the name of a file", TEXT(roles),
	    "what the roles of certificates may do; see\n"
	    "mbasyncserver-security(7)" },
	{ "", "max-connections", "N", "a number from 1 to 1000000",
	    NUMBER(max_connections, 1, MAX_CONNECTIONS_MAX),
	    "limit of open connections (default: as many as the\n"
	    "descriptor limit allows)" },
	{ "", "max-per-client", "N", "a number from 1 to 1000000",
	    NUMBER(max_per_client, 1, MAX_CONNECTIONS_MAX),
	    "limit of open connections per client address\n"
	    "(default: no limit)" },
	{ "", "idle-timeout", "SECONDS", "seconds from 0 to 31536000",
	    NUMBER(idle_timeout, 0, IDLE_TIMEOUT_MAX),
	    "close a connection that sends no request for so\n"
	    "long (default 0: never)" },
	{ "", "allow", "CIDR", EXPECTED_CIDR, CALL(set_allow),
	    "accept only clients in CIDR; may be repeated\n"
	    "(default: every client)" },
	{ "", "write-from", "CIDR", EXPECTED_CIDR, CALL(set_write_from),
	    "accept writes only from clients in CIDR, answer\n"
	    "others by exception 01; may be repeated" },
	{ "", "quit-from", "CIDR", EXPECTED_CIDR, CALL(set_quit_from),
	    "accept the word of --quit only from clients in CIDR;\n"
	    "may be repeated" },
	{ "", "read-only", NULL, NULL, FLAG(access.read_only),
	    "answer every write by exception 02" },
	{ "", "read-only-range", "RANGE", ACCESS_RANGE_EXPECTED,
	    CALL(set_read_only_range),
	    "HR16-20, C5, coils:A-B or registers:A-B: answer a\n"
	    "write to any of these by exception 02; may be\n"
	    "repeated" },
	{ "", "units", "LIST", UNITS_EXPECTED, CALL(set_units),
	    "serve only these unit identifiers, such as\n"
	    "1-10,17,255, and answer others by exception 0B\n"
	    "(default: all are served)" },
	{ "", "units-silent", "LIST", UNITS_EXPECTED, CALL(set_units_silent),
	    "the same, but do not answer others at all" },
	{ "", "state", "FILE", "the name of a file", TEXT(state),
	    "store the table in FILE, and acknowledge a write\n"
	    "once it is on disk (default: not stored)" },
	{ "", "state-init", NULL, NULL, FLAG(state_init),
	    "create the file of --state, all zeros, if it never\n"
	    "existed" },
	{ "", "state-create", NULL, NULL, CALL(set_state_create),
	    "create it likewise, for the mode of -d, and exit" },
	{ "", "state-sync", "WHEN",
	    "always, changes, or interval:MS with milliseconds from 1 to "
	    "3600000",
	    CALL(set_state_sync),
	    "always: wait for the disk on every write (default)\n"
	    "changes: not on one that changes no value, which\n"
	    "then is not in the journal\n"
	    "interval:MS: on none; a crash loses acknowledged\n"
	    "writes of the last MS milliseconds" },
	{ "", "journal-keep", "LIMIT,...",
	    "a number of writes from 1 to 1000000000, of days from 1d to "
	    "36500d, or of bytes from 1M to 1024G, or several such as "
	    "1000000,30d,200M",
	    CALL(set_journal_keep),
	    "limits of the journal of --state: N writes, Nd days,\n"
	    "NM or NG bytes of the file; the first to be exceeded\n"
	    "removes the oldest writes (default 1000000)" },
	{ "", "state-backup", "FILE", "the name of a file", TEXT(state_backup),
	    "copy the file of --state to FILE on SIGUSR1" },
	{ "", "shared", "URL",
	    "redis://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DB], or "
	    "rediss:// for TLS, with at most 8 hosts",
	    CALL(set_shared),
	    "show one table with all servers that have the same\n"
	    "URL, of Redis or Valkey (default: not shared); see\n"
	    "mbasyncserver-shared(7)" },
	{ "", "shared-password", "FILE", "the name of a file",
	    TEXT(shared.password),
	    "its password, for no others to read; better than in\n"
	    "the URL" },
	{ "", "shared-ca", "FILE", "the name of a file", TEXT(shared.ca),
	    "who issues its certificate, with rediss://; PEM\n"
	    "(default: whom the system trusts)" },
	{ "", "shared-init", NULL, NULL, FLAG(shared.init),
	    "make the table there, all zeros, at this start, if\n"
	    "there is none" },
	{ "", "shared-name", "NAME",
	    "a name of 1 to 64 letters, digits, and any of _ . -",
	    CALL(set_shared_name),
	    "its keys there are NAME:log and so on (default mb)" },
	{ "", "shared-copies", "N", "a number from 0 to 8",
	    NUMBER(shared.copies, 0, SHARED_COPIES_MAX),
	    "acknowledge a write when N replicas have it, too\n"
	    "(default 0)" },
	{ "", "shared-timeout", "MS", "milliseconds from 100 to 60000",
	    NUMBER(shared.timeout, SHARED_TIMEOUT_MIN, SHARED_TIMEOUT_MAX),
	    "close the connection whose write has no outcome\n"
	    "after so long (default 2000)" },
	{ "", "shared-snapshot", "N", "a number from 10 to 100000000",
	    NUMBER(shared.snapshot, SHARED_SNAPSHOT_MIN, SHARED_SNAPSHOT_MAX),
	    "writes between two snapshots (default 100000)" },
	{ "", "points", "FILE", "the name of a file", TEXT(points),
	    "names, types and first values of coils and registers\n"
	    "(default: none); see mbasyncserver-points(5)" },
	{ "", "points-only", NULL, NULL, FLAG(points_only),
	    "answer a request for an address without a point by\n"
	    "exception 02 (default: every address exists)" },
	{ "", "simulate", NULL, NULL, FLAG(simulate),
	    "move the points that say how, as their column\n"
	    "simulate has it (default: they stand still)" },
	{ "", "seed", "N", "a number from 0 to 4294967295",
	    NUMBER(seed, 0, UINT32_MAX),
	    "another series for what is random in that (default\n"
	    "1); with the same one it is the same in each run" },
	{ "", "check", NULL, NULL, CALL(set_check),
	    "check these options and the files that they name,\n"
	    "print the points as they were understood, and exit" },
	{ "", "http", "[ADDRESS:]PORT",
	    "a port, or an address and a port, such as 8080, 0.0.0.0:8080 or "
	    "[::1]:8080",
	    CALL(set_http),
	    "serve the live page, the API and metrics over HTTP,\n"
	    "on 127.0.0.1 unless ADDRESS is given (default: off)" },
	{ "", "http-write", NULL, NULL, FLAG(http_write),
	    "allow writes over HTTP (default: reads only)" },
	{ "", "http-token", "FILE", "the name of a file", TEXT(http_token),
	    "require the token in FILE for writes over HTTP;\n"
	    "mandatory unless HTTP is on loopback only" },
	{ "", "http-tls", NULL, NULL, FLAG(http_tls),
	    "serve --http over TLS, with --tls-cert and --tls-key" },
	{ "", "http-plain-token", NULL, NULL, FLAG(http_plain_token),
	    "take the token of --http-token over HTTP without TLS\n"
	    "beyond loopback, too" },
	{ "", "http-host", "NAME", "a host name, at most 16 times",
	    CALL(set_http_host),
	    "accept HTTP requests for this host name; may be\n"
	    "repeated (always: localhost, addresses, own name)" },
	{ "", "http-frame", "ORIGIN",
	    "self or an origin such as https://dash.example:3000, at most 16 "
	    "times",
	    CALL(set_http_frame),
	    "allow pages of ORIGIN to embed the live page; may be\n"
	    "repeated (default: none)" },
	{ "", "http-origin", "ORIGIN",
	    "an origin such as https://dash.example:3000, at most 16 times",
	    CALL(set_http_origin),
	    "let scripts in pages of ORIGIN read over HTTP, and\n"
	    "write with the token; may be repeated (default: none)" },
	{ "", "http-recorder", "SIZE",
	    "a size from 64K to 1G, such as 512K or 4M, or 0",
	    CALL(set_http_recorder),
	    "memory for the last requests, which HTTP shows one by\n"
	    "one; 0: none (default 4M)" },
	{ "", "client-report", NULL, NULL, FLAG(client_report),
	    "when the server stops, log each client's polls,\n"
	    "their jitter and its errors (default: off)" },
	{ "", "log-level", "LEVEL", "error, warn, info or debug",
	    CALL(set_log_level), "error, warn, info (default) or debug" },
	{ "", "trace", NULL, NULL, FLAG(trace),
	    "log one decoded line per request (default: off)" },
	{ "", "t", NULL, NULL, FLAG(trace), NULL },
	{ "eh", "help", NULL, NULL, CALL(set_help), "print this and exit" },
	{ "V", "version", NULL, NULL, CALL(set_version),
	    "print the version and exit" },
};

static const char *const secrets[] = { "quit", "shared", NULL };

static const struct command_line server_line = {
	.introduction =
	    "usage: mbasyncserver [OPTIONS]\n"
	    "A Modbus/TCP server around one unified data table.\n\n",
	.options = definitions,
	.count = sizeof(definitions) / sizeof(*definitions),
	.requirements = options_requirements,
	.requirement_count = OPTIONS_REQUIREMENTS,
	.secrets = secrets,
	.ending = "\nExit status: 0 stopped, 64 usage, 65 state damaged, "
		  "71 system error,\n74 disk failed, 75 port or state in use, "
		  "77 permission denied,\n78 no state file or shared "
		  "table, one of another kind, one that\n--state-create "
		  "finds, an error in the points file, in one of --tls, in\n"
		  "--roles or --shared-password, or wrong sockets from the "
		  "service manager.\n",
};

static const struct options defaults = {
	.port = OPTIONS_DEFAULT_PORT,
	.overlay = DATATABLE_SEPARATE,
	.log_level = LOG_INFO,
	.keep.rows = KEEP_ROWS_DEFAULT,
	.http_recorder = RECORDER_BYTES_DEFAULT,
	.seed = SEED_DEFAULT,
	.shared = {
		.name = SHARED_NAME_DEFAULT,
		.timeout = SHARED_TIMEOUT_DEFAULT,
		.snapshot = SHARED_SNAPSHOT_DEFAULT,
	},
};

/* Addresses of --listen without a port get that of --port. */
static void
resolve_listen(const struct parse *p, struct options *o)
{
	bool plain = false;

	for (size_t i = 0; i < o->listen_count; i++)
		if (o->listen[i].way == CLIENT_PLAIN) {
			plain = true;
			address_parse(
			    p->listen[i], o->port, &o->listen[i].where);
		}
	o->plain = !plain &&
	    (p->port_given || (o->listen_count == 0 && o->tls_count == 0));
}

int
options_parse(int argc, char **argv, struct options *o, char *error)
{
	struct parse p = { .o = defaults };
	int result = command_line_parse(&server_line, argc, argv, &p, error);

	*o = p.o;
	if (result != 0)
		return -1;
	if (o->action != OPTIONS_RUN && o->action != OPTIONS_CHECK)
		return 0;
	resolve_listen(&p, o);
	o->access.overlay = o->overlay;
	return options_check_partners(o, error);
}

/* The password in a URL, and its user: what stands before the last "@". */
static void
hide_user(char *url)
{
	char *from = strstr(url, "://");
	char *to = strrchr(url, '@');

	if (from == NULL || to == NULL)
		return;
	for (from += strlen("://"); from < to; from++)
		*from = '*';
}

void
options_hide(const struct options *o, int argc, char **argv)
{
	for (int i = 0; i < argc && o->shared.text != NULL; i++) {
		size_t length = strlen(argv[i]);

		if (o->shared.text >= argv[i] &&
		    o->shared.text <= argv[i] + length)
			hide_user(argv[i] + (o->shared.text - argv[i]));
	}
}

char *
options_help(void)
{
	return command_line_help(&server_line);
}
