#include "roles/words.h"

#include <string.h>

#include "base/escape.h"

#define NAME_MAX_BYTES (IDENTITY_ROLE_SIZE - 1)

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Behind the quotation mark that closes what begins at text, or NULL. */
static const char *
skip_quoted(const char *text, const char *end)
{
	for (text++; text < end; text++) {
		if (*text == '"')
			return text + 1;
		text += *text == '\\';
	}
	return NULL;
}

enum words_status
words_next(struct words *w, struct word *word)
{
	const char *closed;

	while (w->at < w->end && is_blank(*w->at))
		w->at++;
	if (w->at == w->end || *w->at == '#')
		return WORDS_END;
	*word = (struct word){ .text = w->at, .quoted = *w->at == '"' };
	closed = word->quoted ? skip_quoted(w->at, w->end) : w->at;
	w->at = closed != NULL ? closed : w->end;
	while (w->at < w->end && !is_blank(*w->at))
		w->at++;
	word->length = (size_t)(w->at - word->text);
	return closed != NULL ? WORDS_ONE : WORDS_OPEN;
}

bool
word_is(const struct word *word, const char *text)
{
	return word->length == strlen(text) &&
	    memcmp(word->text, text, word->length) == 0;
}

/* The name of a word that is not longer than it may be, or of a part of it. */
static const char *
take_name(const char *text, size_t length, char *name)
{
	if (length == 0 || length > NAME_MAX_BYTES ||
	    !text_is_printable(text, length, ""))
		return "a name of 1 to 64 bytes without control characters";
	memcpy(name, text, length);
	name[length] = '\0';
	return NULL;
}

static const char *
parse_bare(const struct word *word, char *name)
{
	for (size_t i = 0; i < word->length; i++)
		if (strchr("#\"\\", word->text[i]) != NULL)
			return "quotation marks around a name with #, \" or \\";
	return take_name(word->text, word->length, name);
}

static const char *
parse_quoted(const struct word *word, char *name)
{
	const char *at = word->text + 1, *end = word->text + word->length;
	char text[NAME_MAX_BYTES + 1];
	size_t length = 0;

	for (; *at != '"'; at++) {
		if (*at == '\\' && *++at != '"' && *at != '\\')
			return "\\\\ for a backslash, and \\\" for a quotation "
			       "mark";
		if (length < sizeof(text))
			text[length++] = *at;
	}
	if (at + 1 != end)
		return "a blank behind the name";
	return take_name(text, length, name);
}

const char *
word_parse_name(const struct word *word, char name[IDENTITY_ROLE_SIZE])
{
	return word->quoted ? parse_quoted(word, name) : parse_bare(word, name);
}
