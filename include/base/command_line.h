/*
 * Command lines described by a table, which parsing, error messages and the
 * help are derived from. Each command has a table; the server's is in
 * options.c.
 */
#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include <stddef.h>
#include <stdint.h>

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

/* Where a value is stored: in a member of what is parsed into. */
enum command_line_kind {
	COMMAND_LINE_FLAG = 1, /* a bool, which becomes true; takes no value */
	COMMAND_LINE_TEXT,     /* a const char *: any text but an empty one */
	COMMAND_LINE_NUMBER,   /* an unsigned integer of 4 or 8 bytes */
};

/* What an option does: it calls set, or stores its value. */
struct command_line_action {
	/* value is NULL when the option takes none; it points into argv. */
	enum command_line_set (*set)(void *into, const char *value);
	enum command_line_kind kind;
	size_t offset, size;  /* of the member */
	uint64_t least, most; /* of a number */
};

#define COMMAND_LINE_CALL(function)                                            \
	{                                                                      \
		.set = (function)                                              \
	}
#define COMMAND_LINE_STORE(type, member, ...)                                  \
	{                                                                      \
		.offset = offsetof(type, member),                              \
		.size = sizeof(((type *)NULL)->member), __VA_ARGS__            \
	}

/* One option. If it takes a value, this has a name, and a description for the
 * error message when that is invalid. */
struct command_line_option {
	const char *letters; /* short forms, or "" */
	const char *name;
	const char *value;    /* NULL: takes none */
	const char *expected; /* NULL when it takes none */
	struct command_line_action action;
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
 * Parse argv[1..argc - 1], which may be reordered: for each option in order,
 * call set with into, or store its value in into. Operands are an error, and so
 * is an option without the one that it requires, unless set returned
 * COMMAND_LINE_STOP.
 *
 * Returns 0, or -1 with one line in error, which has room for
 * COMMAND_LINE_ERROR_MAX bytes: it names the option, the value and what was
 * expected, and has no newline. Prints nothing, never exits.
 */
int command_line_parse(const struct command_line *line, int argc, char **argv,
    void *into, char *error);

/* The text of --help. The caller frees it; NULL when there is no memory. */
char *command_line_help(const struct command_line *line);

#endif
