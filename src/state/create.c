#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "state/schema.h"
#include "store_private.h"

static int
put_meta(sqlite3 *db, enum datatable_overlay overlay)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO meta VALUES ('mode', '%s'), ('created', '%" PRId64
	    "'), ('log', " SCHEMA_LOG_NAME ")",
	    overlay == DATATABLE_OVERLAID ? SCHEMA_MODE_OVERLAID :
					    SCHEMA_MODE_SEPARATE,
	    clock_realtime_us());
	return sql_run(db, sql);
}

static int
put_zeros(sqlite3 *db, enum datatable_overlay overlay)
{
	struct datatable *zeros = datatable_new(overlay);
	int rc = zeros == NULL ? SQLITE_NOMEM :
				 store_put_blocks(db, overlay, zeros, NULL, 0);

	datatable_free(zeros);
	return rc;
}

/* The file has a temporary name until it is complete, so it needs no journal.
 */
static int
fill(sqlite3 *db, enum datatable_overlay overlay)
{
	static const char *const statements[] = {
		"PRAGMA page_size = " SCHEMA_TEXT(SCHEMA_PAGE_SIZE),
		"PRAGMA auto_vacuum = INCREMENTAL",
		"PRAGMA encoding = 'UTF-8'",
		"PRAGMA locking_mode = EXCLUSIVE",
		"PRAGMA journal_mode = OFF",
		"PRAGMA synchronous = FULL",
		"BEGIN",
		"PRAGMA application_id = " SCHEMA_TEXT(SCHEMA_APPLICATION_ID),
		"PRAGMA user_version = " SCHEMA_TEXT(SCHEMA_VERSION),
		SCHEMA_META,
		SCHEMA_BLOCK,
		SCHEMA_JOURNAL,
		SCHEMA_AGE,
	};
	int rc = sql_run_all(
	    db, statements, sizeof(statements) / sizeof(*statements));

	if (rc == SQLITE_OK)
		rc = put_meta(db, overlay);
	if (rc == SQLITE_OK)
		rc = put_zeros(db, overlay);
	return rc == SQLITE_OK ? sql_run(db, "COMMIT") : rc;
}

static int
build(void *arg, const char *path, struct store_error *why)
{
	const enum datatable_overlay *overlay = arg;
	sqlite3 *db;

	if (store_open_database(path,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, why) != 0)
		return -1;
	return store_close_new(path, db, fill(db, *overlay), why);
}

int
store_create(
    const char *path, enum datatable_overlay overlay, struct store_error *why)
{
	return store_place(path, PLACE_FIRST, build, &overlay, why);
}
