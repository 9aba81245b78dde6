/*
 * The command line, and the addresses in it.
 *
 * Input: a byte; odd, and the rest is the text of an address; even, and the
 * rest is the arguments, each ended by a NUL.
 *
 * Holds: parsing gives 0 or -1; then there is an error of one line that names
 * an argument; what was parsed is in range, lies in argv and is the same the
 * second time. An address that was parsed survives being printed, and being
 * made a socket address.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "net/shutdown_word.h"
#include "options.h"
#include "report/recorder.h"

#define ARGUMENTS_MAX 64

struct arguments {
	int argc;
	char *argv[ARGUMENTS_MAX + 2];
	char *owned[ARGUMENTS_MAX + 1]; /* in the order as given */
};

/* --- addresses ---------------------------------------------------------- */

static void
check_same(const struct address *a, const struct address *b)
{
	must(memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0);
	must(a->port == b->port);
	must(address_is_ipv4(a) || a->scope == b->scope);
}

static void
check_socket_address(const struct address *a)
{
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(a, &to);
	struct address back = address_from_sockaddr(&to);

	must(length ==
	    (address_is_ipv4(a) ? sizeof(struct sockaddr_in) :
				  sizeof(struct sockaddr_in6)));
	check_same(a, &back);
}

static void
try_address(const char *text)
{
	struct address a, back;
	char *printed;

	if (address_parse(text, 502, &a) != 0)
		return;
	check_socket_address(&a);
	printed = malloc(ADDRESS_TEXT_MAX);
	must(printed != NULL);
	must(address_format(&a, printed) == printed);
	must(strlen(printed) < ADDRESS_TEXT_MAX - 1); /* not cut */
	must(address_parse(printed, 0, &back) == 0);
	check_same(&a, &back);
	free(printed);
}

/* --- the command line --------------------------------------------------- */

static char *
copy_text(struct input *in)
{
	const uint8_t *end = memchr(in->next, '\0', in->left);
	size_t length = end != NULL ? (size_t)(end - in->next) : in->left;
	const uint8_t *bytes = input_take(in, &length);
	char *text = malloc(length + 1);

	must(text != NULL);
	memcpy(text, bytes, length);
	text[length] = '\0';
	input_byte(in); /* the NUL */
	return text;
}

static void
command_line_fill(struct arguments *c, struct input in)
{
	static char program[] = "mbasyncserver";

	*c = (struct arguments){ .argc = 1, .argv = { program } };
	while (in.left > 0 && c->argc <= ARGUMENTS_MAX) {
		char *text = copy_text(&in);

		c->owned[c->argc - 1] = text;
		c->argv[c->argc++] = text;
	}
}

static void
command_line_clear(struct arguments *c)
{
	for (int i = 0; i < c->argc - 1; i++)
		free(c->owned[i]);
}

/* Whether a pointer lies in one of the arguments. */
static bool
is_within(const struct arguments *c, const char *p)
{
	for (int i = 0; i < c->argc - 1; i++)
		for (const char *q = c->owned[i];; q++) {
			if (q == p)
				return true;
			if (*q == '\0')
				break;
		}
	return false;
}

static void
check_listen(const struct arguments *c, const struct options_listen *l)
{
	if (l->way == CLIENT_UNIX)
		must(is_within(c, l->path));
	else
		check_socket_address(&l->where);
}

static void
check_options(const struct options *o, const struct arguments *c)
{
	must(o->action == OPTIONS_RUN || o->action == OPTIONS_CREATE ||
	    o->action == OPTIONS_CHECK || o->action == OPTIONS_HELP ||
	    o->action == OPTIONS_VERSION);
	must(o->action != OPTIONS_CREATE || o->state != NULL);
	must(!o->points_only || o->points != NULL ||
	    o->action == OPTIONS_HELP || o->action == OPTIONS_VERSION);
	must(o->overlay == DATATABLE_SEPARATE ||
	    o->overlay == DATATABLE_OVERLAID);
	must(o->log_level <= LOG_DEBUG);
	must(o->max_connections <= 1000000);
	must(o->idle_timeout <= 365 * 24 * 3600);
	must(o->http_recorder <= RECORDER_BYTES_MAX);
	must(o->listen_count <= OPTIONS_LISTEN_MAX);
	if (o->shutdown_word != NULL) {
		must(is_within(c, o->shutdown_word));
		must(strlen(o->shutdown_word) >= SHUTDOWN_WORD_MIN);
		must(strlen(o->shutdown_word) <= SHUTDOWN_WORD_MAX);
	}
	if (o->action == OPTIONS_RUN)
		for (size_t i = 0; i < o->listen_count; i++)
			check_listen(c, &o->listen[i]);
}

static char
shown(char byte)
{
	return iscntrl((unsigned char)byte) ? '?' : byte;
}

/* Whether the error begins with this argument as it can be shown, or with what
 * stands before its "=", or with one of its letters as an option. */
static bool
names(const char *error, const char *argument)
{
	size_t i;

	if (argument[0] == '-' && error[0] == '-' && error[2] == ':')
		for (i = 1; argument[i] != '\0'; i++)
			if (error[1] == shown(argument[i]))
				return true;
	for (i = 0; i < 100 && argument[i] != '\0'; i++)
		if (error[i] != shown(argument[i]))
			return argument[i] == '=' && error[i] == ':';
	return error[i] == ':';
}

/* One line; and it names an option by its long name, or one of the arguments,
 * which the program's name is not. */
static void
check_error(const char *error, const struct arguments *c)
{
	static const char unknown[] = ": unknown option; see --help";
	bool named;

	must(memchr(error, '\0', OPTIONS_ERROR_MAX) != NULL);
	must(error[0] != '\0');
	for (const char *p = error; *p != '\0'; p++)
		must(!iscntrl((unsigned char)*p));
	must(strstr(error, ": expected ") != NULL ||
	    strstr(error, ": requires --") != NULL ||
	    strstr(error, ": not with --") != NULL ||
	    strstr(error, ": the URL of --shared has ") != NULL ||
	    strstr(error, unknown) != NULL);
	named = strlen(error) < sizeof(unknown) - 1 ||
	    strcmp(error + strlen(error) - (sizeof(unknown) - 1), unknown) != 0;
	for (int i = 0; i < c->argc - 1; i++)
		named |= names(error, c->owned[i]);
	must(named);
}

static int
parse_once(struct input in, struct options *o, char *error)
{
	struct arguments c;
	int result;

	command_line_fill(&c, in);
	memset(error, 'x', OPTIONS_ERROR_MAX);
	result = options_parse(c.argc, c.argv, o, error);
	must(result == 0 || result == -1);
	if (result == 0)
		check_options(o, &c);
	else
		check_error(error, &c);
	command_line_clear(&c);
	return result;
}

static void
try_command_line(struct input in)
{
	char *errors[2] = { malloc(OPTIONS_ERROR_MAX),
		malloc(OPTIONS_ERROR_MAX) };
	struct options first, second;
	int result;

	must(errors[0] != NULL && errors[1] != NULL);
	result = parse_once(in, &first, errors[0]);
	must(parse_once(in, &second, errors[1]) == result);
	if (result == 0) {
		must(first.action == second.action);
		must(first.port == second.port);
		must(first.listen_count == second.listen_count);
	} else {
		must(strcmp(errors[0], errors[1]) == 0);
	}
	free(errors[0]);
	free(errors[1]);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (input_byte(&in) % 2 != 0) {
		char *text = copy_text(&in);

		try_address(text);
		free(text);
	} else {
		try_command_line(in);
	}
	return 0;
}
