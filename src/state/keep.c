#include "state/keep.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"

#define ROWS_MAX  1000000000
#define KIB       INT64_C(1024)
#define MIB       (1024 * KIB)
#define GIB       (1024 * MIB)
#define BYTES_MIN MIB /* the table alone takes a third */
#define BYTES_MAX (1024 * GIB)
#define DAY       INT64_C(86400000000) /* microseconds */
#define TIME_MAX  (36500 * DAY)

#define LIMIT(name) offsetof(struct store_keep, name)

/* What the number of a limit counts, by its suffix. */
static const struct keep_unit {
	const char *suffix;
	size_t limit; /* offset in struct store_keep */
	int64_t size;
	int64_t min; /* of number times size */
	int64_t max;
} keep_units[] = {
	{ "", LIMIT(rows), 1, 1, ROWS_MAX },
	{ "d", LIMIT(microseconds), DAY, DAY, TIME_MAX },
	{ "K", LIMIT(bytes), KIB, BYTES_MIN, BYTES_MAX },
	{ "M", LIMIT(bytes), MIB, BYTES_MIN, BYTES_MAX },
	{ "G", LIMIT(bytes), GIB, BYTES_MIN, BYTES_MAX },
};

/* Take one limit of the journal, which must not be set yet. Returns what
 * follows, or NULL. */
static const char *
take_limit(const char *text, struct store_keep *keep)
{
	const char *end = text + strcspn(text, ",");
	uint64_t n;
	const char *suffix = number_take(text, INT64_MAX, &n);

	if (suffix == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(keep_units) / sizeof(*keep_units); i++) {
		const struct keep_unit *unit = &keep_units[i];
		int64_t *limit = (int64_t *)((char *)keep + unit->limit);

		if (strlen(unit->suffix) != (size_t)(end - suffix) ||
		    strncmp(unit->suffix, suffix, (size_t)(end - suffix)) != 0)
			continue;
		if (*limit != 0 || n > (uint64_t)(unit->max / unit->size) ||
		    (int64_t)n * unit->size < unit->min)
			return NULL;
		*limit = (int64_t)n * unit->size;
		return end;
	}
	return NULL;
}

int
keep_parse(const char *text, struct store_keep *keep)
{
	struct store_keep read = { .rows = 0 };

	text = take_limit(text, &read);
	while (text != NULL && *text == ',')
		text = take_limit(text + 1, &read);
	if (text == NULL || *text != '\0')
		return -1;
	*keep = read;
	return 0;
}
