#include "api/text_writer.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"

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

void
text_writer_add_bytes(struct text_writer *t, const char *bytes, size_t length)
{
	if (length <= sizeof(t->buffer) / 2) {
		memcpy(text_writer_reserve(t, length), bytes, length);
		t->length += length;
		return;
	}
	flush(t);
	if (evbuffer_add(t->out, bytes, length) != 0)
		t->failed = true;
}

void
text_writer_add_string(struct text_writer *t, const char *text)
{
	size_t left = strlen(text);
	char *at = text_writer_reserve(t, 1);

	*at = '"';
	text_writer_commit(t, at + 1);
	while (left > 0) {
		size_t used;

		at = text_writer_reserve(t, JSON_TEXT_CHARACTER_MAX);
		at += json_text_character(text, left, &used, at);
		text_writer_commit(t, at);
		text += used;
		left -= used;
	}
	at = text_writer_reserve(t, 1);
	*at = '"';
	text_writer_commit(t, at + 1);
}
