#include "state/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "state/row.h"
#include "store_private.h"

#define STEP_NS UINT64_C(250000)

/* How far the times of the rows between two points may be outside of theirs: a
 * row is as of its execution, a point as of a commit. */
#define PERIOD_SLACK_US (INT64_C(15) * 60 * 1000000)

/* Rows that are read rather than passed over by halves. */
#define FEW_ROWS 64

#define ROOM_MIN 4096

/* A point of table age. */
struct point_of_age {
	int64_t elapsed;
	int64_t time;
	int64_t number;
};

/*
 * What is asked for is a range of bits. A coil is a bit, a register is 16 of
 * them; where coils are bits of registers, they are the same ones. Words of
 * bits are counted from the one in which the range begins.
 */
struct bits {
	unsigned first;
	unsigned end; /* the one behind the last */
};

/* A row in bytes: this, the texts, and before and after of each word. */
struct packed {
	int64_t number;
	int64_t time;
	uint8_t unit;
	uint8_t function;
	uint8_t client; /* lengths */
	uint8_t subject;
	uint8_t role;
	uint8_t word; /* the first */
	uint8_t words;
	struct bits written; /* within those asked for */
};

struct history {
	struct history_query query;
	struct bits asked;
	unsigned words;

	bool begun;
	uint64_t deadline; /* clock_ns */
	int64_t next;      /* the row to look at */
	int64_t last;
	int64_t period_end; /* rows up to this one are to be read */
	struct point_of_age point;
	bool has_point;
	bool ordered;     /* in this period, times rise with numbers */
	int64_t late_end; /* rows from here to period_end are late enough; only
			     those from next on may be early */
	/* Rows that are not in the result may have changed something since its
	 * first one. */
	bool gap;

	/* Before the first row of the result, while taking: before the next.
	 * What no row has shown yet is not seen. */
	uint16_t state[HISTORY_WORDS];
	uint16_t seen[HISTORY_WORDS];

	uint8_t *bytes; /* owned: the rows, packed */
	size_t room, length, taken;
	unsigned rows;
	int64_t more;
	bool failed;
	struct store_error why;
};

static struct bits
bits_of(enum datatable_kind kind, unsigned address, unsigned quantity)
{
	if (kind == DATATABLE_COILS)
		return (struct bits){ address, address + quantity };
	return (struct bits){ 16 * address, 16 * (address + quantity) };
}

static struct bits
bits_of_query(const struct history_query *q)
{
	struct bits asked = bits_of(q->kind, q->address, q->quantity);

	if (q->bit != HISTORY_NO_BIT) {
		asked.first += (unsigned)q->bit;
		asked.end = asked.first + 1;
	}
	return asked;
}

static struct bits
intersection(struct bits a, struct bits b)
{
	return (struct bits){ a.first > b.first ? a.first : b.first,
		a.end < b.end ? a.end : b.end };
}

/* Those of a range that a word has, the word being any of the table. */
static uint16_t
mask_of(struct bits range, unsigned word)
{
	struct bits part =
	    intersection(range, (struct bits){ 16 * word, 16 * word + 16 });

	if (part.first >= part.end)
		return 0;
	return (
	    uint16_t)(((1U << (part.end - part.first)) - 1) << part.first % 16);
}

struct history *
history_new(const struct history_query *q)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->query = *q;
	h->asked = bits_of_query(q);
	h->words = (h->asked.end - 1) / 16 - h->asked.first / 16 + 1;
	return h;
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	free(h->bytes);
	free(h);
}

void
history_reader_end(struct history_reader *r)
{
	row_query_end(&r->rows);
	sqlite3_finalize(r->periods);
	r->periods = NULL;
}

/* Returns true: the search has ended. */
static bool
fail_memory(struct history *h)
{
	h->failed = true;
	store_fail(&h->why, EX_OSERR, "out of memory");
	return true;
}

