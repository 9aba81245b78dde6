#include "health/request.h"

#define LOOPBACK "127.0.0.1"

/* A place that something can listen on. Returns 0, or -1. */
static int
parse_place(const char *value, struct address *at)
{
	return address_parse_place(value, at) == 0 && at->port != 0 ? 0 : -1;
}

static enum command_line_set
set_modbus(void *arg, const char *value)
{
	struct health_request *r = arg;

	r->modbus = true;
	return parse_place(value, &r->modbus_at) == 0 ? COMMAND_LINE_SET :
							COMMAND_LINE_BAD;
}

static enum command_line_set
set_http(void *arg, const char *value)
{
	struct health_request *r = arg;

	r->http = true;
	return parse_place(value, &r->http_at) == 0 ? COMMAND_LINE_SET :
						      COMMAND_LINE_BAD;
}

static enum command_line_set
set_help(void *arg, const char *value)
{
	struct health_request *r = arg;

	(void)value;
	r->help = true;
	return COMMAND_LINE_STOP;
}

#define PLACE_EXPECTED                                                         \
	"a port from 1 to 65535, or an address with one: 127.0.0.1:502 "       \
	"or [::1]:502"

static const struct command_line_option definitions[] = {
	{ "", "modbus", "[ADDRESS:]PORT", PLACE_EXPECTED,
	    COMMAND_LINE_CALL(set_modbus),
	    "ask there by Modbus/TCP; a port alone is on\n"
	    "127.0.0.1 (default, without --http: 502)" },
	{ "", "http", "[ADDRESS:]PORT", PLACE_EXPECTED,
	    COMMAND_LINE_CALL(set_http), "ask there by HTTP: /healthz" },
	{ "", "timeout", "SECONDS", "1 to 600",
	    COMMAND_LINE_STORE(struct health_request, timeout,
		.kind = COMMAND_LINE_NUMBER, .least = 1,
		.most = HEALTH_TIMEOUT_MAX),
	    "how long all of that may take (default 5)" },
	{ "eh", "help", NULL, NULL, COMMAND_LINE_CALL(set_help),
	    "print this and exit" },
};

static const struct command_line request_line = {
	.introduction =
	    "usage: mbasyncserver health [OPTIONS]\n"
	    "Ask a running server whether all is well, and print one line.\n\n",
	.options = definitions,
	.count = sizeof(definitions) / sizeof(*definitions),
	.ending = "\nExit status: 0 healthy, 1 not, 64 usage, 71 system error, "
		  "74 write error.\n",
};

int
health_request_parse(
    int argc, char **argv, struct health_request *request, char *error)
{
	*request = (struct health_request){ .timeout = HEALTH_TIMEOUT_DEFAULT };
	if (command_line_parse(&request_line, argc, argv, request, error) != 0)
		return -1;
	if (!request->modbus && !request->http) {
		request->modbus = true;
		address_parse(
		    LOOPBACK, HEALTH_PORT_DEFAULT, &request->modbus_at);
	}
	return 0;
}

char *
health_request_help(void)
{
	return command_line_help(&request_line);
}
