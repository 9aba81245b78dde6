#include "api/text_writer.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>

void
text_writer_begin(struct text_writer *t, struct evbuffer *out)
{
	t->out = out;
	t->failed = false;
	t->length = 0;
}

static void
flush(struct text_writer *t)
{
	if (evbuffer_add(t->out, t->buffer, t->length) != 0)
		t->failed = true;
	t->length = 0;
}

int
text_writer_end(struct text_writer *t)
{
	flush(t);
	return t->failed ? -1 : 0;
}

char *
text_writer_reserve(struct text_writer *t, size_t bytes)
{
	if (sizeof(t->buffer) - t->length < bytes)
		flush(t);
	return t->buffer + t->length;
}

void
text_writer_commit(struct text_writer *t, const char *end)
{
	t->length = (size_t)(end - t->buffer);
}

void
text_writer_add(struct text_writer *t, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(t->buffer) / 2;
	char *at = text_writer_reserve(t, room);
	int n;

	va_start(args, format);
	n = vsnprintf(at, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		t->failed = true;
	else
		text_writer_commit(t, at + n);
}
