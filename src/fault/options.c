#include "fault/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"
#include "fault/rule.h"
#include "http/guard.h"

#define MAX_CONNECTIONS_MAX 1000000

/* The options, and the value of --listen until the port is known. */
struct parse {
	struct fault_options o;
	uint16_t port;
	const char *listen;
};

static enum command_line_set
set_port(void *arg, const char *value)
{
	struct parse *p = arg;
	uint64_t n;

	if (number_parse(value, 0, UINT16_MAX, &n) != 0)
		return COMMAND_LINE_BAD;
	p->port = (uint16_t)n;
	return COMMAND_LINE_SET;
}

/* Resolved after the last option, as --port may follow. */
static enum command_line_set
set_listen(void *arg, const char *value)
{
	struct parse *p = arg;
	struct address ignored;

	p->listen = value;
	return address_parse(value, 0, &ignored) == 0 ? COMMAND_LINE_SET :
							COMMAND_LINE_BAD;
}

/* Whether text is the name of a host, and no number that is wrong. */
static bool
is_name(const char *text)
{
	return guard_is_name(text) &&
	    strspn(text, "0123456789.") < strlen(text);
}

/* "NAME" or "NAME:PORT". Returns 0, or -1. */
static int
parse_name(const char *value, struct fault_options *o)
{
	size_t length = strcspn(value, ":");
	uint64_t port = FAULT_TO_PORT_DEFAULT;

	if (length >= sizeof(o->to))
		return -1;
	memcpy(o->to, value, length);
	o->to[length] = '\0';
	if (value[length] == ':' &&
	    number_parse(value + length + 1, 1, UINT16_MAX, &port) != 0)
		return -1;
	o->to_port = (uint16_t)port;
	return is_name(o->to) ? 0 : -1;
}

static enum command_line_set
set_to(void *arg, const char *value)
{
	struct fault_options *o = &((struct parse *)arg)->o;
	struct address address;

	if (address_parse(value, FAULT_TO_PORT_DEFAULT, &address) != 0)
		return parse_name(value, o) == 0 ? COMMAND_LINE_SET :
						   COMMAND_LINE_BAD;
	address_format_ip(&address, o->to);
	o->to_port = address.port;
	return address.port != 0 ? COMMAND_LINE_SET : COMMAND_LINE_BAD;
}

/* Parsed after the last option, for an error of its own. */
static enum command_line_set
set_rule(void *arg, const char *value)
{
	struct fault_options *o = &((struct parse *)arg)->o;

	if (o->rule_count == FAULT_RULES_MAX)
		return COMMAND_LINE_BAD;
	o->rules[o->rule_count++] = value;
	return COMMAND_LINE_SET;
}

static enum command_line_set
set_http(void *arg, const char *value)
{
	struct fault_options *o = &((struct parse *)arg)->o;

	o->http = true;
	return address_parse_place(value, &o->http_listen) == 0 ?
	    COMMAND_LINE_SET :
	    COMMAND_LINE_BAD;
}