/* Likewise. SQLite's result is of a row, or of what leads to it. */
static bool
fail_row(struct history *h, struct store *s, int rc)
{
	h->failed = true;
	switch (sql_classify(rc, 0)) {
	case SQL_NO_MEMORY:
		return fail_memory(h);
	case SQL_DAMAGED:
		/* Unless that is known already, all of it is to be checked. */
		if (s->check.result != SCRUB_DAMAGED)
			s->suspect = true;
		store_fail(&h->why, EX_DATAERR,
		    "the journal is damaged: write %" PRId64, h->next);
		return true;
	default:
		store_fail(&h->why, EX_IOERR, "the journal cannot be read: %s",
		    sqlite3_errstr(rc));
		return true;
	}
}

/* Rows of the journal ------------------------------------------------------*/

/* What a row has of a word of the table: the bits of mask. */
static uint16_t
word_of(const struct record_journal *r, const uint8_t *bytes, unsigned word,
    uint16_t mask)
{
	uint16_t value = 0;

	if (r->kind == DATATABLE_REGISTERS)
		return bytes_get16(bytes + 2 * (word - r->address)) & mask;
	for (unsigned i = 0; i < 16; i++) {
		unsigned coil = 16 * word + i - r->address;

		if ((mask >> i & 1) != 0)
			value |=
			    (uint16_t)((bytes[coil / 8] >> coil % 8 & 1) << i);
	}
	return value;
}

/* Make room for more bytes. Returns 0, or -1 when memory is exhausted. */
static int
reserve(struct history *h, size_t more)
{
	size_t room = h->room == 0 ? ROOM_MIN : h->room;
	uint8_t *bytes;

	while (room < h->length + more)
		room *= 2;
	if (room == h->room)
		return 0;
	bytes = realloc(h->bytes, room);
	if (bytes == NULL)
		return -1;
	h->bytes = bytes;
	h->room = room;
	return 0;
}

static void
put(struct history *h, const void *bytes, size_t length)
{
	memcpy(h->bytes + h->length, bytes, length);
	h->length += length;
}

/* The values of a row, within those asked for. */
struct written {
	struct bits bits;
	unsigned word, words; /* counted from that of the query */
	uint16_t mask[HISTORY_WORDS];
	uint16_t before[HISTORY_WORDS];
	uint16_t after[HISTORY_WORDS];
	bool changes;
};

/* Returns whether there are any. */
static bool
take_written(const struct history *h, enum datatable_overlay overlay,
    const struct record_journal *r, struct written *w)
{
	enum datatable_kind kind = (enum datatable_kind)r->kind;
	unsigned base = h->asked.first / 16;

	if (kind != h->query.kind && overlay != DATATABLE_OVERLAID)
		return false;
	w->bits =
	    intersection(h->asked, bits_of(kind, r->address, r->quantity));
	if (w->bits.first >= w->bits.end)
		return false;
	w->word = w->bits.first / 16 - base;
	w->words = (w->bits.end - 1) / 16 - base - w->word + 1;
	w->changes = false;
	for (unsigned i = 0; i < w->words; i++) {
		unsigned word = base + w->word + i;

		w->mask[i] = mask_of(w->bits, word);
		w->before[i] = word_of(r, r->before, word, w->mask[i]);
		w->after[i] = word_of(r, r->after, word, w->mask[i]);
		w->changes |= w->before[i] != w->after[i];
	}
	return true;
}

/* What a row says of what it has written: its values before, or after. */
static void
learn(struct history *h, const struct written *w, const uint16_t *values)
{
	for (unsigned i = 0; i < w->words; i++) {
		uint16_t *state = &h->state[w->word + i];

		*state = (uint16_t)((*state & ~w->mask[i]) | values[i]);
		h->seen[w->word + i] |= w->mask[i];
	}
}

/* A row ahead of the result: what it leaves is there before the result. */
static void
learn_after(struct history *h, const struct written *w)
{
	learn(h, w, w->after);
}

/* A row of or behind the result: what it found, if nothing else in between
 * wrote it, was there before the result. */
