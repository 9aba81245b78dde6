#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "state/schema.h"
#include "store_private.h"

#define TEXT_MAX 32

/* The value of the key for a row, while the log has the name that it has. */
static int
format(sqlite3 *db, int64_t row, char *text)
{
	uint8_t summed[8 + SCHEMA_LOG_NAME_SIZE + 1];
	char *name = (char *)bytes_put(summed, (uint64_t)row, 8);
	int rc = sql_text(db,
	    "SELECT substr(value, 1, " SCHEMA_TEXT(
		SCHEMA_LOG_NAME_SIZE) ") FROM meta WHERE key = 'log'",
	    name, SCHEMA_LOG_NAME_SIZE + 1);

	if (rc == SQLITE_OK)
		snprintf(text, TEXT_MAX, "%" PRId64 " %08" PRIX32, row,
		    crc32c(0, summed, 8 + strlen(name)));
	return rc;
}

int
store_put_kept(struct store *s, int64_t row)
{
	char text[TEXT_MAX], sql[TEXT_MAX + 60];
	int rc = format(s->db, row, text);

	if (rc != SQLITE_OK)
		return rc;
	snprintf(
	    sql, sizeof(sql), "REPLACE INTO meta VALUES ('kept', '%s')", text);
	return sql_run(s->db, sql);
}

int
store_read_kept(struct store *s)
{
	char text[TEXT_MAX], expected[TEXT_MAX];
	int64_t row = 0;
	int rc = sql_text(s->db, "SELECT value FROM meta WHERE key = 'kept'",
	    text, sizeof(text));

	if (rc == SQLITE_OK) {
		row = strtoll(text, NULL, 10);
		rc = format(s->db, row, expected);
	}
	if (rc != SQLITE_OK && rc != SQLITE_EMPTY)
		return rc;
	if (rc == SQLITE_EMPTY || strcmp(text, expected) != 0)
		row = s->first;
	s->kept = row;
	/* Rows that are missing were not deleted. */
	if (row < s->first)
		s->first = row;
	return SQLITE_OK;
}
