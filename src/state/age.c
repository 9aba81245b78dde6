#include "state/age.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "state/sql.h"

#define HOUR INT64_C(3600000000)
#define DAY  (24 * HOUR)

/* 142 years: no file is served for so long. */
#define ELAPSED_MAX (INT64_C(1) << 52)

/* The points, without those that are damaged. */
#define POINTS                                                                 \
	"(SELECT elapsed, time, number FROM age "                              \
	"WHERE sum = elapsed + time + number AND elapsed >= 0)"

#define SQL_MAX 700

static void __attribute__((format(printf, 2, 0)))
format_sql(char *sql, const char *format, va_list args)
{
	vsnprintf(sql, SQL_MAX, format, args);
}

static int __attribute__((format(printf, 3, 4)))
query(const struct age *a, int64_t *value, const char *format, ...)
{
	char sql[SQL_MAX];
	va_list args;

	va_start(args, format);
	format_sql(sql, format, args);
	va_end(args);
	return sql_number(a->db, sql, value);
}

static int __attribute__((format(printf, 2, 3)))
run(const struct age *a, const char *format, ...)
{
	char sql[SQL_MAX];
	va_list args;

	va_start(args, format);
	format_sql(sql, format, args);
	va_end(args);
	return sql_run(a->db, sql);
}

static int64_t
elapsed_now(const struct age *a)
{
	return a->ahead + clock_steady_us();
}

/* How much of the time since the last point, whose time by the system's clock
 * is given, counts. */
static int64_t
count_stop(int64_t time, int64_t *stopped)
{
	int64_t passed;

	if (__builtin_sub_overflow(clock_realtime_us(), time, &passed))
		passed = time < 0 ? INT64_MAX : INT64_MIN;
	if (passed >= 0 && passed <= DAY)
		return passed;
	if (passed > DAY || passed < -CLOCK_STEP_US)
		*stopped = passed;
	return 0;
}

int
age_begin(struct age *a, struct sqlite3 *db, int64_t *stopped)
{
	int64_t elapsed = 0, time;
	int rc;

	*stopped = 0;
	*a = (struct age){ .db = db };
	if (db == NULL)
		return SQLITE_OK;
	rc = query(a, &elapsed,
	    "SELECT elapsed FROM " POINTS " ORDER BY elapsed DESC LIMIT 1");
	if (rc == SQLITE_OK)
		rc = query(a, &time,
		    "SELECT time FROM age WHERE elapsed = %" PRId64, elapsed);
	if (rc == SQLITE_OK) {
		a->due = elapsed + HOUR;
		elapsed += count_stop(time, stopped);
	}
	/* The first point, and one with the right time, are due at once. */
	if (rc == SQLITE_EMPTY || *stopped != 0)
		a->due = elapsed;
	a->ahead = elapsed - clock_steady_us();
	a->committed = elapsed;
	return rc == SQLITE_EMPTY ? SQLITE_OK : rc;
}

static int
find_old(struct age *a, int64_t limit, int64_t keep)
{
	int64_t next;
	int rc = query(a, &a->old,
	    "SELECT coalesce(max(number), 0) FROM " POINTS
	    " WHERE elapsed <= %" PRId64,
	    limit);

	if (rc != SQLITE_OK)
		return rc;
	rc = query(a, &next,
	    "SELECT coalesce(min(elapsed), %" PRId64 ") FROM " POINTS
	    " WHERE elapsed > %" PRId64,
	    ELAPSED_MAX, limit);
	if (rc == SQLITE_OK)
		a->next = next + keep;
	return rc;
}

int
age_find_old(struct age *a, int64_t keep, int64_t *row)
{
	int64_t now = elapsed_now(a);
	int rc = SQLITE_OK;

	if (a->db != NULL && now >= a->next)
		rc = find_old(a, now - keep, keep);
	*row = a->old;
	return rc;
}

/* Delete the points that are damaged, or in the future, and of those that
 * include no row any more all but the newest. */
static int
delete_old_points(const struct age *a, int64_t elapsed, int64_t first)
{
	return run(a,
	    "DELETE FROM age WHERE elapsed NOT IN "
	    "(SELECT elapsed FROM " POINTS " WHERE elapsed <= %" PRId64 ")"
	    " OR elapsed < (SELECT max(elapsed) FROM " POINTS
	    " WHERE number < %" PRId64 " AND elapsed <= %" PRId64 ")",
	    elapsed, first, elapsed);
}

/* Of the points that include all rows, only the oldest stays: to it, a new one
 * adds a newer time. It is the oldest of those that are left by now: so this is
 * no part of the statement above. */
static int
delete_equal_points(const struct age *a, int64_t last)
{
	return run(a,
	    "DELETE FROM age WHERE elapsed > (SELECT min(elapsed) FROM " POINTS
	    " WHERE number >= %" PRId64 ")",
	    last);
}

static int
add_point(struct age *a, int64_t elapsed, int64_t first, int64_t last)
{
	int64_t ago = elapsed_now(a) - elapsed;
	int64_t time = clock_realtime_us() - ago;
	int rc = delete_old_points(a, elapsed, first);

	a->next = 0;
	if (rc == SQLITE_OK)
		rc = delete_equal_points(a, last);
	if (rc != SQLITE_OK)
		return rc;
	return run(a,
	    "INSERT OR REPLACE INTO age VALUES (%" PRId64 ", %" PRId64
	    ", %" PRId64 ", %" PRId64 ")",
	    elapsed, time, last, elapsed + time + last);
}

/* Add a point that is due now, and one for the last commit if that is long ago:
 * the rows until before. */
static int
add_points(
    struct age *a, int64_t now, int64_t first, int64_t before, int64_t last)
{
	int rc = SQLITE_OK;

	a->due = now + HOUR;
	if (now - a->committed > HOUR && before >= first)
		rc = add_point(a, a->committed, first, before);
	return rc == SQLITE_OK ? add_point(a, now, first, last) : rc;
}

int
age_commit(struct age *a, int64_t first, int64_t before, int64_t last)
{
	int64_t now = elapsed_now(a);
	int rc = SQLITE_OK;

	if (a->db != NULL && now >= a->due)
		rc = add_points(a, now, first, before, last);
	a->committed = now;
	return rc;
}

int
age_end(struct age *a, int64_t first, int64_t last)
{
	if (a->db == NULL)
		return SQLITE_OK;
	return add_points(a, elapsed_now(a), first, last, last);
}
