#include "journal/print.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/timestamp.h"

/* The client of a row, "192.0.2.1:50000" or "[2001:db8::1]:50000", in two. */
struct peer {
	char host[ADDRESS_TEXT_MAX];
	char port[ADDRESS_TEXT_MAX];
};

static const char *
table_name(enum datatable_kind kind)
{
	return kind == DATATABLE_COILS ? "coils" : "registers";
}

static const char *
item_name(enum datatable_kind kind)
{
	return kind == DATATABLE_COILS ? "coil" : "register";
}

static struct peer
split(const char *client)
{
	const char *colon = strrchr(client, ':');
	size_t length =
	    colon == NULL ? strlen(client) : (size_t)(colon - client);
	struct peer p;

	snprintf(p.port, sizeof(p.port), "%s", colon == NULL ? "" : colon + 1);
	if (length >= 2 && client[0] == '[' && client[length - 1] == ']') {
		client++;
		length -= 2;
	}
	snprintf(p.host, sizeof(p.host), "%.*s", (int)length, client);
	return p;
}

/* A text as a field, quoted where RFC 4180 requires it. */
static void
put_csv_text(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* The characters of a JSON string (RFC 8259, 7), those from limit on escaped as
 * if they were Latin-1. */
static void
put_json_characters(FILE *out, const char *text, unsigned limit)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= limit)
			fprintf(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* A text of any bytes as a JSON string, in ASCII. */
static void
put_json_text(FILE *out, const char *text)
{
	put_json_characters(out, text, 0x7F);
}

/* The last columns of a line: the subject and the role of a client, then the
 * names of points, which are UTF-8; a row may be NULL. */

static void
put_columns(const struct print *p, const char *subject, const char *role,
    const char *names)
{
	if (p->identities)
		fprintf(p->out, "  %-30s  %-*s", subject,
		    names == NULL ? 0 : 12, role);
	if (names != NULL)
		fprintf(p->out, "  %s", names);
	fputc('\n', p->out);
}

static const char *
or_dash(const char *text)
{
	return text == NULL || *text != '\0' ? text : "-";
}

static void
end_text(const struct print *p, const struct row *row, const char *names)
{
	put_columns(p, row == NULL ? "-" : or_dash(row->record.subject),
	    row == NULL ? "-" : or_dash(row->record.role), or_dash(names));
}

static void
put_csv_field(FILE *out, const char *text)
{
	fputc(',', out);
	put_csv_text(out, text);
}

static void
end_csv(const struct print *p, const struct row *row, const char *names)
{
	if (p->identities) {
		put_csv_field(p->out, row == NULL ? "" : row->record.subject);
		put_csv_field(p->out, row == NULL ? "" : row->record.role);
	}
	if (names != NULL)
		put_csv_field(p->out, names);
	fputc('\n', p->out);
}

static void
end_json(FILE *out, const struct row *row, const char *names)
{
	if (row != NULL && row->record.subject[0] != '\0') {
		fputs(",\"subject\":", out);
		put_json_text(out, row->record.subject);
	}
	if (row != NULL && row->record.role[0] != '\0') {
		fputs(",\"role\":", out);
		put_json_characters(out, row->record.role, 0x100);
	}
	if (names != NULL) {
		fputs(",\"point\":", out);
		if (*names == '\0')
			fputs("null", out);
		else
			put_json_characters(out, names, 0x100);
	}
	fputs("}\n", out);
}

void
print_change_names(const struct print *p)
{
	if (p->format == QUERY_CSV) {
		fprintf(p->out,
		    "number,time,client,port,connection,unit,function,table,"
		    "address,before,after%s%s\n",
		    p->identities ? ",subject,role" : "",
		    p->points ? ",point" : "");
	} else if (p->format == QUERY_TEXT) {
		fprintf(p->out, "%-23s  %-21s  %4s  %2s  %-14s  %6s  %6s",
		    "TIME", "CLIENT", "UNIT", "FC", "ADDRESS", "BEFORE",
		    "AFTER");
		put_columns(p, "SUBJECT", "ROLE", p->points ? "NAME" : NULL);
	}
}

static void
print_change_text(
    const struct print *p, const struct row *r, unsigned i, const char *names)
{
	FILE *out = p->out;
	char time[TIMESTAMP_TEXT_MAX];
	const struct record_journal *record = &r->record;

	fprintf(out, "%s  %-21s  %4u  %2u  %-8s %-5u  %6u  %6u",
	    timestamp_format(record->time, time), record->client, record->unit,
	    record->function, item_name(r->kind), record->address + i,
	    row_before(r, i), row_after(r, i));
	end_text(p, r, names);
}

static void
print_change_csv(
    const struct print *p, const struct row *r, unsigned i, const char *names)
{
	FILE *out = p->out;
	char time[TIMESTAMP_TEXT_MAX];
	const struct record_journal *record = &r->record;
	struct peer peer = split(record->client);

	fprintf(out, "%" PRId64 ",%s,", record->number,
	    timestamp_format_iso(record->time, time));
	put_csv_text(out, peer.host);
	fputc(',', out);
	put_csv_text(out, peer.port);
	fprintf(out, ",%" PRIu64 ",%u,%u,%s,%u,%u,%u", record->connection,
	    record->unit, record->function, table_name(r->kind),
	    record->address + i, row_before(r, i), row_after(r, i));
	end_csv(p, r, names);
}

static void
put_json_peer(FILE *out, const char *client)
{
	struct peer peer = split(client);
	uint64_t port;

	fputs("\"client\":", out);
	put_json_text(out, peer.host);
	fputs(",\"port\":", out);
	if (number_parse(peer.port, 0, UINT16_MAX, &port) == 0)
		fprintf(out, "%" PRIu64, port);
	else
		fputs("null", out);
}

static void
print_change_json(
    const struct print *p, const struct row *r, unsigned i, const char *names)
{
	FILE *out = p->out;
	char time[TIMESTAMP_TEXT_MAX];
	const struct record_journal *record = &r->record;

	fprintf(out, "{\"number\":%" PRId64 ",\"time\":\"%s\",", record->number,
	    timestamp_format_iso(record->time, time));
	put_json_peer(out, record->client);
	fprintf(out,
	    ",\"connection\":%" PRIu64 ",\"unit\":%u,\"function\":%u,"
	    "\"table\":\"%s\",\"address\":%u,\"before\":%u,\"after\":%u",
	    record->connection, record->unit, record->function,
	    table_name(r->kind), record->address + i, row_before(r, i),
	    row_after(r, i));
	end_json(out, r, names);
}

void
print_change(
    const struct print *p, const struct row *r, unsigned i, const char *names)
{
	switch (p->format) {
	case QUERY_TEXT:
		print_change_text(p, r, i, names);
		break;
	case QUERY_CSV:
		print_change_csv(p, r, i, names);
		break;
	case QUERY_JSONL:
		print_change_json(p, r, i, names);
		break;
	}
}

/* The last column is not filled up. */
static int
until_width(const struct print *p)
{
	return p->points || p->identities ? 23 : 0;
}

void
print_value_names(const struct print *p)
{
	if (p->format == QUERY_CSV) {
		fprintf(p->out,
		    "table,address,value,since,client,port,unit,function,"
		    "until%s%s\n",
		    p->identities ? ",subject,role" : "",
		    p->points ? ",point" : "");
	} else if (p->format == QUERY_TEXT) {
		fprintf(p->out, "%-14s  %6s  %-30s  %-21s  %4s  %2s  %-*s",
		    "ADDRESS", "VALUE", "SINCE", "CLIENT", "UNIT", "FC",
		    until_width(p), "UNTIL");
		put_columns(p, "SUBJECT", "ROLE", p->points ? "NAME" : NULL);
	}
}

static void
print_value_text(const struct print *p, const struct print_value *v)
{
	FILE *out = p->out;
	char since[TIMESTAMP_TEXT_MAX], until[TIMESTAMP_TEXT_MAX] = "-";
	int width = until_width(p);

	if (v->until != NULL)
		timestamp_format(v->until->record.time, until);
	fprintf(
	    out, "%-8s %-5u  %6u  ", item_name(v->kind), v->address, v->value);
	if (v->by != NULL)
		fprintf(out, "%-30s  %-21s  %4u  %2u  %-*s",
		    timestamp_format(v->by->record.time, since),
		    v->by->record.client, v->by->record.unit,
		    v->by->record.function, width, until);
	else
		fprintf(out, "%s%-*s  %-21s  %4s  %2s  %-*s",
		    v->created ? "" : "before ", v->created ? 30 : 23,
		    timestamp_format(v->since, since), "-", "-", "-", width,
		    until);
	end_text(p, v->by, v->names);
}

static void
print_value_csv(const struct print *p, const struct print_value *v)
{
	FILE *out = p->out;
	char time[TIMESTAMP_TEXT_MAX];

	fprintf(out, "%s,%u,%u,", table_name(v->kind), v->address, v->value);
	if (v->by != NULL) {
		struct peer peer = split(v->by->record.client);

		fprintf(
		    out, "%s,", timestamp_format_iso(v->by->record.time, time));
		put_csv_text(out, peer.host);
		fputc(',', out);
		put_csv_text(out, peer.port);
		fprintf(
		    out, ",%u,%u,", v->by->record.unit, v->by->record.function);
	} else {
		fprintf(out, "%s,,,,,",
		    v->created ? timestamp_format_iso(v->since, time) : "");
	}
	if (v->until != NULL)
		fputs(timestamp_format_iso(v->until->record.time, time), out);
	end_csv(p, v->by, v->names);
}

static void
put_json_time(FILE *out, const char *name, const int64_t *moment)
{
	char time[TIMESTAMP_TEXT_MAX];

	if (moment == NULL)
		fprintf(out, ",\"%s\":null", name);
	else
		fprintf(out, ",\"%s\":\"%s\"", name,
		    timestamp_format_iso(*moment, time));
}

static void
print_value_json(const struct print *p, const struct print_value *v)
{
	FILE *out = p->out;
	fprintf(out, "{\"table\":\"%s\",\"address\":%u,\"value\":%u",
	    table_name(v->kind), v->address, v->value);
	if (v->by != NULL) {
		put_json_time(out, "since", &v->by->record.time);
		fputc(',', out);
		put_json_peer(out, v->by->record.client);
		fprintf(out, ",\"unit\":%u,\"function\":%u", v->by->record.unit,
		    v->by->record.function);
	} else {
		put_json_time(out, "since", v->created ? &v->since : NULL);
		fputs(",\"client\":null,\"port\":null,\"unit\":null,"
		      "\"function\":null",
		    out);
	}
	put_json_time(
	    out, "until", v->until == NULL ? NULL : &v->until->record.time);
	end_json(out, v->by, v->names);
}

void
print_value(const struct print *p, const struct print_value *v)
{
	switch (p->format) {
	case QUERY_TEXT:
		print_value_text(p, v);
		break;
	case QUERY_CSV:
		print_value_csv(p, v);
		break;
	case QUERY_JSONL:
		print_value_json(p, v);
		break;
	}
}
