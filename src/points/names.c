#include "points/names.h"

#include <stdio.h>

#include "base/printable.h"

void
points_names_add(struct points_names *names, const struct point *p)
{
	if (names->count < POINTS_NAMES_SHOWN)
		names->shown[names->count] = p;
	names->count++;
}

size_t
points_names_shown(const struct points_names *names)
{
	return names->count < POINTS_NAMES_SHOWN ? names->count :
						   POINTS_NAMES_SHOWN;
}

struct points_names
points_names_of(const struct points *ps, enum datatable_kind kind,
    uint32_t address, uint32_t quantity)
{
	struct points_names names = { .count = 0 };
	struct points_walk walk;
	const struct point *p;

	if (ps == NULL)
		return names;
	walk = points_touched(ps, kind, address, quantity);
	while ((p = points_next(&walk)) != NULL)
		points_names_add(&names, p);
	return names;
}

const char *
points_names_text(
    const struct points_names *names, const char *quote, char *text)
{
	size_t shown = points_names_shown(names);
	char name[PRINTABLE_SIZE];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < shown; i++)
		n += (size_t)snprintf(text + n, POINTS_NAMES_TEXT_MAX - n,
		    "%s%s%.*s%s", i == 0 ? "" : ", ", quote, POINT_NAME_MAX,
		    printable(names->shown[i]->name, name), quote);
	if (names->count > shown)
		snprintf(text + n, POINTS_NAMES_TEXT_MAX - n, " +%zu",
		    names->count - shown);
	return text;
}
