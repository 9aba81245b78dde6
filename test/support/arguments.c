#include "arguments.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 1100

int
arguments_split(
    const char *name, const char *text, const char *separators, char ***argv)
{
	static char first[40], copy[20000], *words[1 + WORDS_MAX + 1];
	int argc = 1;

	ck_assert_uint_lt(strlen(text), sizeof(copy));
	snprintf(first, sizeof(first), "%s", name);
	snprintf(copy, sizeof(copy), "%s", text);
	words[0] = first;
	for (char *word = strtok(copy, separators); word != NULL;
	     word = strtok(NULL, separators)) {
		ck_assert_int_le(argc, WORDS_MAX);
		words[argc++] = word;
	}
	words[argc] = NULL;
	*argv = words;
	return argc;
}
