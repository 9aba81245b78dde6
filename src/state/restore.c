#include "state/restore.h"

#include "state/schema.h"
#include "state/upgrade.h"
#include "store_private.h"
#include "system/error.h"

/* The contents of the new file. */
struct source {
	struct store *store;
	const struct datatable *table;
	int64_t last;
};

/* Copy s to path, without free pages, whatever its auto_vacuum is. */
static int
copy(struct store *s, const char *path, struct store_error *why)
{
	sqlite3_stmt *statement = NULL;
	int error, rc = sql_run(s->db, "PRAGMA auto_vacuum = INCREMENTAL");

	if (rc == SQLITE_OK || rc == SQLITE_READONLY)
		rc = sqlite3_prepare_v2(
		    s->db, "VACUUM INTO ?", -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	error =
	    error_of_system(sqlite3_system_errno(s->db)); /* of either file */
	sqlite3_finalize(statement);
	if (rc == SQLITE_DONE)
		return 0;
	return store_fail_sql(path, rc, error, "cannot be created", why);
}

static int
cut(sqlite3 *db, const char *sql, int64_t last)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 1, last);
	if (rc == SQLITE_OK)
		rc = sql_step(statement);
	sqlite3_finalize(statement);
	return rc;
}

/* Make the copy what it is to be. It has a temporary name until it is complete,
 * so it needs no journal. */
static int
rewrite_copy(sqlite3 *db, const struct source *from)
{
	static const char *const statements[] = {
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = OFF",
		"PRAGMA synchronous = OFF",
		"BEGIN",
	};
	int rc = sql_run_all(
	    db, statements, sizeof(statements) / sizeof(*statements));

	if (rc == SQLITE_OK && from->store->version != SCHEMA_VERSION)
		rc = upgrade_database(db, from->store->version);
	if (rc == SQLITE_OK)
		rc =
		    cut(db, "DELETE FROM journal WHERE number > ?", from->last);
	if (rc == SQLITE_OK)
		rc = cut(db, "DELETE FROM age WHERE number > ?", from->last);
	if (rc == SQLITE_OK)
		rc = store_put_blocks(
		    db, from->store->overlay, from->table, NULL, from->last);
	if (rc == SQLITE_OK)
		rc = sql_run(db, "COMMIT");
	return rc == SQLITE_OK ? sql_run(db, "PRAGMA incremental_vacuum") : rc;
}

static int
build(void *arg, const char *path, struct store_error *why)
{
	const struct source *from = arg;
	sqlite3 *db;

	if (copy(from->store, path, why) != 0 ||
	    store_open_database(path, SQLITE_OPEN_READWRITE, &db, why) != 0)
		return -1;
	return store_close_new(path, db, rewrite_copy(db, from), why);
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
