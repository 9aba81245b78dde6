#include "base/printable.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

const char *
printable(const char *text, char *out)
{
	size_t i;

	for (i = 0; i < PRINTABLE_SIZE - 1 && text[i] != '\0'; i++)
		out[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	out[i] = '\0';
	return out;
}

void
printable_line(char *text)
{
	while ((text = strchr(text, '\n')) != NULL)
		*text = '?';
}