static void
learn_before(struct history *h, const struct written *w)
{
	for (unsigned i = 0; i < w->words; i++) {
		uint16_t *seen = &h->seen[w->word + i];

		h->state[w->word + i] |= w->before[i] & (uint16_t) ~*seen;
		*seen |= w->mask[i];
	}
}

/* Returns 0, or -1 when memory is exhausted. */
static int
add_row(
    struct history *h, const struct record_journal *r, const struct written *w)
{
	const struct packed p = {
		.number = r->number,
		.time = r->time,
		.unit = r->unit,
		.function = r->function,
		.client = (uint8_t)strlen(r->client),
		.subject = (uint8_t)strlen(r->subject),
		.role = (uint8_t)strlen(r->role),
		.word = (uint8_t)w->word,
		.words = (uint8_t)w->words,
		.written = w->bits,
	};

	if (reserve(h,
		sizeof(p) + p.client + p.subject + p.role + 6 * w->words) != 0)
		return -1;
	put(h, &p, sizeof(p));
	put(h, r->client, p.client);
	put(h, r->subject, p.subject);
	put(h, r->role, p.role);
	put(h, w->mask, 2 * w->words);
	put(h, w->before, 2 * w->words);
	put(h, w->after, 2 * w->words);
	h->rows++;
	learn_before(h, w);
	return 0;
}

/* The result is what it is; go on behind a row. */
static bool
end_behind(struct history *h, int64_t number)
{
	h->more = number < h->last ? number : 0;
	return true;
}

/* Look at a row. Returns whether the search has ended. */
static bool
look_at(struct history *h, enum datatable_overlay overlay,
    const struct record_journal *r)
{
	const struct history_query *q = &h->query;
	struct written w;

	if (!take_written(h, overlay, r, &w))
		return false;
	if (!w.changes || r->time < q->since || r->time > q->until) {
		if (h->rows == 0)
			learn_after(h, &w);
		else if (!h->gap)
			learn_before(h, &w);
		h->gap |= h->rows != 0 && w.changes;
		return false;
	}
	/* The values would not follow from those before. */
	if (h->gap)
		return end_behind(h, r->number - 1);
	if (add_row(h, r, &w) != 0)
		return fail_memory(h);
	if (h->rows < q->limit && h->length < HISTORY_BYTES_MAX)
		return false;
	return end_behind(h, r->number);
}

/* Periods ------------------------------------------------------------------*/

