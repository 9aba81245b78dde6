#include "api/json.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>

#include "table/datatable.h"

const char *const json_text_kinds[2] = {
	[DATATABLE_COILS] = "coils",
	[DATATABLE_REGISTERS] = "registers",
};

void
json_text_begin(struct json_text *t, struct evbuffer *out)
{
	t->out = out;
	t->failed = false;
	t->length = 0;
}

static void
flush(struct json_text *t)
{
	if (evbuffer_add(t->out, t->buffer, t->length) != 0)
		t->failed = true;
	t->length = 0;
}

int
json_text_end(struct json_text *t)
{
	flush(t);
	return t->failed ? -1 : 0;
}

/* Returns room for so many bytes, at most half the size of the buffer. */
static char *
space(struct json_text *t, size_t bytes)
{
	if (sizeof(t->buffer) - t->length < bytes)
		flush(t);
	return t->buffer + t->length;
}

void
json_text_add(struct json_text *t, const char *format, ...)
{
	va_list args;
	size_t room = sizeof(t->buffer) / 2;
	char *at = space(t, room);
	int n;

	va_start(args, format);
	n = vsnprintf(at, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		t->failed = true;
	else
		t->length += (size_t)n;
}

void
json_text_add_values(struct json_text *t, bool comma, enum value_type type,
    enum value_order order, const uint16_t *words, size_t count)
{
	unsigned step = value_words(type);

	for (size_t i = 0; i < count; i++, words += step) {
		char *at = space(t, 1 + VALUE_TEXT_MAX);

		if (comma || i > 0)
			*at++ = ',';
		at += value_format(type, order, words, at);
		t->length = (size_t)(at - t->buffer);
	}
}

void
json_text_add_coils(struct json_text *t, bool comma, const uint16_t *packed,
    size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t coil = first + i;
		char *at = space(t, 2);

		if (comma || i > 0)
			*at++ = ',';
		*at++ = (char)('0' + (packed[coil / 16] >> coil % 16 & 1));
		t->length = (size_t)(at - t->buffer);
	}
}

void
json_text_add_writer(struct json_text *t, const struct address *host,
    uint8_t unit, uint8_t function)
{
	char ip[ADDRESS_TEXT_MAX];

	if (host == NULL)
		json_text_add(t, "\"client\":null");
	else
		json_text_add(t,
		    "\"client\":\"%s\",\"unit\":%u,\"function\":%u",
		    address_format_ip(host, ip), unit, function);
}
