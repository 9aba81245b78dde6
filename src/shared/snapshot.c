#include "shared/snapshot.h"

#include <string.h>

#include "base/bytes.h"
#include "base/client.h"
#include "base/crc32c.h"
#include "modbus/modbus.h"

/*
 * The bytes:
 *
 *   magic 8 | mode 1 | number 8 | fingerprint 8 | sessions 1 | each: session 8,
 *   last 8 | registers 131,072 | coils 8,192, unless overlaid | CRC-32C 4
 *
 * The magic ends with the version. Coils are packed as the table packs them:
 * words of 16, the low byte first.
 */
#define MAGIC          "MBSHARE1"
#define MAGIC_SIZE     (sizeof(MAGIC) - 1)
#define HEAD_SIZE      (MAGIC_SIZE + 1 + 8 + 8 + 1)
#define SESSION_SIZE   16
#define REGISTERS_SIZE (2 * MB_ADDRESSES)
#define COILS_SIZE     (MB_ADDRESSES / 8)
#define CRC_SIZE       4

/* As much of a table as is encoded or decoded at once: a power of two. */
#define PART_WORDS 64
#define PART_COILS (16 * PART_WORDS)

_Static_assert(HEAD_SIZE + SESSIONS_MAX * SESSION_SIZE + REGISTERS_SIZE +
	    COILS_SIZE + CRC_SIZE <=
	SNAPSHOT_MAX,
    "a snapshot fits");
_Static_assert(PART_COILS <= DATATABLE_WRITE_MAX, "a part is one write");

static const struct client nobody;
static const struct datatable_writer decoder = { .client = &nobody };

static char
mode_of(enum datatable_overlay overlay)
{
	return overlay == DATATABLE_OVERLAID ? 'o' : 's';
}

static size_t
size_of(enum datatable_overlay overlay, size_t sessions)
{
	return HEAD_SIZE + sessions * SESSION_SIZE + REGISTERS_SIZE +
	    (overlay == DATATABLE_OVERLAID ? 0 : COILS_SIZE) + CRC_SIZE;
}

static uint8_t *
put_words(uint8_t *to, const uint16_t *words)
{
	for (unsigned i = 0; i < PART_WORDS; i++)
		to = bytes_put_little(to, words[i], 2);
	return to;
}

static const uint8_t *
get_words(const uint8_t *from, uint16_t *words)
{
	for (unsigned i = 0; i < PART_WORDS; i++, from += 2)
		words[i] = (uint16_t)bytes_get_little(from, 2);
	return from;
}

static uint8_t *
put_head(uint8_t *to, const struct replica *r)
{
	memcpy(to, MAGIC, MAGIC_SIZE);
	to += MAGIC_SIZE;
	*to++ = (uint8_t)mode_of(r->overlay);
	to = bytes_put_little(to, r->number, 8);
	to = bytes_put_little(to, r->fingerprint, 8);
	*to++ = (uint8_t)r->sessions.count;
	for (size_t i = 0; i < r->sessions.count; i++) {
		to = bytes_put_little(to, r->sessions.open[i].session, 8);
		to = bytes_put_little(to, r->sessions.open[i].last, 8);
	}
	return to;
}

static uint8_t *
put_table(uint8_t *to, const struct replica *r)
{
	uint16_t words[PART_WORDS];

	for (uint32_t i = 0; i < MB_ADDRESSES; i += PART_WORDS)
		to = put_words(to, datatable_registers(r->table, (uint16_t)i));
	if (r->overlay == DATATABLE_OVERLAID)
		return to;
	for (uint32_t i = 0; i < MB_ADDRESSES; i += PART_COILS) {
		datatable_read_coils(r->table, (uint16_t)i, PART_COILS, words);
		to = put_words(to, words);
	}
	return to;
}

size_t
snapshot_encode(const struct replica *r, uint8_t *out)
{
	uint8_t *end = put_table(put_head(out, r), r);

	end = bytes_put_little(
	    end, crc32c(0, out, (size_t)(end - out)), CRC_SIZE);
	return (size_t)(end - out);
}

/* Whether all of it is there, of this version and mode, and as it was made. */
static bool
is_whole(const uint8_t *b, size_t length, enum datatable_overlay overlay)
{
	return length >= HEAD_SIZE && memcmp(b, MAGIC, MAGIC_SIZE) == 0 &&
	    b[MAGIC_SIZE] == (uint8_t)mode_of(overlay) &&
	    b[HEAD_SIZE - 1] <= SESSIONS_MAX &&
	    length == size_of(overlay, b[HEAD_SIZE - 1]) &&
	    crc32c(0, b, length - CRC_SIZE) ==
	    bytes_get_little(b + length - CRC_SIZE, CRC_SIZE);
}

/* Sessions are open once each, and have spoken before the snapshot. */
static bool
add_session(struct sessions *s, const uint8_t *b, uint64_t number)
{
	uint64_t session = bytes_get_little(b, 8);
	uint64_t last = bytes_get_little(b + 8, 8);

	if (session == 0 || last > number || sessions_speak(s, session, last))
		return false;
	sessions_open(s, session, 0, last);
	return true;
}

/* Returns where the table begins, or NULL. */
static const uint8_t *
get_head(const uint8_t *b, struct replica *to)
{
	size_t sessions = b[HEAD_SIZE - 1];

	to->number = bytes_get_little(b + MAGIC_SIZE + 1, 8);
	to->fingerprint = bytes_get_little(b + MAGIC_SIZE + 9, 8);
	if (to->number == 0)
		return NULL;
	b += HEAD_SIZE;
	for (size_t i = 0; i < sessions; i++, b += SESSION_SIZE)
		if (!add_session(&to->sessions, b, to->number))
			return NULL;
	return b;
}

/* The table has no observers. */
static void
get_table(const uint8_t *b, struct replica *to)
{
	uint16_t words[PART_WORDS];

	for (uint32_t i = 0; i < MB_ADDRESSES; i += PART_WORDS) {
		b = get_words(b, words);
		datatable_write_registers(
		    to->table, &decoder, (uint16_t)i, PART_WORDS, words);
	}
	if (to->overlay == DATATABLE_OVERLAID)
		return;
	for (uint32_t i = 0; i < MB_ADDRESSES; i += PART_COILS) {
		b = get_words(b, words);
		datatable_write_coils(
		    to->table, &decoder, (uint16_t)i, PART_COILS, words);
	}
}

/* A table of its own is filled, and then copied, as copying tells no observer.
 */
int
snapshot_decode(const void *bytes, size_t length, struct replica *r)
{
	struct replica decoded;
	const uint8_t *b;

	if (!is_whole(bytes, length, r->overlay))
		return -1;
	replica_init(&decoded, NULL, r->overlay);
	b = get_head(bytes, &decoded);
	if (b == NULL)
		return -1;
	decoded.table = datatable_new(r->overlay);
	if (decoded.table == NULL)
		return -1;
	get_table(b, &decoded);
	datatable_copy(r->table, decoded.table);
	datatable_free(decoded.table);
	decoded.table = r->table;
	*r = decoded;
	return 0;
}
