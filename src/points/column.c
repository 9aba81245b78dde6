#include "points/column.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name, *content;
} columns[COLUMNS] = {
	[COLUMN_NAME] = { "name", "names" },
	[COLUMN_AREA] = { "area", "areas" },
	[COLUMN_ADDRESS] = { "address", "addresses" },
	[COLUMN_NUMBER] = { "number", "numbers" },
	[COLUMN_TYPE] = { "type", "types" },
	[COLUMN_ORDER] = { "order", "orders" },
	[COLUMN_SCALE] = { "scale", "scales" },
	[COLUMN_OFFSET] = { "offset", "offsets" },
	[COLUMN_DIVISOR] = { "divisor", "divisors" },
	[COLUMN_VALUE] = { "value", "values" },
	[COLUMN_ACCESS] = { "access", "access" },
	[COLUMN_SIMULATE] = { "simulate", "simulations" },
	[COLUMN_UNITS] = { "units", "units" },
	[COLUMN_DESCRIPTION] = { "description", "descriptions" },
};

/* What the cells of a header may be, without blanks and "_". */
static const struct {
	const char *text;
	enum column column;
} headings[] = {
	{ "name", COLUMN_NAME },
	{ "tag", COLUMN_NAME },
	{ "tagname", COLUMN_NAME },
	{ "pointname", COLUMN_NAME },
	{ "address", COLUMN_ADDRESS },
	{ "number", COLUMN_NUMBER },
	{ "area", COLUMN_AREA },
	{ "registertype", COLUMN_AREA },
	{ "type", COLUMN_TYPE },
	{ "datatype", COLUMN_TYPE },
	{ "order", COLUMN_ORDER },
	{ "byteorder", COLUMN_ORDER },
	{ "value", COLUMN_VALUE },
	{ "initialvalue", COLUMN_VALUE },
	{ "scale", COLUMN_SCALE },
	{ "offset", COLUMN_OFFSET },
	{ "divisor", COLUMN_DIVISOR },
	{ "units", COLUMN_UNITS },
	{ "engunits", COLUMN_UNITS },
	{ "engineeringunits", COLUMN_UNITS },
	{ "access", COLUMN_ACCESS },
	{ "clientaccess", COLUMN_ACCESS },
	{ "writable", COLUMN_ACCESS },
	{ "simulate", COLUMN_SIMULATE },
	{ "description", COLUMN_DESCRIPTION },
	{ "comment", COLUMN_DESCRIPTION },
	{ "unit", COLUMN_UNIT },
	{ "unitid", COLUMN_UNIT_ID },
	{ "slave", COLUMN_UNIT_ID },
	{ "deviceid", COLUMN_UNIT_ID },
};

/* Copy a text of fewer than COLUMN_TEXT_MAX bytes without case, blanks and "_";
 * what is longer is empty. */
static void
normalise(const char *text, size_t length, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n < COLUMN_TEXT_MAX; i++)
		if (strchr(" \t_", text[i]) == NULL || text[i] == '\0')
			out[n++] = (char)tolower((unsigned char)text[i]);
	out[n < COLUMN_TEXT_MAX ? n : 0] = '\0';
}

enum column
column_find(const char *text, size_t length)
{
	char heading[COLUMN_TEXT_MAX];

	normalise(text, length, heading);
	for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++)
		if (strcmp(heading, headings[i].text) == 0)
			return headings[i].column;
	return COLUMN_OTHER;
}

const char *
column_name(enum column column)
{
	return columns[column].name;
}

const char *
column_content(enum column column)
{
	return columns[column].content;
}
