#include "state/freelist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "state/schema.h"
#include "state/sql.h"
#include "state/wal.h"

/*
 * https://www.sqlite.org/fileformat2.html#the_freelist: the list's first page
 * is at offset 32 of the file, the number of free pages behind it. Each of the
 * list's pages has the number of the next one, a count, and so many numbers of
 * free pages.
 */
#define FIRST_OFFSET 32
#define FREE_OFFSET  36
#define LEAVES_MAX   (SCHEMA_PAGE_SIZE / 4 - 2)

struct pages {
	uint32_t count; /* of the file; they are numbered from 1 on */
	bool *used;     /* owned, by number: by a table, or in the list */
	struct wal_pages *logged; /* owned, or NULL: none is in a log */
};

/* Mark a page. Returns false when it is none, or is marked already. */
static bool
mark(struct pages *p, uint32_t page)
{
	if (page < 1 || page > p->count || p->used[page])
		return false;
	p->used[page] = true;
	return true;
}

/* Where SQLite cannot list the pages of a table, it checks all of the file. */
static int
check_by_sqlite(sqlite3 *db)
{
	char said[8];
	int rc = sql_text(db, "PRAGMA integrity_check(1)", said, sizeof(said));

	if (rc != SQLITE_OK)
		return rc;
	return said[0] == 'o' && said[1] == 'k' ? SQLITE_OK : SQLITE_CORRUPT;
}

static int
mark_tables(struct pages *p, sqlite3_stmt *pages)
{
	int rc;

	while ((rc = sqlite3_step(pages)) == SQLITE_ROW)
		if (!mark(p, (uint32_t)sqlite3_column_int64(pages, 0)))
			return SQLITE_CORRUPT;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* From the log, or else from the file: by SQLite's own descriptor, as to close
 * another one would end its locks. */
static int
read_page(const struct pages *p, sqlite3 *db, uint32_t number, uint8_t *page)
{
	sqlite3_file *file = NULL;
	int logged =
	    p->logged == NULL ? 0 : wal_pages_read(p->logged, number, page);

	if (logged != 0)
		return logged > 0 ? SQLITE_OK : SQLITE_IOERR_READ;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (file == NULL || file->pMethods == NULL)
		return SQLITE_IOERR_READ;
	return file->pMethods->xRead(file, page, SCHEMA_PAGE_SIZE,
	    (sqlite3_int64)(number - 1) * SCHEMA_PAGE_SIZE);
}

/* The pages that a page of the list lists, and itself. */
static int
mark_listed(struct pages *p, const uint8_t *page, uint32_t *listed)
{
	uint32_t leaves = bytes_get32(page + 4);

	if (leaves > LEAVES_MAX)
		return SQLITE_CORRUPT;
	for (uint32_t i = 0; i < leaves; i++)
		if (!mark(p, bytes_get32(page + 8 + (size_t)4 * i)))
			return SQLITE_CORRUPT;
	*listed += 1 + leaves;
	return SQLITE_OK;
}

static int
check_list(struct pages *p, sqlite3 *db)
{
	uint8_t page[SCHEMA_PAGE_SIZE] = { 0 };
	int rc = read_page(p, db, 1, page);
	uint32_t next = bytes_get32(page + FIRST_OFFSET);
	uint32_t expected = bytes_get32(page + FREE_OFFSET), listed = 0;

	while (rc == SQLITE_OK && next != 0) {
		rc = mark(p, next) ? read_page(p, db, next, page) :
				     SQLITE_CORRUPT;
		if (rc == SQLITE_OK)
			rc = mark_listed(p, page, &listed);
		next = bytes_get32(page);
	}
	return rc == SQLITE_OK && listed != expected ? SQLITE_CORRUPT : rc;
}

static int
find_logged(struct pages *p, const char *log)
{
	if (log == NULL)
		return SQLITE_OK;
	p->logged = wal_pages_new(log, p->count);
	if (p->logged != NULL)
		return SQLITE_OK;
	return errno == ENOMEM ? SQLITE_NOMEM : SQLITE_IOERR_READ;
}

int
freelist_check(sqlite3 *db, const char *log)
{
	struct pages p = { 0 };
	sqlite3_stmt *tables;
	int64_t count;
	int rc = sql_number(db, "PRAGMA page_count", &count);

	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_prepare_v2(db,
		"SELECT pageno FROM dbstat WHERE name IN "
		"('sqlite_schema', 'meta', 'block')",
		-1, &tables, NULL) != SQLITE_OK)
		return check_by_sqlite(db);
	p.count = (uint32_t)count;
	p.used = calloc((size_t)count + 1, sizeof(*p.used));
	rc = p.used == NULL ? SQLITE_NOMEM : mark_tables(&p, tables);
	sqlite3_finalize(tables);
	if (rc == SQLITE_OK)
		rc = find_logged(&p, log);
	if (rc == SQLITE_OK)
		rc = check_list(&p, db);
	wal_pages_free(p.logged);
	free(p.used);
	return rc;
}
