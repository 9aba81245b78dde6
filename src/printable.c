#include "printable.h"

#include <ctype.h>
#include <stddef.h>

const char *
printable(const char *text, char *out)
{
	size_t i;

	for (i = 0; i < PRINTABLE_SIZE - 1 && text[i] != '\0'; i++)
		out[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
	out[i] = '\0';
	return out;
}
