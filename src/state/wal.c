#include "state/wal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "state/schema.h"
#include "system/file.h"

/*
 * https://www.sqlite.org/fileformat2.html#walformat, all big-endian:
 *
 *   header  magic, version 3007000, page size, checkpoints, salt (8), sum (8)
 *   frame   page number, size of the database if it ends a transaction else 0,
 *           salt (8), sum (8), page
 *
 * Sums run on from the header's through every frame, over the first 8 bytes of
 * a frame and its page. The last bit of the magic is the byte order of the
 * words that are summed. Frames with another salt are of an earlier log.
 */
#define MAGIC         0x377F0682
#define VERSION       3007000
#define HEADER_SIZE   32
#define FRAME_HEADER  24
#define FRAME_SIZE    (FRAME_HEADER + SCHEMA_PAGE_SIZE)
#define SUMMED_HEADER (HEADER_SIZE - 8)

struct wal {
	uint8_t salt[8];
	uint32_t sum[2];
	bool big_endian; /* the words that are summed */
	uint64_t *sums; /* owned: of the good frames, up to the first bad one */
	size_t count;   /* of sums */
};

static void
add(struct wal *w, const uint8_t *bytes, size_t length)
{
	uint32_t (*word)(const uint8_t *) =
	    w->big_endian ? bytes_get32 : bytes_get32_little;

	for (const uint8_t *end = bytes + length; bytes < end; bytes += 8) {
		w->sum[0] += word(bytes) + w->sum[1];
		w->sum[1] += word(bytes + 4) + w->sum[0];
	}
}

static bool
sum_matches(const struct wal *w, const uint8_t *b)
{
	return bytes_get32(b) == w->sum[0] && bytes_get32(b + 4) == w->sum[1];
}

static bool
take_header(struct wal *w, const uint8_t *b)
{
	w->big_endian = b[3] & 1;
	memcpy(w->salt, b + 16, sizeof(w->salt));
	add(w, b, SUMMED_HEADER);
	return (bytes_get32(b) & ~1U) == MAGIC &&
	    bytes_get32(b + 4) == VERSION &&
	    bytes_get32(b + 8) == SCHEMA_PAGE_SIZE &&
	    sum_matches(w, b + SUMMED_HEADER);
}

/* Whether a frame is of this log, good or bad. */
static bool
is_current(const struct wal *w, const uint8_t *frame)
{
	return memcmp(frame + 8, w->salt, sizeof(w->salt)) == 0;
}

static bool
is_good(struct wal *w, const uint8_t *frame)
{
	if (!is_current(w, frame) || bytes_get32(frame) == 0)
		return false;
	add(w, frame, 8);
	add(w, frame + FRAME_HEADER, SCHEMA_PAGE_SIZE);
	return sum_matches(w, frame + 16);
}

/* Copies -------------------------------------------------------------------*/

static uint64_t
stored_sum(const uint8_t *frame)
{
	return bytes_get64(frame + 16);
}

/* Returns 0, or -1 with errno set. */
static int
add_stored_sum(struct wal *w, const uint8_t *frame)
{
	/* The array is full at each power of two. */
	if ((w->count & (w->count - 1)) == 0) {
		size_t room = w->count == 0 ? 1 : 2 * w->count;
		uint64_t *sums = realloc(w->sums, room * sizeof(*sums));

		if (sums == NULL)
			return -1;
		w->sums = sums;
	}
	w->sums[w->count++] = stored_sum(frame);
	return 0;
}

