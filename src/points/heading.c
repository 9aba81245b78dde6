#include "points/heading.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"

static void
refuse_unit(const struct heading *h, struct complaints *c, enum column column,
    const char *spelt)
{
	complain(c, h->line, "%s: expected %s", spelt,
	    column == COLUMN_UNIT ?
		"units, if of measurement; unit identifiers share one table "
		"and need no column" :
		"no such column: all unit identifiers share one table");
}

/* Remember a column for heading_end, if it has a name. */
static void
add_unused(struct heading *h, const char *spelt)
{
	size_t room = sizeof(h->unused) - h->unused_length;
	int n;

	if (spelt[0] == '\0' || room == 0)
		return;
	n = snprintf(h->unused + h->unused_length, room, "%s\"%s\"",
	    h->unused_length == 0 ? "" : ", ", spelt);
	if ((size_t)n >= room) {
		h->unused[h->unused_length] = '\0';
		n = (int)room; /* no more */
	}
	h->unused_length += (size_t)n;
}

int
heading_add(struct heading *h, struct complaints *c, struct cell cell)
{
	enum column column = column_find(cell.text, cell.length);
	char spelt[ESCAPED_MAX];

	text_escape(cell.text, cell.length, spelt);
	if (h->count < sizeof(h->columns))
		h->columns[h->count++] = (uint8_t)column;
	if (column == COLUMN_UNIT || column == COLUMN_UNIT_ID) {
		refuse_unit(h, c, column, spelt);
	} else if (column == COLUMN_OTHER) {
		add_unused(h, spelt);
	} else if (h->spelt[column] != NULL) {
		complain(c, h->line, "%s: expected one column of %s: %s is one",
		    spelt, column_content(column), h->spelt[column]);
	} else {
		h->spelt[column] =
		    arena_copy(&h->texts, spelt, strlen(spelt) + 1);
		return h->spelt[column] == NULL ? -1 : 0;
	}
	return 0;
}

void
heading_end(struct heading *h, struct complaints *c)
{
	if (h->spelt[COLUMN_ADDRESS] == NULL && h->spelt[COLUMN_NUMBER] == NULL)
		complain(c, h->line,
		    "address: no such column: expected address or number");
	if (h->unused[0] != '\0')
		complaints_warn(c, h->line, "columns not used: %s%s", h->unused,
		    h->unused_length < sizeof(h->unused) ? "" : ", ...");
}

const char *
heading_spelling(const struct heading *h, enum column column)
{
	return h->spelt[column] != NULL ? h->spelt[column] :
					  column_name(column);
}

void
heading_free(struct heading *h)
{
	arena_free(&h->texts);
}
