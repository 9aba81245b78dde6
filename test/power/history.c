#include "history.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "modbus/modbus.h"
#include "table/datatable.h"

#define CONNECTIONS_MAX 256
#define HEADER_SIZE     7
#define ADU_MAX         260
#define COILS_AT_ONCE   32768U

/* What one connection has been sent, up to a reply that is not whole. */
struct connection {
	char client[ADDRESS_TEXT_MAX];
	int64_t last; /* the row of its last write that was acknowledged */
	uint8_t part[ADU_MAX];
	size_t length;
};

struct history {
	enum datatable_overlay overlay;
	struct record_journal *rows; /* owned; row n stands at n - 1 */
	uint32_t *sums;              /* owned; their checksums */
	int64_t count;
	struct connection connections[CONNECTIONS_MAX];
	size_t connection_count;
	int64_t acknowledged;
	bool serves;
	int64_t backup_begun; /* what was acknowledged then */
	int64_t backed_up;
};

/* Reading journals ---------------------------------------------------------*/

static const char select_rows[] =
    "SELECT number, time, client, connection, unit, function, kind, address, "
    "quantity, before, after, crc FROM journal ORDER BY number";

static void
take_bytes(sqlite3_stmt *row, int column, uint8_t *bytes)
{
	const void *blob = sqlite3_column_blob(row, column);
	int size = sqlite3_column_bytes(row, column);

	if (blob != NULL && size <= SCHEMA_VALUES_MAX)
		memcpy(bytes, blob, (size_t)size);
}

static void
take_row(sqlite3_stmt *row, struct record_journal *r)
{
	const unsigned char *client = sqlite3_column_text(row, 2);

	memset(r, 0, sizeof(*r));
	r->number = sqlite3_column_int64(row, 0);
	r->time = sqlite3_column_int64(row, 1);
	snprintf(r->client, sizeof(r->client), "%s",
	    client == NULL ? "" : (const char *)client);
	r->connection = (uint64_t)sqlite3_column_int64(row, 3);
	r->unit = (uint8_t)sqlite3_column_int(row, 4);
	r->function = (uint8_t)sqlite3_column_int(row, 5);
	r->kind = (uint8_t)sqlite3_column_int(row, 6);
	r->address = (uint16_t)sqlite3_column_int(row, 7);
	r->quantity = (uint16_t)sqlite3_column_int(row, 8);
	take_bytes(row, 9, r->before);
	take_bytes(row, 10, r->after);
}

/* The next row, which must be number, sane and with the right checksum. */
static bool
next_row(sqlite3_stmt *rows, int64_t number, struct record_journal *r,
    uint32_t *sum, char *error)
{
	take_row(rows, r);
	*sum = (uint32_t)sqlite3_column_int64(rows, 11);
	if (r->number == number && record_journal_is_valid(r) &&
	    record_journal_crc(r) == *sum)
		return true;
	snprintf(error, HISTORY_ERROR_MAX,
	    "row %" PRId64 " of the journal, where %" PRId64
	    " was expected, is not sane or has a wrong checksum",
	    r->number, number);
	return false;
}

static bool
read_rows(struct history *h, struct store *s, char *error)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	bool good = sqlite3_prepare_v2(store_database(s), select_rows, -1,
			&rows, NULL) == SQLITE_OK;

	while (good && sqlite3_step(rows) == SQLITE_ROW) {
		if ((size_t)h->count == room) {
			room = 2 * room + 1000;
			h->rows = realloc(h->rows, room * sizeof(*h->rows));
			h->sums = realloc(h->sums, room * sizeof(*h->sums));
			if (h->rows == NULL || h->sums == NULL)
				abort();
		}
		good = next_row(rows, h->count + 1, &h->rows[h->count],
		    &h->sums[h->count], error);
		h->count += good;
	}
	sqlite3_finalize(rows);
	return good;
}

/* The table ----------------------------------------------------------------*/

static const struct client nobody = { .id = 0 };
static const struct datatable_writer player = { .client = &nobody };

