#include "points/first_values.h"

#include <stdlib.h>
#include <string.h>

#include "points/point_image.h"
#include "points/value.h"

struct first_values {
	struct point_image *image; /* owned */
	struct writing *writings;  /* owned; they borrow from the image */
	size_t count;
};

static int
gather(struct first_values *v, const struct points *ps,
    enum first_values_over over)
{
	for (size_t i = 0; i < points_count(ps); i++) {
		const struct point *p = points_at(ps, i);

		if (p->value != NULL)
			point_image_set(v->image, p, p->value);
	}
	if (over == FIRST_VALUES_OVER_ZEROS)
		point_image_complete(v->image);
	v->writings = point_image_writings(v->image, &v->count);
	return v->writings == NULL ? -1 : 0;
}

struct first_values *
first_values_new(const struct points *ps, enum datatable_overlay overlay,
    enum first_values_over over)
{
	struct first_values *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->image = point_image_new(overlay);
	if (v->image != NULL && gather(v, ps, over) == 0)
		return v;
	first_values_free(v);
	return NULL;
}

void
first_values_free(struct first_values *v)
{
	if (v == NULL)
		return;
	free(v->writings);
	point_image_free(v->image);
	free(v);
}

const struct writing *
first_values_writings(const struct first_values *v)
{
	return v->writings;
}

size_t
first_values_count(const struct first_values *v)
{
	return v->count;
}

struct first_values_comparison
first_values_compare(const struct points *ps, const struct datatable *table)
{
	struct first_values_comparison c = { .points = 0 };
	uint16_t raw[POINT_WORDS_MAX];

	for (size_t i = 0; i < points_count(ps); i++) {
		const struct point *p = points_at(ps, i);

		if (p->value == NULL)
			continue;
		point_read(p, table, raw);
		c.points++;
		c.different += memcmp(raw, p->value,
				   point_quantity(p) * sizeof(*raw)) != 0;
	}
	return c;
}
