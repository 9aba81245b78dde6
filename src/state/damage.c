#include "state/damage.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

void
damage_add(struct damage *d, int64_t first, int64_t last)
{
	struct damage_range *newest =
	    d->range_count == 0 ? NULL : &d->ranges[d->range_count - 1];

	d->rows += last - first + 1;
	if (newest != NULL && newest->last + 1 == first)
		newest->last = last;
	else if (d->range_count < DAMAGE_RANGES_MAX)
		d->ranges[d->range_count++] =
		    (struct damage_range){ first, last };
}

const char *
damage_format(const struct damage *d, char *text)
{
	int64_t more = d->rows;
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < d->range_count; i++) {
		const struct damage_range *r = &d->ranges[i];

		n += (size_t)snprintf(text + n, DAMAGE_TEXT_MAX - n,
		    "%s%" PRId64, i == 0 ? "" : ", ", r->first);
		if (r->last != r->first)
			n += (size_t)snprintf(text + n, DAMAGE_TEXT_MAX - n,
			    "-%" PRId64, r->last);
		more -= r->last - r->first + 1;
	}
	if (more > 0)
		snprintf(text + n, DAMAGE_TEXT_MAX - n, " and %" PRId64 " more",
		    more);
	return text;
}