/* Whether row finds in t what it says was there; then do it once more. */
static bool
replay_row(const struct record_journal *row, struct datatable *t)
{
	enum datatable_kind kind = (enum datatable_kind)row->kind;
	uint16_t before[SCHEMA_QUANTITY_MAX], after[SCHEMA_QUANTITY_MAX];
	uint8_t there[SCHEMA_VALUES_MAX];
	bool coils = kind == DATATABLE_COILS;

	if (coils)
		datatable_read_coils(t, row->address, row->quantity, before);
	else
		datatable_read_registers(
		    t, row->address, row->quantity, before);
	record_pack(kind, row->quantity, before, there);
	record_unpack(kind, row->quantity, row->after, after);
	if (coils)
		datatable_write_coils(
		    t, &player, row->address, row->quantity, after);
	else
		datatable_write_registers(
		    t, &player, row->address, row->quantity, after);
	return memcmp(there, row->before, record_size(kind, row->quantity)) ==
	    0;
}

static bool
same_coils(const struct datatable *a, const struct datatable *b)
{
	uint16_t ours[COILS_AT_ONCE / 16], theirs[COILS_AT_ONCE / 16];

	for (unsigned at = 0; at < MB_ADDRESSES; at += COILS_AT_ONCE) {
		datatable_read_coils(a, (uint16_t)at, COILS_AT_ONCE, ours);
		datatable_read_coils(b, (uint16_t)at, COILS_AT_ONCE, theirs);
		if (memcmp(ours, theirs, sizeof(ours)) != 0)
			return false;
	}
	return true;
}

/* Whether t is what the first count writes make of zeros. */
static bool
is_made_by(const struct history *h, int64_t count, const struct datatable *t,
    char *error)
{
	struct datatable *model = datatable_new(h->overlay);
	bool good = model != NULL;

	for (int64_t i = 0; good && i < count; i++)
		if (!replay_row(&h->rows[i], model))
			good = false;
	if (!good)
		snprintf(error, HISTORY_ERROR_MAX,
		    "the journal tells of what was never there");
	if (good &&
	    (memcmp(datatable_registers(model, 0), datatable_registers(t, 0),
		 MB_ADDRESSES * sizeof(uint16_t)) != 0 ||
		!same_coils(model, t))) {
		good = false;
		snprintf(error, HISTORY_ERROR_MAX,
		    "the table is not what the %" PRId64
		    " writes of the journal make",
		    count);
	}
	datatable_free(model);
	return good;
}

static bool
has_rows(struct history *h, struct store *s, int64_t *count, char *error)
{
	sqlite3_stmt *rows = NULL;
	struct record_journal row;
	bool good = sqlite3_prepare_v2(store_database(s), select_rows, -1,
			&rows, NULL) == SQLITE_OK;
	uint32_t sum;

	*count = 0;
	while (good && sqlite3_step(rows) == SQLITE_ROW) {
		good = next_row(rows, *count + 1, &row, &sum, error);
		if (good && (*count >= h->count || sum != h->sums[*count])) {
			good = false;
			snprintf(error, HISTORY_ERROR_MAX,
			    "row %" PRId64 " was never written", *count + 1);
		}
		*count += good;
	}
	sqlite3_finalize(rows);
	return good;
}

bool
history_begins_with(
    struct history *h, struct store *s, int64_t least, char *error)
{
	struct datatable *t = datatable_new(h->overlay);
	int64_t count = 0;
	bool good;

	if (t == NULL)
		abort();
	store_load(s, t);
	good = has_rows(h, s, &count, error);
	if (good && count < least) {
		good = false;
		snprintf(error, HISTORY_ERROR_MAX,
		    "lost: it ends with write %" PRId64 ", and write %" PRId64
		    " was acknowledged",
		    count, least);
	}
	good = good && is_made_by(h, count, t, error);
	datatable_free(t);
	return good;
}

