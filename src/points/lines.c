#include "points/lines.h"

#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* Read to the end of the line, and keep what there is room for. Returns the
 * last character, which is "\n", EOF, or another where that is too far away. */
static int
read_line(struct lines *l)
{
	int c;

	l->length = 0;
	while ((c = getc_unlocked(l->f)) != EOF && c != '\n') {
		if (l->length < sizeof(l->text) - 1)
			l->text[l->length] = (char)c;
		if (++l->length == POINTS_LINE_MAX + LINES_SKIP_MAX)
			break;
	}
	return c;
}

static void
skip_mark(struct lines *l)
{
	const size_t size = sizeof(byte_order_mark) - 1;

	if (l->number != 1 || l->length < size ||
	    memcmp(l->text, byte_order_mark, size) != 0)
		return;
	l->length -= size;
	memmove(l->text, l->text + size, sizeof(l->text) - size);
}

enum lines_status
lines_next(struct lines *l)
{
	int last = read_line(l);

	if (ferror(l->f))
		return LINES_FAILED;
	if (last == EOF && l->length == 0)
		return LINES_END;
	l->number++;
	if (last != EOF && last != '\n')
		return LINES_ENDLESS;
	skip_mark(l);
	if (l->length > 0 && l->length <= POINTS_LINE_MAX + 1 &&
	    l->text[l->length - 1] == '\r')
		l->length--;
	if (l->length > POINTS_LINE_MAX)
		return LINES_LONG;
	l->text[l->length++] = '\n';
	return LINES_LINE;
}
