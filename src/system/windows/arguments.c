#include "arguments.h"

#include "api.h"

#include <shellapi.h>
#include <stdlib.h>
#include <wchar.h>

#include "wide.h"

/* Room for any word: each character may take a backslash. */
static size_t
room_for(const wchar_t *word)
{
	return 2 * wcslen(word) + sizeof("  \"\"");
}

/* Backslashes count as such, but before a quotation mark, where each is
 * doubled.
 */
static wchar_t *
put_quoted(wchar_t *out, const wchar_t *word)
{
	size_t backslashes = 0;

	*out++ = L'"';
	for (; *word != L'\0'; word++) {
		if (*word == L'"')
			for (size_t i = 0; i < backslashes + 1; i++)
				*out++ = L'\\';
		backslashes = *word == L'\\' ? backslashes + 1 : 0;
		*out++ = *word;
	}
	for (size_t i = 0; i < backslashes; i++)
		*out++ = L'\\';
	*out++ = L'"';
	return out;
}

void
arguments_add(struct arguments *line, const wchar_t *word)
{
	wchar_t *text = word == NULL || line->failed ?
	    NULL :
	    realloc(
		line->text, (line->length + room_for(word)) * sizeof(*text));
	wchar_t *end;

	if (text == NULL) {
		line->failed = true;
		return;
	}
	line->text = text;
	end = text + line->length;
	if (line->length > 0)
		*end++ = L' ';
	end = put_quoted(end, word);
	*end = L'\0';
	line->length = (size_t)(end - text);
}

wchar_t *
arguments_take(struct arguments *line)
{
	wchar_t *text = line->text;

	line->text = NULL;
	if (!line->failed)
		return text;
	free(text);
	return NULL;
}

int
arguments_of_process(int *argc, char ***argv)
{
	wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argc);
	int done = 0;

	if (wide == NULL)
		return windows_fail();
	*argv = calloc((size_t)*argc + 1, sizeof(**argv));
	while (*argv != NULL && done < *argc &&
	    ((*argv)[done] = wide_to_utf8(wide[done])) != NULL)
		done++;
	LocalFree(wide);
	return *argv != NULL && done == *argc ? 0 : -1;
}