static enum command_line_set
set_http_host(void *arg, const char *value)
{
	struct fault_options *o = &((struct parse *)arg)->o;

	if (o->http_host_count == FAULT_HTTP_HOSTS_MAX || !guard_is_name(value))
		return COMMAND_LINE_BAD;
	o->http_hosts[o->http_host_count++] = value;
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
set_version(void *arg, const char *value)
{
	(void)value;
	((struct parse *)arg)->o.action = FAULT_VERSION;
	return COMMAND_LINE_STOP;
}

static enum command_line_set
set_help(void *arg, const char *value)
{
	(void)value;
	((struct parse *)arg)->o.action = FAULT_HELP;
	return COMMAND_LINE_STOP;
}

#define TEXT(member)                                                           \
	COMMAND_LINE_STORE(struct parse, o.member, .kind = COMMAND_LINE_TEXT)
#define NUMBER(member, minimum, maximum)                                       \
	COMMAND_LINE_STORE(struct parse, o.member,                             \
	    .kind = COMMAND_LINE_NUMBER, .least = (minimum),                   \
	    .most = (maximum))

static const struct command_line_option definitions[] = {
	{ "p", "port", "PORT", "a port number from 0 to 65535",
	    COMMAND_LINE_CALL(set_port),
	    "TCP port to listen on (default 8502);\n"
	    "with 0 the system chooses, and the start-up line\n"
	    "names the port" },
	{ "", "listen", "ADDRESS",
	    "an IPv4 or IPv6 address, with or without a port, such as "
	    "192.0.2.1, 192.0.2.1:502, 2001:db8::1 or [2001:db8::1]:502",
	    COMMAND_LINE_CALL(set_listen),
	    "listen on this address only, IPV4[:PORT] or\n"
	    "IPV6 or [IPV6]:PORT\n"
	    "(default: every address, IPv4 and IPv6)" },
	{ "", "to", "HOST[:PORT]",
	    "a name or an address, with or without a port from 1 to 65535, "
	    "such as plc.example, 192.0.2.1:502 or [2001:db8::1]:502",
	    COMMAND_LINE_CALL(set_to),
	    "the server, which must be given; port 502 if HOST\n"
	    "is alone" },
	{ "", "rule", "RULE", "a rule, at most 1000 times",
	    COMMAND_LINE_CALL(set_rule),
	    "a rule; may be repeated: the first one that holds\n"
	    "for a request acts" },
	{ "", "rules", "FILE", "the name of a file", TEXT(file),
	    "a file of rules, one a line; SIGHUP reads it again" },
	{ "", "seed", "N", "a number from 0 to 18446744073709551615",
	    NUMBER(seed, 0, UINT64_MAX),
	    "decides with the numbers of the connection and of\n"
	    "the request what chance does (default 1)" },
	{ "", "max-connections", "N", "a number from 1 to 1000000",
	    NUMBER(max_connections, 1, MAX_CONNECTIONS_MAX),
	    "limit of open connections (default: as many as the\n"
	    "descriptor limit allows)" },
	{ "", "http", "[ADDRESS:]PORT",
	    "a port, or an address with one: 8080, 192.0.2.1:8080 or "
	    "[2001:db8::1]:8080",
	    COMMAND_LINE_CALL(set_http),
	    "serve HTTP there: rules, which can be replaced, and\n"
	    "metrics; a port alone is on 127.0.0.1" },
	{ "", "http-token", "FILE", "the name of a file", TEXT(http_token),
	    "require the token in FILE to replace rules; needed\n"
	    "where --http reaches beyond loopback" },
	{ "", "http-host", "NAME", "the name of a host, at most 16 times",
	    COMMAND_LINE_CALL(set_http_host),
	    "answer HTTP also under this name; may be repeated" },
	{ "", "log-level", "LEVEL", "error, warn, info or debug",
	    COMMAND_LINE_CALL(set_log_level),
	    "error, warn, info (default) or debug" },
	{ "v", "version", NULL, NULL, COMMAND_LINE_CALL(set_version),
	    "print the version and exit" },
	{ "eh", "help", NULL, NULL, COMMAND_LINE_CALL(set_help),
	    "print this and exit" },
};

static const struct command_line_requirement requirements[] = {
	{ "http-token", "http", NULL },
	{ "http-host", "http", NULL },
};

static const struct command_line fault_line = {
	.introduction =
	    "usage: mbfault --to HOST[:PORT] [OPTIONS]\n"
	    "Forward Modbus/TCP to a server, and make faults on purpose.\n\n",
	.options = definitions,
	.count = sizeof(definitions) / sizeof(*definitions),
	.requirements = requirements,
	.requirement_count = sizeof(requirements) / sizeof(*requirements),
	.ending =
	    "\nRULE is an effect, and conditions, all of which must hold:\n"
	    "  delay TIME[..TIME], silence, exception N, close, split,\n"
	    "  corrupt transaction|unit|function|length|data\n"
	    "  unit N[-M], function N, coils:A-B, registers:A-B, HR16-20,\n"
	    "  client CIDR, chance P%, after N, first N\n"
	    "TIME is 100ms, 2s or 1m. Addresses begin at 0, as on the wire.\n"
	    "\nExit status: 0 stopped, 64 usage, 69 no such host, 71 system "
	    "error, 75 address\nin use, 77 permission denied, 78 a file is "
	    "missing or has errors.\n",
};

/* Returns 0, or -1 with an error. */
static int
check_rules(const struct fault_options *o, char *error)
{
	char wrong[FAULT_RULES_ERROR_MAX], text[PRINTABLE_SIZE];
	struct fault_rule ignored;

	for (size_t i = 0; i < o->rule_count; i++) {
		const char *rule = o->rules[i];

		if (fault_rule_parse(rule, strlen(rule), &ignored, wrong) == 0)
			continue;
		snprintf(error, FAULT_OPTIONS_ERROR_MAX, "--rule: \"%s\": %s",
		    printable(rule, text), wrong);
		return -1;
	}
	return 0;
}

/* What is wrong with the combination of options, or NULL. */
static const char *
contradiction(const struct fault_options *o)
{
	if (o->to[0] == '\0')
		return "--to: missing: expected the server, such as "
		       "192.0.2.1:502";
	if (o->rule_count != 0 && o->file != NULL)
		return "--rule: expected without --rules";
	if (o->http && o->http_token == NULL &&
	    !address_is_loopback(&o->http_listen))
		return "--http: requires --http-token FILE, as it reaches "
		       "beyond loopback";
	return NULL;
}

static void
resolve_listen(const struct parse *p, struct fault_options *o)
{
	o->both_families = p->listen == NULL;
	if (p->listen == NULL)
		o->listen = address_any(p->port);
	else
		address_parse(p->listen, p->port, &o->listen);
}

int
fault_options_parse(int argc, char **argv, struct fault_options *o, char *error)
{
	struct parse p = { .port = FAULT_PORT_DEFAULT,
		.o = { .seed = FAULT_SEED_DEFAULT, .log_level = LOG_INFO } };
	int result = command_line_parse(&fault_line, argc, argv, &p, error);
	const char *wrong;

	*o = p.o;
	if (result != 0 || o->action != FAULT_RUN)
		return result;
	resolve_listen(&p, o);
	wrong = contradiction(o);
	if (wrong == NULL)
		return check_rules(o, error);
	snprintf(error, FAULT_OPTIONS_ERROR_MAX, "%s", wrong);
	return -1;
}

char *
fault_options_help(void)
{
	return command_line_help(&fault_line);
}