struct history *
history_new(const char *path)
{
	struct history *h = calloc(1, sizeof(*h));
	char error[HISTORY_ERROR_MAX];
	struct store_error why;
	struct store *s;

	if (h == NULL)
		abort();
	h->backed_up = -1;
	s = store_open(path, STORE_READ, NULL, &why);
	if (s == NULL) {
		fprintf(stderr, "%s\n", why.text);
		history_free(h);
		return NULL;
	}
	h->overlay = store_overlay(s);
	if (!read_rows(h, s, error) || !history_begins_with(h, s, 0, error)) {
		fprintf(stderr, "%s: %s\n", path, error);
		history_free(h);
		h = NULL;
	}
	store_close(s, &why);
	return h;
}

void
history_free(struct history *h)
{
	free(h->rows);
	free(h->sums);
	free(h);
}

/* Acknowledgements ----------------------------------------------------------*/

static struct connection *
find_connection(struct history *h, const char *client)
{
	size_t i = 0;

	while (i < h->connection_count &&
	    strcmp(h->connections[i].client, client) != 0)
		i++;
	if (i == CONNECTIONS_MAX)
		abort();
	if (i == h->connection_count) {
		h->connection_count++;
		snprintf(h->connections[i].client,
		    sizeof(h->connections[i].client), "%s", client);
	}
	return &h->connections[i];
}

/* A write of a connection has succeeded: the next of its rows. */
static bool
acknowledge(struct history *h, struct connection *c)
{
	int64_t i = c->last;

	while (i < h->count && strcmp(h->rows[i].client, c->client) != 0)
		i++;
	if (i == h->count) {
		fprintf(stderr,
		    "%s: a write was acknowledged that is not in the journal\n",
		    c->client);
		return false;
	}
	c->last = i + 1;
	if (c->last > h->acknowledged)
		h->acknowledged = c->last;
	return true;
}

static bool
is_write(uint8_t function)
{
	return function == MB_FC_WRITE_SINGLE_COIL ||
	    function == MB_FC_WRITE_SINGLE_REGISTER ||
	    function == MB_FC_WRITE_MULTIPLE_COILS ||
	    function == MB_FC_WRITE_MULTIPLE_REGISTERS ||
	    function == MB_FC_MASK_WRITE_REGISTER ||
	    function == MB_FC_READ_WRITE_MULTIPLE_REGISTERS;
}

/* A reply counts once its last byte is sent. */
static bool
take_byte(struct history *h, struct connection *c, uint8_t byte)
{
	size_t whole;

	c->part[c->length++] = byte;
	if (c->length < HEADER_SIZE)
		return true;
	whole = 6U + (unsigned)(c->part[4] << 8) + c->part[5];
	if (whole > ADU_MAX)
		abort();
	if (c->length < whole)
		return true;
	c->length = 0;
	return !is_write(c->part[HEADER_SIZE]) || acknowledge(h, c);
}

static bool
take_sent(struct history *h, const uint8_t *data, size_t length)
{
	const char *client = (const char *)data;
	struct connection *c = find_connection(h, client);
	bool good = true;

	h->serves = true;
	for (size_t i = strlen(client) + 1; i < length && good; i++)
		good = take_byte(h, c, data[i]);
	return good;
}

/* A line of the log: the backup has started, or is done. */
static void
take_said(struct history *h, const char *text, size_t length)
{
	if (memmem(text, length, "backup: ", 8) == NULL)
		return;
	if (memmem(text, length, ": started", 9) != NULL)
		h->backup_begun = h->acknowledged;
	if (memmem(text, length, ": done", 6) != NULL)
		h->backed_up = h->backup_begun;
}

void
history_go_on(struct history *h, int64_t acknowledged)
{
	h->acknowledged = acknowledged;
	h->serves = true;
}

bool
history_play(
    struct history *h, const struct recording_entry *e, const uint8_t *data)
{
	if (e->kind == RECORDED_SENT)
		return take_sent(h, data, e->length);
	if (e->kind == RECORDED_SAID)
		take_said(h, (const char *)data, e->length);
	return true;
}

enum datatable_overlay
history_overlay(const struct history *h)
{
	return h->overlay;
}

int64_t
history_acknowledged(const struct history *h)
{
	return h->acknowledged;
}

bool
history_serves(const struct history *h)
{
	return h->serves;
}

int64_t
history_backed_up(const struct history *h)
{
	return h->backed_up;
}
