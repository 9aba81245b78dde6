/* A command line as Windows' programs take it apart: CommandLineToArgvW. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at the beginning. */
struct arguments {
	wchar_t *text; /* owned */
	size_t length;
	bool failed; /* no memory */
};

/* Append a word, quoted where that is needed. NULL, a word for which there was
 * no memory, fails. */
void arguments_add(struct arguments *line, const wchar_t *word);

/* Returns all of it, to be freed, or NULL when anything has failed. */
wchar_t *arguments_take(struct arguments *line);

/* The arguments of this process, as UTF-8, like those of main: *argv ends with
 * NULL. They last as long as the process. Returns 0, or -1 with errno set. */
int arguments_of_process(int *argc, char ***argv);

#endif
