#include "api/values_json.h"

#include "api/text_writer.h"
#include "base/identity.h"
#include "table/datatable.h"

const char *const api_kind_names[2] = {
	[DATATABLE_COILS] = "coils",
	[DATATABLE_REGISTERS] = "registers",
};

void
api_add_values(struct text_writer *t, bool comma, const struct value_form *form,
    const uint16_t *words, size_t count)
{
	unsigned step = value_form_words(form);
	size_t room = 1 + value_text_max(form);

	for (size_t i = 0; i < count; i++, words += step) {
		char *at = text_writer_reserve(t, room);

		if (comma || i > 0)
			*at++ = ',';
		at += value_format(form, words, at);
		text_writer_commit(t, at);
	}
}

void
api_add_words(
    struct text_writer *t, bool comma, const uint16_t *words, size_t count)
{
	const struct value_form word = { .type = VALUE_UINT16 };

	api_add_values(t, comma, &word, words, count);
}

void
api_add_coils(struct text_writer *t, bool comma, const uint16_t *packed,
    size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t coil = first + i;
		char *at = text_writer_reserve(t, 2);

		if (comma || i > 0)
			*at++ = ',';
		*at++ = (char)('0' + (packed[coil / 16] >> coil % 16 & 1));
		text_writer_commit(t, at);
	}
}

void
api_add_subject(
    struct text_writer *t, const char *name, const struct identity *identity)
{
	if (identity == NULL)
		return;
	text_writer_add(t, ",\"%s\":", name);
	text_writer_add_string(t, identity->subject);
}

void
api_add_identity(struct text_writer *t, const struct identity *identity)
{
	api_add_subject(t, "subject", identity);
	if (identity == NULL || *identity->role == '\0')
		return;
	text_writer_add(t, ",\"role\":");
	text_writer_add_string(t, identity->role);
}

void
api_add_writer(struct text_writer *t, const struct address *host,
    const struct identity *identity, uint8_t unit, uint8_t function)
{
	char ip[ADDRESS_TEXT_MAX];

	if (host == NULL) {
		text_writer_add(t, "\"client\":null");
		return;
	}
	text_writer_add(t, "\"client\":\"%s\"", address_format_ip(host, ip));
	api_add_subject(t, "subject", identity);
	text_writer_add(t, ",\"unit\":%u,\"function\":%u", unit, function);
}
