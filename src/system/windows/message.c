#include "message.h"

#include <stdio.h>
#include <string.h>

const char *
windows_message(DWORD error, char *text)
{
	wchar_t wide[WINDOWS_MESSAGE_MAX / 4];
	DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM |
		FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
	    NULL, error, 0, wide, sizeof(wide) / sizeof(*wide), NULL);
	size_t n;

	if (length == 0 ||
	    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, WINDOWS_MESSAGE_MAX,
		NULL, NULL) == 0)
		snprintf(
		    text, WINDOWS_MESSAGE_MAX, "error %u", (unsigned)error);
	n = strlen(text);
	while (n > 0 && strchr(". \r\n", text[n - 1]) != NULL)
		text[--n] = '\0';
	return text;
}
