#include "roles/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "roles/words.h"
#include "system/error.h"
#include "system/file.h"

#define WHAT_EXPECTED                                                          \
	"all, coils, registers, or coils:A-B or registers:A-B with addresses " \
	"from 0 to 65535"

/* Bytes of the longest word that is a range, with the NUL. */
#define RANGE_TEXT_MAX 64

static const char byte_order_mark[] = "\xEF\xBB\xBF";

struct reading {
	const char *file;    /* borrowed */
	char *message;       /* borrowed */
	struct roles *roles; /* owned */
	unsigned line;
	struct words words; /* what is left of the line */
	struct word word;   /* the present one, if there is one: */
	bool has_word;
};

/* Each of those that return an int returns 0, or -1 and there is a message. */

/* --- messages ------------------------------------------------------------- */

static int __attribute__((format(printf, 3, 4)))
complain(struct reading *r, unsigned line, const char *format, ...)
{
	char *message = r->message;
	va_list args;
	int n;

	n = snprintf(message, ROLES_MESSAGE_MAX,
	    line == 0 ? "\"%.*s\"" : "%.*s", PATH_MAX - 1, r->file);
	if (line != 0)
		n += snprintf(
		    message + n, ROLES_MESSAGE_MAX - (size_t)n, ":%u", line);
	n += snprintf(message + n, ROLES_MESSAGE_MAX - (size_t)n, ": ");
	va_start(args, format);
	vsnprintf(message + n, ROLES_MESSAGE_MAX - (size_t)n, format, args);
	va_end(args);
	printable_line(message);
	return -1;
}

static int
fail(struct reading *r, int error)
{
	return complain(r, 0, "%s", error_text(error));
}

/* A word in quotation marks has its own. */
static int
complain_of(struct reading *r, const struct word *word, const char *expected)
{
	const char *mark = word->quoted ? "" : "\"";
	char text[ESCAPED_MAX];

	return complain(r, r->line, "%s%s%s: expected %s", mark,
	    text_escape(word->text, word->length, text), mark, expected);
}

/* The same for a word that is not a name. */
static int
complain_of_keyword(struct reading *r, const char *expected)
{
	char bare[sizeof(WHAT_EXPECTED) + 32];

	snprintf(bare, sizeof(bare), "%s%s", expected,
	    r->word.quoted ? ", without quotation marks" : "");
	return complain_of(r, &r->word, bare);
}

/* --- a line ----------------------------------------------------------------
 */

/* Go to the next word of the line. */
static int
advance(struct reading *r)
{
	enum words_status status = words_next(&r->words, &r->word);

	r->has_word = status == WORDS_ONE;
	if (status == WORDS_OPEN)
		return complain_of(r, &r->word, "a quotation mark at its end");
	return 0;
}

/* The role with the name that comes next, or NULL and there is a message. */
static struct role *
take_role(struct reading *r)
{
	const struct word keyword = r->word;
	char name[IDENTITY_ROLE_SIZE];
	const char *expected;
	struct role *role = NULL;

	if (advance(r) != 0)
		return NULL;
	if (!r->has_word) {
		complain_of(r, &keyword, "a name behind it");
		return NULL;
	}
	expected = word_parse_name(&r->word, name);
	if (expected == NULL) {
		role = roles_take(r->roles, name);
		expected = "at most 64 roles";
	}
	if (role == NULL)
		complain_of(r, &r->word, expected);
	return role;
}

static struct role *
take_plain(struct reading *r)
{
	struct role *role = roles_take_plain(r->roles);

	if (role == NULL)
		fail(r, ENOMEM);
	return role;
}

/* The role that a line is about, or NULL and there is a message. */
static struct role *
take_who(struct reading *r)
{
	if (word_is(&r->word, "role"))
		return take_role(r);
	if (word_is(&r->word, "no-role"))
		return roles_take(r->roles, ROLES_NO_ROLE);
	if (word_is(&r->word, "plain"))
		return take_plain(r);
	complain_of_keyword(r, "role, no-role or plain");
	return NULL;
}

static bool
is_right(const struct word *word)
{
	return word_is(word, "read") || word_is(word, "write") ||
	    word_is(word, "quit");
}

static int
allow(struct reading *r, struct role *role, enum role_right right,
    const struct access_range *range)
{
	if (role_allow(role, r->roles->overlay, right, range) != 0)
		return fail(r, ENOMEM);
	return 0;
}

static int
allow_kind(struct reading *r, struct role *role, enum role_right right,
    enum datatable_kind kind)
{
	return allow(r, role, right,
	    &(struct access_range){ kind, 0, MB_ADDRESSES - 1 });
}

/* Parse a word as a range. Returns 0, or -1 without a message. */
static int
parse_range(const struct word *word, struct access_range *range)
{
	char text[RANGE_TEXT_MAX];

	if (word->length >= sizeof(text))
		return -1;
	memcpy(text, word->text, word->length);
	text[word->length] = '\0';
	return access_range_parse(text, range);
}

/* Whether a word was meant to be a range, rather than the next right. */
static bool
is_like_range(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (strchr(":0123456789", word->text[i]) != NULL)
			return true;
	return false;
}

/* What a right is to. */
static int
take_what(
    struct reading *r, struct role *role, enum role_right right, bool first)
{
	bool all = word_is(&r->word, "all");
	bool coils = word_is(&r->word, "coils");
	bool registers = word_is(&r->word, "registers");
	struct access_range range;

