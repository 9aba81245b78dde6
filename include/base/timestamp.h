/*
 * Moments, in microseconds since 1970, UTC, and their text form: ISO 8601, in
 * the local time zone.
 */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include <stdint.h>
#include <time.h>

/* Room for a moment as text and its NUL. */
#define TIMESTAMP_TEXT_MAX 48

/* "2026-11-22 12:46:07.662", as in the log; in UTC with a "Z" where time_t does
 * not have the moment (see base/calendar.h). Returns text, which has room for
 * TIMESTAMP_TEXT_MAX bytes. */
const char *timestamp_format(int64_t moment, char *text);

/* "2026-11-22T12:46:07.662123+01:00", likewise; then "+00:00". Returns text, as
 * above. */
const char *timestamp_format_iso(int64_t moment, char *text);

/* The moment milliseconds after 1970 began, UTC: "2026-11-22T11:46:07.662Z".
 * Returns text, as above. */
const char *timestamp_format_utc_ms(uint64_t milliseconds, char *text);

/* Local time as ctime prints it: "Fri Jan  2 18:53:36 2026". Returns text, as
 * above. */
const char *timestamp_format_ctime(int64_t moment, char *text);

/* What timestamp_parse accepts, for error messages and help: a constant. */
#define TIMESTAMP_EXAMPLES                                                     \
	"such as 03:12, 2026-11-22T03:12:07.5, 2026-11-22T03:12Z, 2026-11-22 " \
	"or -10m"
#define TIMESTAMP_EXPECTED                                                     \
	(sizeof(time_t) > 4 ?                                                  \
		"a time " TIMESTAMP_EXAMPLES :                                 \
		"a time before 2038-01-19T03:14:08Z " TIMESTAMP_EXAMPLES)

/*
 * Parse a moment, which may be later than now:
 *
 *   DATE, or DATE, "T" or a space, and TIME, or TIME
 *   DATE  YYYY-MM-DD; alone, the beginning of that day. Years 1970 to 9999.
 *   TIME  HH:MM, HH:MM:SS or HH:MM:SS.f with up to six digits; alone, the most
 *         recent moment with that local time, today or yesterday
 *   -Nu   N seconds (s), minutes (m), hours (h) or days (d) before now
 *   now
 *
 * A moment that time_t does not have is refused.
 *
 * DATE and TIME together may end in "Z" or "+HH:MM" or "-HH:MM"; otherwise they
 * are local time. Of two moments with that local time, it is the last, but a
 * DATE alone begins with the first. A local time that the clock skipped is the
 * moment at which it did; TIME alone then is of the day before.
 *
 * The result depends on text, now and the time zone only. Returns 0, or -1;
 * then moment is undefined.
 */
int timestamp_parse(const char *text, int64_t now, int64_t *moment);

#endif
