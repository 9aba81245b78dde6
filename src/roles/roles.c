#include "roles/roles.h"

#include <stdlib.h>
#include <string.h>

struct roles *
roles_new(enum datatable_overlay overlay)
{
	struct roles *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->overlay = overlay;
	return r;
}

void
roles_free(struct roles *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++)
		role_clear(&r->list[i]);
	if (r->plain != NULL)
		role_clear(r->plain);
	free(r->plain);
	free(r);
}

/* The place of a name, or where it would be. */
static size_t
place_of(const struct roles *r, const char *name)
{
	size_t from = 0, to = r->count;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (strcmp(r->list[middle].name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool
is_at(const struct roles *r, size_t place, const char *name)
{
	return place < r->count && strcmp(r->list[place].name, name) == 0;
}

const struct role *
roles_find(const struct roles *r, const char *name)
{
	size_t place = place_of(r, name);

	return is_at(r, place, name) ? &r->list[place] : NULL;
}

/* ROLES_NO_ROLE, which is the first, has room of its own. */
static size_t
room_for(const struct roles *r, const char *name)
{
	bool has_no_role = is_at(r, 0, ROLES_NO_ROLE);

	return strcmp(name, ROLES_NO_ROLE) == 0 ? ROLES_MAX + 1 :
						  ROLES_MAX + has_no_role;
}

struct role *
roles_take(struct roles *r, const char *name)
{
	size_t place = place_of(r, name);
	struct role *role = &r->list[place];

	if (is_at(r, place, name))
		return role;
	if (r->count == room_for(r, name))
		return NULL;
	memmove(role + 1, role, (r->count - place) * sizeof(*role));
	r->count++;
	*role = (struct role){ .line = 0 };
	strncpy(role->name, name, sizeof(role->name) - 1);
	return role;
}

struct role *
roles_take_plain(struct roles *r)
{
	if (r->plain == NULL)
		r->plain = calloc(1, sizeof(*r->plain));
	return r->plain;
}

void
roles_finish(struct roles *r)
{
	for (size_t i = 0; i < r->count; i++)
		role_finish(&r->list[i], r->overlay);
	if (r->plain != NULL)
		role_finish(r->plain, r->overlay);
}
