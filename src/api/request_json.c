#include "api/request_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/context.h"
#include "api/point_json.h"
#include "api/text_writer.h"
#include "api/values_json.h"
#include "base/timestamp.h"
#include "modbus/mbap.h"
#include "points/points.h"

/* Values of a range: registers, or packed coils. */
struct values {
	enum datatable_kind kind;
	uint32_t address;
	uint32_t quantity;
	const uint16_t *before; /* or what was read */
	const uint16_t *after;  /* NULL: it was read */
};

/* The bit of a range's values, counted as coils where these are bits of
 * registers. */
static unsigned
bit_of(const struct values *v, const uint16_t *words, uint32_t bit)
{
	bit -= v->kind == DATATABLE_COILS ? v->address : 16 * v->address;
	return words[bit / 16] >> bit % 16 & 1;
}

/* The bits of a point: first, and how many. */
static uint32_t
first_bit(const struct point *p)
{
	if (p->kind == DATATABLE_COILS)
		return p->address;
	return 16U * p->address +
	    (p->bit == POINT_NO_BIT ? 0 : (unsigned)p->bit);
}

static uint32_t
count_bits(const struct point *p)
{
	return point_is_bool(p) ? 1 : 16 * point_quantity(p);
}

/* Whether a point lies within a range. */
static bool
has_whole(const struct values *v, const struct point *p)
{
	uint32_t each = v->kind == DATATABLE_COILS ? 1 : 16;
	uint32_t bit = first_bit(p);

	return bit >= v->address * each &&
	    bit + count_bits(p) <= (v->address + v->quantity) * each;
}

/* The raw value of a point that lies within a range. */
static void
load_point(const struct values *v, const uint16_t *words, const struct point *p,
    uint16_t *raw)
{
	uint32_t first = first_bit(p), count = count_bits(p);

	for (uint32_t i = 0; i < count; i += 16) {
		raw[i / 16] = 0;
		for (uint32_t j = 0; j < 16 && i + j < count; j++)
			raw[i / 16] |=
			    (uint16_t)(bit_of(v, words, first + i + j) << j);
	}
}

static void
add_point_value(struct text_writer *t, const struct values *v,
    const uint16_t *words, const struct point *p, const char *name)
{
	uint16_t raw[POINT_WORDS_MAX];

	load_point(v, words, p, raw);
	text_writer_add(t, ",\"%s\":", name);
	api_add_point_value(t, p, raw);
}

/* A point that is not within the range has no value there. */
static void
add_point(struct text_writer *t, const struct values *v, const struct point *p)
{
	text_writer_add(t, "{\"name\":");
	text_writer_add_string(t, p->name);
	if (p->units[0] != '\0') {
		text_writer_add(t, ",\"units\":");
		text_writer_add_string(t, p->units);
	}
	if (v->before == NULL || !has_whole(v, p)) {
		text_writer_add(t, "}");
		return;
	}
	add_point_value(
	    t, v, v->before, p, v->after == NULL ? "value" : "before");
	if (v->after != NULL)
		add_point_value(t, v, v->after, p, "after");
	text_writer_add(t, "}");
}

static void
add_points(
    struct text_writer *t, const struct points *ps, const struct values *v)
{
	struct points_walk walk =
	    points_touched(ps, v->kind, v->address, v->quantity);
	const struct point *p;
	const char *comma = "";

	text_writer_add(t, ",\"points\":[");
	while ((p = points_next(&walk)) != NULL) {
		text_writer_add(t, "%s", comma);
		add_point(t, v, p);
		comma = ",";
	}
	text_writer_add(t, "]");
}

static void
add_values(struct text_writer *t, const struct values *v, const uint16_t *words,
    const char *name)
{
	text_writer_add(t, ",\"%s\":[", name);
	if (v->kind == DATATABLE_REGISTERS)
		api_add_words(t, false, words, v->quantity);
	else
		api_add_coils(t, false, words, 0, v->quantity);
	text_writer_add(t, "]");
}

/* Add a range, with its values if there are any. */
static void
add_range(struct text_writer *t, const struct points *ps, const char *name,
    const struct values *v)
{
	text_writer_add(t,
	    ",\"%s\":{\"kind\":\"%s\",\"address\":%" PRIu32
	    ",\"quantity\":%" PRIu32,
	    name, api_kind_names[v->kind], v->address, v->quantity);
	if (v->before != NULL)
		add_values(
		    t, v, v->before, v->after == NULL ? "values" : "before");
	if (v->after != NULL)
		add_values(t, v, v->after, "after");
	if (ps != NULL)
		add_points(t, ps, v);
	text_writer_add(t, "}");
}

static void
add_ranges(struct text_writer *t, const struct points *ps,
    const struct recorded *q, const struct asked *a)
{
	uint16_t words[ASKED_WORDS_MAX];
	struct values read = { a->kind, a->read.address, a->read.quantity, NULL,
		NULL };
	const struct values written = { a->kind, a->write.address,
		a->write.quantity, q->before, q->after };

	if (asked_values(a, q, words))
		read.before = words;
	if (a->reads)
		add_range(t, ps, "reads", &read);
	if (a->writes)
		add_range(t, ps, "writes", &written);
}

static void
add_hex(struct text_writer *t, const uint8_t *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *at = text_writer_reserve(t, 2 * length);

	for (size_t i = 0; i < length; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	text_writer_commit(t, at);
}

/* Add both ADUs, as they were on the wire. */
static void
add_adus(struct text_writer *t, const struct recorded *q)
{
	uint8_t header[MB_MBAP_LENGTH];

	mbap_put(header, &q->frame, q->response_length);
	text_writer_add(t, ",\"request\":\"");
	add_hex(t, q->frame.adu, q->frame.length);
	text_writer_add(t, "\",\"response\":\"");
	add_hex(t, header, sizeof(header));
	add_hex(t, q->response, q->response_length);
	text_writer_add(t, "\"");
}

/* "2026-11-22T11:46:07.662123Z" */
static const char *
format_time(int64_t time, char *text)
{
	uint64_t us = (uint64_t)time;
	char *z;

	timestamp_format_utc_ms(us / 1000, text);
	z = strchr(text, 'Z');
	if (z != NULL)
		snprintf(z, (size_t)(text + TIMESTAMP_TEXT_MAX - z), "%03uZ",
		    (unsigned)(us % 1000));
	return text;
}

void
api_add_request(struct text_writer *t, const struct api *api,
    const struct recorded *q, const struct asked *a)
{
	char time[TIMESTAMP_TEXT_MAX], client[ADDRESS_TEXT_MAX];
	char reason[ASKED_REASON_MAX];

	text_writer_add(t,
	    "{\"id\":%" PRIu64 ",\"time\":\"%s\",\"client\":\"%s\"", q->id,
	    format_time(q->time, time),
	    address_format(&q->client.address, client));
	api_add_subject(t, "subject", q->client.identity);
	text_writer_add(t,
	    ",\"connection\":%" PRIu64 ",\"transaction\":%u,\"unit\":%u,"
	    "\"function\":%u",
	    q->client.id, mbap_transaction(&q->frame), mbap_unit(&q->frame),
	    a->function);
	if (a->name != NULL)
		text_writer_add(t, ",\"name\":\"%s\"", a->name);
	add_ranges(t, api->config.points, q, a);
	if (q->exception != MB_EX_NONE) {
		text_writer_add(
		    t, ",\"exception\":%u,\"reason\":", q->exception);
		text_writer_add_string(t,
		    asked_reason(a, q, api->config.points, api->config.rights,
			api->config.roles, reason));
	}
	add_adus(t, q);
	text_writer_add(t, "}");
}