static int
compare_sums(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Each sum depends on all frames before it, so no two frames have the same. */
static bool
is_copy(const struct wal *w, const uint8_t *frame)
{
	uint64_t sum = stored_sum(frame);

	return w->count > 0 &&
	    bsearch(&sum, w->sums, w->count, sizeof(sum), compare_sums) != NULL;
}

/* The log ----------------------------------------------------------------*/

/*
 * frame is the first bad one. Whether more than one transaction follows: a good
 * frame that ends a transaction, and a good one after it. Each must be good
 * when summed from the frame before it, and not be a copy of an earlier frame,
 * as an unfinished transaction may contain anything.
 */
static bool
has_later_transaction(FILE *f, struct wal *w, uint8_t *frame)
{
	bool ended = false;

	if (w->count > 0)
		qsort(w->sums, w->count, sizeof(*w->sums), compare_sums);
	for (;;) {
		bool good;

		w->sum[0] = bytes_get32(frame + 16);
		w->sum[1] = bytes_get32(frame + 20);
		if (fread(frame, FRAME_SIZE, 1, f) != 1)
			return false;
		good = is_good(w, frame) && !is_copy(w, frame);
		if (ended && good)
			return true;
		ended = good && bytes_get32(frame + 4) != 0;
	}
}

static enum wal_state
check_frames(FILE *f, struct wal *w)
{
	uint8_t frame[FRAME_SIZE];
	size_t n = fread(frame, 1, HEADER_SIZE, f);
	bool sound = n == HEADER_SIZE && take_header(w, frame);
	enum wal_state state = WAL_EMPTY;

	/* The header is on disk before any frame is written. */
	while (fread(frame, FRAME_SIZE, 1, f) == 1) {
		state = WAL_SOUND;
		if (!sound)
			return WAL_DAMAGED;
		if (!is_good(w, frame))
			return has_later_transaction(f, w, frame) ?
			    WAL_DAMAGED :
			    WAL_SOUND;
		if (add_stored_sum(w, frame) != 0)
			return WAL_UNREADABLE;
	}
	return state;
}

enum wal_state
wal_check(const char *path)
{
	enum wal_state state;
	struct wal w = { 0 };
	FILE *f = file_stream(path);

	if (f == NULL)
		return errno == ENOENT ? WAL_MISSING : WAL_UNREADABLE;
	errno = EIO;
	state = check_frames(f, &w);
	if (ferror(f))
		state = WAL_UNREADABLE;
	free(w.sums);
	fclose(f);
	return state;
}

/* Pages --------------------------------------------------------------------*/

struct wal_pages {
	FILE *file; /* owned */
	uint32_t count;
	uint32_t frames[]; /* by page number: its newest one, from 1 on, or 0 */
};

static bool
next_good(FILE *f, struct wal *w, uint8_t *frame)
{
	return fread(frame, FRAME_SIZE, 1, f) == 1 && is_good(w, frame);
}

/* How many frames there are up to the end of the last transaction. */
static uint32_t
count_committed(FILE *f)
{
	uint8_t frame[FRAME_SIZE];
	struct wal w = { 0 };
	uint32_t committed = 0;

	if (fread(frame, HEADER_SIZE, 1, f) != 1 || !take_header(&w, frame))
		return 0;
	for (uint32_t n = 1; next_good(f, &w, frame); n++)
		if (bytes_get32(frame + 4) != 0)
			committed = n;
	return committed;
}

static void
find_pages(struct wal_pages *p)
{
	const uint32_t committed = count_committed(p->file);
	uint8_t frame[FRAME_SIZE];

	fseek(p->file, HEADER_SIZE, SEEK_SET);
	for (uint32_t n = 1;
	     n <= committed && fread(frame, FRAME_SIZE, 1, p->file) == 1; n++) {
		uint32_t page = bytes_get32(frame);

		if (page <= p->count)
			p->frames[page] = n;
	}
}

struct wal_pages *
wal_pages_new(const char *path, uint32_t count)
{
	struct wal_pages *p;
	const uint64_t size =
	    sizeof(*p) + (count + UINT64_C(1)) * sizeof(*p->frames);

	/* A damaged database may claim to be larger than any memory. */
	if ((size_t)size != size) {
		errno = ENOMEM;
		return NULL;
	}
	p = calloc(1, (size_t)size);
	if (p == NULL)
		return NULL;
	p->count = count;
	p->file = file_stream(path);
	if (p->file != NULL)
		find_pages(p);
	if (p->file != NULL && !ferror(p->file))
		return p;
	wal_pages_free(p);
	return NULL;
}

void
wal_pages_free(struct wal_pages *p)
{
	if (p != NULL && p->file != NULL)
		fclose(p->file);
	free(p);
}

int
wal_pages_read(const struct wal_pages *p, uint32_t page, uint8_t *bytes)
{
	int64_t at;

	if (page > p->count || p->frames[page] == 0)
		return 0;
	at = HEADER_SIZE + (int64_t)(p->frames[page] - 1) * FRAME_SIZE +
	    FRAME_HEADER;
	return file_read_at(fileno(p->file), bytes, SCHEMA_PAGE_SIZE, at) ==
		SCHEMA_PAGE_SIZE ?
	    1 :
	    -1;
}
