#include "shared/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/identity.h"

#define SESSION_DIGITS 16
#define NUMBER_DIGITS  20 /* of UINT64_MAX */

/* Fields of a write beside its PDUs, names and values. */
#define WRITE_FIELDS_MAX 16

/* The texts are those that the fields of one entry point to. */
struct entry_writer {
	struct engine_field *fields; /* owned; room for that many */
	size_t room;
	size_t count;
	char session[SESSION_DIGITS + 1];
	char closes[SESSION_DIGITS + 1];
	char number[NUMBER_DIGITS + 1];
	char unit[NUMBER_DIGITS + 1];
	char time[NUMBER_DIGITS + 1];
	char client[ADDRESS_TEXT_MAX];
};

struct entry_writer *
entry_writer_new(void)
{
	return calloc(1, sizeof(struct entry_writer));
}

void
entry_writer_free(struct entry_writer *w)
{
	if (w == NULL)
		return;
	free(w->fields);
	free(w);
}

/* Begin an entry that has at most so many PDUs. */
static int
begin(struct entry_writer *w, size_t pdus)
{
	size_t need = WRITE_FIELDS_MAX + 2 * pdus;
	struct engine_field *fields;

	w->count = 0;
	if (need <= w->room)
		return 0;
	fields = realloc(w->fields, need * sizeof(*fields));
	if (fields == NULL)
		return -1;
	w->fields = fields;
	w->room = need;
	return 0;
}

static void
add(struct entry_writer *w, const char *name, const void *value, size_t length)
{
	w->fields[w->count++] = (struct engine_field){ name, strlen(name) };
	w->fields[w->count++] = (struct engine_field){ value, length };
}

static void
add_text(struct entry_writer *w, const char *name, const char *value)
{
	add(w, name, value, strlen(value));
}

/* text has room for the digits of any number. */
static void
add_number(
    struct entry_writer *w, const char *name, uint64_t number, char *text)
{
	snprintf(text, NUMBER_DIGITS + 1, "%" PRIu64, number);
	add_text(w, name, text);
}

/* text has room for the digits of any session. */
static void
add_session(
    struct entry_writer *w, const char *name, uint64_t session, char *text)
{
	snprintf(text, SESSION_DIGITS + 1, "%016" PRIx64, session);
	add_text(w, name, text);
}

static void
add_pdus(struct entry_writer *w, const struct order_pdu *pdus, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(w, "p", pdus[i].bytes, pdus[i].length);
}

size_t
entry_make_begin(struct entry_writer *w, enum datatable_overlay overlay,
    const struct order_pdu *pdus, size_t pdu_count,
    const struct engine_field **fields)
{
	if (begin(w, pdu_count) != 0)
		return 0;
	add_text(w, "begin", overlay == DATATABLE_OVERLAID ? "o" : "s");
	add_number(w, "version", ENTRY_VERSION, w->number);
	add_pdus(w, pdus, pdu_count);
	*fields = w->fields;
	return w->count;
}

size_t
entry_make_hello(struct entry_writer *w, uint64_t session, uint64_t closes,
    const char *host, const struct engine_field **fields)
{
	if (begin(w, 0) != 0)
		return 0;
	add_session(w, "hello", session, w->session);
	if (closes == 0)
		add_text(w, "closes", "0");
	else
		add_session(w, "closes", closes, w->closes);
	add_text(w, "host", host);
	*fields = w->fields;
	return w->count;
}

/* Servers of version 3.6 execute nothing of an entry whose client is a word
 * that they do not know: that of a socket of this machine is its number. */
static const char *
format_client(const struct address *a, char *text)
{
	if (!address_is_unix(a))
		return address_format(a, text);
	snprintf(text, ADDRESS_TEXT_MAX, "[100::3]:%u", a->port);
	return text;
}

size_t
entry_make_write(struct entry_writer *w, uint64_t session, uint64_t number,
    int64_t time, const struct order_write *write,
    const struct engine_field **fields)
{
	const struct identity *who = write->client.identity;

	if (begin(w, write->count) != 0)
		return 0;
	add_session(w, "s", session, w->session);
	add_number(w, "n", number, w->number);
	add_text(w, "c", format_client(&write->client.address, w->client));
	add_number(w, "u", write->unit, w->unit);
	add_number(w, "t", time < 0 ? 0 : (uint64_t)time, w->time);
	if (who != NULL) {
		add_text(w, "subject", who->subject);
		add_text(w, "issuer", who->issuer);
		add_text(w, "role", who->role);
	}
	add_pdus(w, write->pdus, write->count);
	*fields = w->fields;
	return w->count;
}
