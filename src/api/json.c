#include "api/json.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "table/datatable.h"

const char *const text_kinds[2] = {
	[DATATABLE_COILS] = "coils",
	[DATATABLE_REGISTERS] = "registers",
};

void
text_begin(struct text *t, struct evbuffer *out)
{
	t->out = out;
	t->failed = false;
	t->length = 0;
}

static void
flush(struct text *t)
{
	if (evbuffer_add(t->out, t->buffer, t->length) != 0)
		t->failed = true;
	t->length = 0;
}

int
text_end(struct text *t)
{
	flush(t);
	return t->failed ? -1 : 0;
}

/* Room for at least so many bytes, far fewer than the buffer has. */
static char *
space(struct text *t, size_t bytes)
{
	if (sizeof(t->buffer) - t->length < bytes)
		flush(t);
	return t->buffer + t->length;
}

void
text_add(struct text *t, const char *format, ...)
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
text_add_values(struct text *t, bool comma, enum value_type type,
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
text_add_coils(struct text *t, bool comma, const uint16_t *packed, size_t first,
    size_t count)
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

const char *
text_host(const struct address *host, char *text)
{
	size_t length;

	address_format(host, text);
	*strrchr(text, ':') = '\0';
	if (text[0] != '[')
		return text;
	length = strlen(text);
	memmove(text, text + 1, length - 2);
	text[length - 2] = '\0';
	return text;
}

void
text_add_writer(
    struct text *t, const struct address *host, uint8_t unit, uint8_t function)
{
	char ip[TEXT_HOST_MAX];

	if (host == NULL || function == 0)
		text_add(t, "\"client\":null");
	else
		text_add(t, "\"client\":\"%s\",\"unit\":%u,\"function\":%u",
		    text_host(host, ip), unit, function);
}

const char *
text_time(uint64_t moment, char *text)
{
	time_t seconds = (time_t)(moment / 1000);
	struct tm utc = { 0 };
	char date[24];

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(
	    text, TEXT_TIME_MAX, "%s.%03uZ", date, (unsigned)(moment % 1000));
	return text;
}

uint64_t
text_now(void)
{
	return clock_realtime_ms();
}
