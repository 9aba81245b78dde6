#include "points/point.h"

#include <stdio.h>

const char *
point_type(const struct point *p, char *text)
{
	if (!point_is_bool(p))
		return value_type_name(&p->form, text);
	snprintf(text, POINT_TYPE_MAX, "bool");
	return text;
}

const char *
point_reference(const struct point *p, char *text)
{
	const struct reference r = { p->kind, p->input, p->address, p->bit };

	return reference_format(&r, text);
}
