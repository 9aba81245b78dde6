#include "state/restore.h"

#include "state/backup.h"
#include "state/record.h"
#include "store_private.h"

#define COILS_PER_BLOCK (SCHEMA_BLOCK_WORDS * 16)

/* Copy s to path. */
static int
copy(struct store *s, const char *path, struct store_error *why)
{
	struct backup *b = backup_begin(s, path, why);
	enum backup_state state;

	if (b == NULL)
		return -1;
	do
		state = backup_step(b, why);
	while (state == BACKUP_IN_PROGRESS);
	backup_end(b);
	return state == BACKUP_DONE ? 0 : -1;
}

static int
cut_journal(sqlite3 *db, int64_t last)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(
	    db, "DELETE FROM journal WHERE number > ?", -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 1, last);
	if (rc == SQLITE_OK)
		rc = sql_step(statement);
	sqlite3_finalize(statement);
	return rc;
}

static void
encode_block(const struct datatable *t, unsigned number, uint8_t *bytes)
{
	uint16_t words[SCHEMA_BLOCK_WORDS];
	unsigned coils = number - SCHEMA_REGISTER_BLOCKS;

	if (number < SCHEMA_REGISTER_BLOCKS)
		datatable_read_registers(t,
		    (uint16_t)(number * SCHEMA_BLOCK_WORDS), SCHEMA_BLOCK_WORDS,
		    words);
	else
		datatable_read_coils(t, (uint16_t)(coils * COILS_PER_BLOCK),
		    COILS_PER_BLOCK, words);
	record_pack(DATATABLE_REGISTERS, SCHEMA_BLOCK_WORDS, words, bytes);
}

static int
put_blocks(
    sqlite3 *db, enum datatable_overlay overlay, const struct datatable *t)
{
	const unsigned blocks = overlay == DATATABLE_OVERLAID ?
	    SCHEMA_REGISTER_BLOCKS :
	    SCHEMA_BLOCKS;
	uint8_t bytes[SCHEMA_BLOCK_SIZE];
	sqlite3_stmt *update = NULL;
	int rc = sqlite3_prepare_v2(db,
	    "UPDATE block SET data = ?, crc = ? WHERE number = ?", -1, &update,
	    NULL);

	for (unsigned i = 0; rc == SQLITE_OK && i < blocks; i++) {
		encode_block(t, i, bytes);
		sqlite3_bind_blob(
		    update, 1, bytes, SCHEMA_BLOCK_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(update, 2, record_block_crc(i, bytes));
		sqlite3_bind_int64(update, 3, i);
		rc = sql_step(update);
	}
	sqlite3_finalize(update);
	return rc;
}

/* Make the copy what it is to be. It has a temporary name until it is complete,
 * so it needs no journal. */
static int
rewrite_copy(sqlite3 *db, enum datatable_overlay overlay,
    const struct datatable *t, int64_t last)
{
	static const char *const statements[] = {
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = OFF",
		"PRAGMA synchronous = OFF",
		"BEGIN",
	};
	int rc = sql_run_all(
	    db, statements, sizeof(statements) / sizeof(*statements));

	if (rc == SQLITE_OK)
		rc = cut_journal(db, last);
	if (rc == SQLITE_OK)
		rc = put_blocks(db, overlay, t);
	return rc == SQLITE_OK ? sql_run(db, "COMMIT") : rc;
}

/* The contents of the new file. */
struct source {
	struct store *store;
	const struct datatable *table;
	int64_t last;
};

static int
build(void *arg, const char *path, struct store_error *why)
{
	const struct source *from = arg;
	sqlite3 *db;

	if (copy(from->store, path, why) != 0 ||
	    store_open_database(path, SQLITE_OPEN_READWRITE, &db, why) != 0)
		return -1;
	return store_close_new(path, db,
	    rewrite_copy(db, from->store->overlay, from->table, from->last),
	    why);
}

int
restore_create(struct store *s, const char *path, const struct datatable *t,
    int64_t last, struct store_error *why)
{
	struct source from = { s, t, last };

	if (store_check_target(s, path, why) != 0)
		return -1;
	return store_place(path, PLACE_AGAIN, build, &from, why);
}