	if ((all || coils) && allow_kind(r, role, right, DATATABLE_COILS) != 0)
		return -1;
	if ((all || registers) &&
	    allow_kind(r, role, right, DATATABLE_REGISTERS) != 0)
		return -1;
	if (all || coils || registers)
		return 0;
	if (parse_range(&r->word, &range) == 0)
		return allow(r, role, right, &range);
	return complain_of_keyword(r,
	    first || is_like_range(&r->word) ? WHAT_EXPECTED :
					       "read, write or quit");
}

/* What is behind "read" or "write". */
static int
take_whats(struct reading *r, struct role *role, enum role_right right)
{
	const struct word keyword = r->word;
	bool first = true;

	if (advance(r) != 0)
		return -1;
	if (!r->has_word || is_right(&r->word))
		return complain_of(r, &keyword, "all, coils, ... behind it");
	for (; r->has_word && !is_right(&r->word); first = false)
		if (take_what(r, role, right, first) != 0 || advance(r) != 0)
			return -1;
	return 0;
}

static int
take_right(struct reading *r, struct role *role)
{
	if (word_is(&r->word, "read"))
		return take_whats(r, role, ROLE_READ);
	if (word_is(&r->word, "write"))
		return take_whats(r, role, ROLE_WRITE);
	if (!word_is(&r->word, "quit"))
		return complain_of_keyword(r, "read, write or quit");
	role->may_quit = true;
	return advance(r);
}

/* A line from text to end. */
static int
take_line(struct reading *r, const char *text, const char *end)
{
	struct role *role;

	if (memchr(text, '\0', (size_t)(end - text)) != NULL)
		return complain(r, r->line, "expected text without NUL");
	if (!utf8_is_valid(text, (size_t)(end - text)))
		return complain(r, r->line, "expected text in UTF-8");
	r->words = (struct words){ text, end };
	if (advance(r) != 0)
		return -1;
	if (!r->has_word)
		return 0;
	role = take_who(r);
	if (role == NULL || advance(r) != 0)
		return -1;
	role->line = r->line;
	while (r->has_word)
		if (take_right(r, role) != 0)
			return -1;
	return 0;
}

/* --- everything ------------------------------------------------------------
 */

static int
take_lines(struct reading *r, const char *text, const char *end)
{
	while (text < end) {
		const char *at = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = at != NULL ? at : end;

		r->line++;
		if (line_end > text && line_end[-1] == '\r')
			line_end--;
		if (take_line(r, text, line_end) != 0)
			return -1;
		text = at != NULL ? at + 1 : end;
	}
	return 0;
}

static int
check_ranges(struct reading *r, const struct role *role, const char *name)
{
	static const char *const verbs[] = { "read", "write" };
	char text[ESCAPED_MAX];

	for (int right = ROLE_READ; right <= ROLE_WRITE; right++)
		if (role->rights[right].count > ROLES_RANGES_MAX)
			return complain(r, role->line,
			    "\"%s\": expected at most 64 ranges to %s",
			    text_escape(name, strlen(name), text),
			    verbs[right]);
	return 0;
}

/* Prepare the roles for questions, and see whether they are too many or too
 * few. */
static int
finish(struct reading *r)
{
	const struct roles *roles = r->roles;

	if (roles->count == 0)
		return complain(
		    r, 0, "expected a line that begins with role or no-role");
	roles_finish(r->roles);
	for (size_t i = 0; i < roles->count; i++) {
		const char *name = roles->list[i].name;

		if (check_ranges(r, &roles->list[i],
			*name == '\0' ? "no-role" : name) != 0)
			return -1;
	}
	return roles->plain == NULL ? 0 :
				      check_ranges(r, roles->plain, "plain");
}

static int
take_text(struct reading *r, const char *text, size_t length)
{
	const size_t mark = sizeof(byte_order_mark) - 1;
	const char *end = text + length;

	if (length == 0)
		return complain(r, 0, "the file is empty");
	if (length > ROLES_FILE_MAX)
		return complain(
		    r, 0, "expected at most %d bytes", ROLES_FILE_MAX);
	if (length >= mark && memcmp(text, byte_order_mark, mark) == 0)
		text += mark;
	if (take_lines(r, text, end) != 0)
		return -1;
	return finish(r);
}

struct roles *
roles_read_text(const char *text, size_t length, const char *file,
    enum datatable_overlay overlay, char *message)
{
	struct reading r = {
		.file = file,
		.message = message,
		.roles = roles_new(overlay),
	};

	if (r.roles == NULL) {
		fail(&r, ENOMEM);
		return NULL;
	}
	if (take_text(&r, text, length) == 0)
		return r.roles;
	roles_free(r.roles);
	return NULL;
}

/* Read what there is, but not more than tells that it is too much. Returns the
 * length, or -1. */
static ssize_t
read_bytes(const char *file, char *text, size_t size)
{
	FILE *f = file_stream(file);
	size_t length;
	int error;

	if (f == NULL)
		return -1;
	length = fread(text, 1, size, f);
	error = ferror(f) ? errno : 0;
	fclose(f);
	errno = error;
	return error == 0 ? (ssize_t)length : -1;
}

struct roles *
roles_read(const char *file, enum datatable_overlay overlay, char *message)
{
	const size_t size = ROLES_FILE_MAX + 1;
	struct reading none = { .file = file, .message = message };
	char *text = malloc(size);
	struct roles *roles = NULL;
	ssize_t length;

	if (text == NULL) {
		fail(&none, ENOMEM);
		return NULL;
	}
	length = read_bytes(file, text, size);
	if (length < 0)
		fail(&none, errno);
	else
		roles = roles_read_text(
		    text, (size_t)length, file, overlay, message);
	free(text);
	return roles;
}
