/*
 * The roles of a roles file, by name, and what clients without TLS may do. Once
 * they were read (roles/file.h) they do not change.
 */
#ifndef ROLES_ROLES_H
#define ROLES_ROLES_H

#include <stddef.h>

#include "roles/role.h"
#include "table/datatable.h"

/* Roles with a name. */
#define ROLES_MAX 64

/* The name of the role for certificates without one: no other role has it. */
#define ROLES_NO_ROLE ""

struct roles {
	enum datatable_overlay overlay;
	size_t count;       /* of roles, ROLES_NO_ROLE included */
	struct role *plain; /* owned; NULL: everything is allowed */
	struct role list[ROLES_MAX + 1]; /* in the order of their names */
};

/* Without any. Returns NULL when memory is exhausted. */
struct roles *roles_new(enum datatable_overlay overlay);

/* Accepts NULL. */
void roles_free(struct roles *r);

/* The role with a name, compared byte for byte, or NULL. */
const struct role *roles_find(const struct roles *r, const char *name);

/*
 * The same to be changed, with a role without rights added if there is none. A
 * name has at most IDENTITY_ROLE_SIZE - 1 bytes. Returns NULL when there are
 * ROLES_MAX of them. Other pointers to roles are void then.
 */
struct role *roles_take(struct roles *r, const char *name);

/* The same for clients without TLS. Returns NULL when memory is exhausted. */
struct role *roles_take_plain(struct roles *r);

/* All roles are complete: prepare for questions. */
void roles_finish(struct roles *r);

#endif