static int
prepare(struct store *s, const char *sql, sqlite3_stmt **statement)
{
	if (*statement != NULL)
		return SQLITE_OK;
	return sqlite3_prepare_v3(
	    s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

/* Find the point behind an elapsed time; the present one where the table has
 * none. Returns false where there is no such table, or it can't be read: then
 * all rows are read. */
static bool
find_point(const struct history *h, struct history_reader *r,
    struct point_of_age *point)
{
	const struct age *age = &r->store->age;
	int rc;

	if (age->db == NULL ||
	    prepare(r->store,
		"SELECT elapsed, time, number FROM age "
		"WHERE sum = elapsed + time + number AND elapsed > ? "
		"ORDER BY elapsed LIMIT 1",
		&r->periods) != SQLITE_OK)
		return false;
	sqlite3_bind_int64(r->periods, 1, h->has_point ? h->point.elapsed : -1);
	rc = sqlite3_step(r->periods);
	if (rc == SQLITE_ROW)
		*point = (struct point_of_age){
			sqlite3_column_int64(r->periods, 0),
			sqlite3_column_int64(r->periods, 1),
			sqlite3_column_int64(r->periods, 2),
		};
	else if (rc == SQLITE_DONE)
		*point = (struct point_of_age){
			age->ahead + clock_steady_us(),
			clock_realtime_us(),
			h->last,
		};
	sqlite3_reset(r->periods);
	return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

/* Whether the system's clock has agreed with the steady one between two
 * points. */
static bool
is_steady(const struct point_of_age *from, const struct point_of_age *to)
{
	int64_t passed, drift;

	return to->number >= from->number &&
	    !__builtin_sub_overflow(to->time, from->time, &passed) &&
	    !__builtin_sub_overflow(
		passed, to->elapsed - from->elapsed, &drift) &&
	    drift >= -CLOCK_STEP_US && drift <= CLOCK_STEP_US;
}

static bool
is_before(int64_t time, int64_t slack, int64_t moment)
{
	int64_t latest;

	return !__builtin_add_overflow(time, slack, &latest) && latest < moment;
}

static bool
is_behind(int64_t time, int64_t slack, int64_t moment)
{
	int64_t earliest;

	return !__builtin_sub_overflow(time, slack, &earliest) &&
	    earliest > moment;
}

/* Rows up to a number are passed over. */
static void
pass_over(struct history *h, int64_t number)
{
	if (number < h->next)
		return;
	h->gap |= h->rows != 0;
	h->next = number + 1;
}

/* Begin the next period: pass over it, or set its end. */
static void
begin_period(struct history *h, struct history_reader *r)
{
	struct point_of_age to;

	h->period_end = h->last;
	h->ordered = false;
	h->late_end = h->next;
	if (!find_point(h, r, &to))
		return;
	h->period_end = to.number < h->last ? to.number : h->last;
	h->ordered = h->has_point && is_steady(&h->point, &to);
	if (h->ordered)
		h->late_end = h->period_end + 1;
	if (h->ordered &&
	    (is_before(to.time, PERIOD_SLACK_US, h->query.since) ||
		is_behind(h->point.time, PERIOD_SLACK_US, h->query.until)))
		pass_over(h, h->period_end);
	h->has_point = true;
	h->point = to;
}

/* The search ---------------------------------------------------------------*/

static void
begin(struct history *h)
{
	h->begun = true;
	h->deadline = clock_ns() + HISTORY_TIME_NS;
	h->next = h->query.after < INT64_MAX ? h->query.after + 1 : INT64_MAX;
	h->period_end = h->next - 1;
}

/* Rows may have been removed and added since the last step. */
static void
follow(struct history *h, const struct store *s)
{
	if (h->next < s->first)
		h->next = s->first;
	h->last = s->last < INT64_MAX ? s->last : INT64_MAX - 1;
}

/* Where times rise, halve the rows that may be early. If a row cannot be read,
 * all are looked at, which tells why. */
static void
halve(struct history *h, struct history_reader *r)
{
	int64_t middle = h->next + (h->late_end - h->next) / 2;
	struct record_journal row;

	sqlite3_bind_int64(r->rows.statement, 1, middle);
	sqlite3_bind_int64(r->rows.statement, 2, middle);
	if (row_next(r->rows.statement, &row) != SQLITE_OK)
		h->late_end = h->next;
	else if (is_before(row.time, CLOCK_STEP_US, h->query.since))
		pass_over(h, middle);
	else
		h->late_end = middle;
	sqlite3_reset(r->rows.statement);
}

/* Read rows of the period. Returns whether the search has ended. */
static bool
read_rows(struct history *h, struct history_reader *r, uint64_t end)
{
	struct record_journal row;
	bool ended = false;
	int rc;

	sqlite3_bind_int64(r->rows.statement, 1, h->next);
	sqlite3_bind_int64(r->rows.statement, 2, h->period_end);
	while (!ended && h->next <= h->period_end) {
		rc = row_next(r->rows.statement, &row);
		if (rc == SQLITE_OK && h->ordered &&
		    is_behind(row.time, CLOCK_STEP_US, h->query.until)) {
			pass_over(h, h->period_end);
			break;
		}
		if (rc == SQLITE_EMPTY ||
		    (rc == SQLITE_OK && row.number != h->next))
			rc = SQLITE_CORRUPT; /* missing */
		if (rc != SQLITE_OK)
			ended = fail_row(h, r->store, rc);
		else
			ended = look_at(h, r->store->overlay, &row);
		h->next++;
		if (clock_ns() >= end)
			break;
	}
	sqlite3_reset(r->rows.statement);
	return ended;
}

/* What no row has shown has not changed since. */
static void
complete(struct history *h, const struct store *s)
{
	bool coils = h->query.kind == DATATABLE_COILS;
	unsigned base = h->asked.first / 16;

	for (unsigned i = 0; i < h->words && !h->gap; i++) {
		uint16_t mask = mask_of(h->asked, base + i);
		uint16_t unseen = mask & (uint16_t)~h->seen[i];
		uint16_t value;

		if (coils)
			datatable_read_coils(
			    s->table, (uint16_t)(16 * (base + i)), 16, &value);
		else
			datatable_read_registers(
			    s->table, (uint16_t)(base + i), 1, &value);
		h->state[i] |= value & unseen;
		h->seen[i] = mask;
	}
}

bool
history_step(struct history *h, struct history_reader *r)
{
	uint64_t end = clock_ns() + STEP_NS;
	bool ended = false;
	int rc = row_query_prepare(&r->rows, r->store->db, r->store->version,
	    "WHERE number BETWEEN ? AND ? ORDER BY number");

	if (rc != SQLITE_OK)
		return fail_row(h, r->store, rc);
	if (!h->begun)
		begin(h);
	follow(h, r->store);
	while (!ended && h->next <= h->last && clock_ns() < end)
		if (h->next > h->period_end)
			begin_period(h, r);
		else if (h->late_end - h->next > FEW_ROWS)
			halve(h, r);
		else
			ended = read_rows(h, r, end);
	if (ended)
		return true;
	if (h->next > h->last) {
		complete(h, r->store);
		return true;
	}
	return h->next - 1 > h->query.after && clock_ns() >= h->deadline &&
	    end_behind(h, h->next - 1);
}

/* The result ---------------------------------------------------------------*/

const struct store_error *
history_error(const struct history *h)
{
	return h->failed ? &h->why : NULL;
}

int64_t
history_next(const struct history *h)
{
	return h->more;
}

static const void *
get(struct history *h, void *to, size_t length)
{
	memcpy(to, h->bytes + h->taken, length);
	h->taken += length;
	return to;
}

static void
get_text(struct history *h, char *text, size_t length)
{
	get(h, text, length);
	text[length] = '\0';
}

/* Copy words so that they begin with the address of the query. */
static void
align(const struct history *h, const uint16_t *from, uint16_t *to)
{
	unsigned shift =
	    h->query.kind == DATATABLE_COILS ? h->asked.first % 16 : 0;

	for (unsigned i = 0; i < h->words; i++) {
		uint32_t next = i + 1 < h->words ? from[i + 1] : 0;

		to[i] = (uint16_t)((from[i] | next << 16) >> shift);
	}
}

static void
set_range(const struct history *h, struct bits written, struct history_row *row)
{
	unsigned size = h->query.kind == DATATABLE_COILS ? 1 : 16;

	row->address = (uint16_t)(written.first / size);
	row->quantity = (uint16_t)((written.end - 1) / size - row->address + 1);
}

bool
history_take(struct history *h, struct history_row *row)
{
	struct packed p;
	struct written w = { .changes = true };

	if (h->taken == h->length)
		return false;
	get(h, &p, sizeof(p));
	get_text(h, row->client, p.client);
	get_text(h, row->subject, p.subject);
	get_text(h, row->role, p.role);
	row->number = p.number;
	row->time = p.time;
	row->unit = p.unit;
	row->function = p.function;
	set_range(h, p.written, row);
	w.word = p.word;
	w.words = p.words;
	get(h, w.mask, 2 * w.words);
	get(h, w.before, 2 * w.words);
	get(h, w.after, 2 * w.words);
	align(h, h->seen, row->known);
	/* Not what the row before it left where a simulation has written. */
	learn(h, &w, w.before);
	align(h, h->state, row->before);
	learn_after(h, &w);
	align(h, h->state, row->after);
	return true;
}
