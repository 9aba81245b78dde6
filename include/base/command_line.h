/*
 * Command lines described by a table, which parsing, error messages and the
 * help are derived from. Each command has a table; the server's is in
 * options.c.
 */
#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include <stddef.h>

/* Options that one table can have. */
#define COMMAND_LINE_OPTIONS_MAX 64

/* Room for any error text. */
#define COMMAND_LINE_ERROR_MAX 400

/* What set returns. */
enum command_line_set {
	COMMAND_LINE_BAD = -1, /* the value is invalid */
	COMMAND_LINE_SET = 0,
	COMMAND_LINE_STOP = 1, /* ignore the rest, as after --help */
};

/* One option. If it takes a value, this has a name, and a description for the
 * error message when set returns COMMAND_LINE_BAD. */
struct command_line_option {
	const char *letters; /* short forms, or "" */
	const char *name;
	const char *value;    /* NULL: takes none */
	const char *expected; /* NULL when it takes none */
	/* value is NULL when the option takes none; it points into argv. */
	enum command_line_set (*set)(void *arg, const char *value);
	const char *help; /* with line breaks; NULL: not listed */
};

/* An option that requires another one, or an alternative to that. */
struct command_line_requirement {
	const char *option;
	const char *required;
	const char *alternative; /* or NULL: there is none */
};

struct command_line {
	const char *introduction; /* of the help, with its newlines */
	const struct command_line_option *options;
	size_t count; /* at most COMMAND_LINE_OPTIONS_MAX */
	/* Names from options; the first that is not met is the error. */
	const struct command_line_requirement *requirements;
	size_t requirement_count;
	/* The options whose values must never be shown, then NULL; or NULL. */
	const char *const *secrets;
	const char *ending; /* of the help, with its newlines */
};

/*
 * Parse argv[1..argc - 1], which may be reordered: call set, with arg, for each
 * option in order. Operands are an error, and so is an option without the one
 * that it requires, unless set returned COMMAND_LINE_STOP.
 *
 * Returns 0, or -1 with one line in error, which has room for
 * COMMAND_LINE_ERROR_MAX bytes: it names the option, the value and what was
 * expected, and has no newline. Prints nothing, never exits.
 */
int command_line_parse(const struct command_line *line, int argc, char **argv,
    void *arg, char *error);

/* The text of --help. The caller frees it; NULL when there is no memory. */
char *command_line_help(const struct command_line *line);

#endif
