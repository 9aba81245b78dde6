#include "state/upgrade.h"

#include "state/schema.h"
#include "state/sql.h"
#include "store_private.h"

static int
from_1_to_2(sqlite3 *db)
{
	static const char *const statements[] = {
		"DROP INDEX journal_by_address",
		SCHEMA_AGE,
		("INSERT INTO meta VALUES ('log', " SCHEMA_LOG_NAME ")"),
	};
	int64_t last = 0;
	int rc = sql_run_all(
	    db, statements, sizeof(statements) / sizeof(*statements));

	if (rc == SQLITE_OK)
		rc = sql_number(
		    db, "SELECT coalesce(max(number), 0) FROM journal", &last);
	return rc == SQLITE_OK ? store_put_row(db, "blocks", last) : rc;
}

static int
from_2_to_3(sqlite3 *db)
{
	static const char *const statements[] = {
		"ALTER TABLE journal ADD COLUMN " SCHEMA_SUBJECT,
		"ALTER TABLE journal ADD COLUMN " SCHEMA_ROLE,
		("PRAGMA user_version = " SCHEMA_TEXT(SCHEMA_VERSION)),
	};

	return sql_run_all(
	    db, statements, sizeof(statements) / sizeof(*statements));
}

int
upgrade_database(sqlite3 *db, int version)
{
	int rc = version == 1 ? from_1_to_2(db) : SQLITE_OK;

	return rc == SQLITE_OK ? from_2_to_3(db) : rc;
}
