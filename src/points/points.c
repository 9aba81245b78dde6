#include "points/points.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "points/builder.h"
#include "points_private.h"

/* What the tree of names is made of: a list that grows would move points. */
struct name {
	const char *bytes;
	size_t length;
	size_t place;
};

static int
compare_names(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->bytes, b->bytes, shorter);

	return order != 0 ? order :
			    (a->length > b->length) - (a->length < b->length);
}

struct points *
points_new(const char *file, enum datatable_overlay overlay)
{
	struct points *ps = calloc(1, sizeof(*ps));

	if (ps == NULL)
		return NULL;
	ps->overlay = overlay;
	ps->file = arena_copy(&ps->arena, file, strlen(file) + 1);
	if (ps->file == NULL) {
		points_free(ps);
		return NULL;
	}
	return ps;
}

/* The names are of the arena. */
static void
forget_names(struct points *ps)
{
	while (ps->names != NULL)
		tdelete(*(void **)ps->names, &ps->names, compare_names);
}

void
points_free(struct points *ps)
{
	if (ps == NULL)
		return;
	forget_names(ps);
	free(ps->by_address[DATATABLE_COILS].entries);
	free(ps->by_address[DATATABLE_REGISTERS].entries);
	free(ps->list);
	arena_free(&ps->arena);
	free(ps);
}

static int
grow(struct points *ps)
{
	size_t room = ps->room == 0 ? 64 : 2 * ps->room;
	struct point *list = realloc(ps->list, room * sizeof(*list));

	if (list == NULL)
		return -1;
	ps->list = list;
	ps->room = room;
	return 0;
}

/* Replace a text by a copy of it. Returns whether there was memory. */
static bool
own(struct arena *a, const char **text)
{
	if (**text == '\0')
		*text = "";
	else
		*text = arena_copy(a, *text, strlen(*text) + 1);
	return *text != NULL;
}

static bool
own_all(struct arena *a, struct point *p)
{
	if (p->value != NULL) {
		p->value = arena_copy(
		    a, p->value, point_quantity(p) * sizeof(*p->value));
		if (p->value == NULL)
			return false;
	}
	return own(a, &p->name) && own(a, &p->units) && own(a, &p->simulate) &&
	    own(a, &p->description);
}

int
points_add(struct points *ps, const struct point *p)
{
	struct point copy = *p;
	struct name *name = arena_take(&ps->arena, sizeof(*name));

	if (name == NULL || !own_all(&ps->arena, &copy) ||
	    (ps->count == ps->room && grow(ps) != 0))
		return -1;
	*name = (struct name){ copy.name, strlen(copy.name), ps->count };
	if (tsearch(name, &ps->names, compare_names) == NULL)
		return -1;
	ps->list[ps->count++] = copy;
	return 0;
}

int
points_finish(struct points *ps)
{
	if (points_index(ps) != 0)
		return -1;
	points_spread_read_only(ps);
	return 0;
}

const char *
points_file(const struct points *ps)
{
	return ps->file;
}

size_t
points_count(const struct points *ps)
{
	return ps->count;
}

const struct point *
points_at(const struct points *ps, size_t i)
{
	return &ps->list[i];
}

size_t
points_simulated(const struct points *ps)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->count; i++)
		n += ps->list[i].simulate[0] != '\0';
	return n;
}

size_t
points_place(const struct points *ps, const struct point *p)
{
	return (size_t)(p - ps->list);
}

const struct point *
points_find(const struct points *ps, const char *name, size_t length)
{
	const struct name key = { name, length, 0 };
	void *node = tfind(&key, &ps->names, compare_names);

	return node == NULL ? NULL :
			      &ps->list[(*(struct name *const *)node)->place];
}
