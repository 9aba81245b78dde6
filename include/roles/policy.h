/*
 * Roles as a policy: what the roles file grants, and nothing else.
 *
 * A client that came by TLS may do what the role of its certificate may; one
 * without a role, what the line no-role says; one whose role the file does not
 * name, nothing. A client without TLS may do what the line plain says, or
 * everything if there is none. Others, such as those of HTTP, are not asked.
 * A no is exception 01 (MB-TCP-Security, R-31). So that it comes before theirs,
 * this policy is put before the access rules and what points allow.
 *
 * Which role a client has is looked up by name at each request, so that nothing
 * is kept about clients: other roles hold from the next request of each on.
 */
#ifndef ROLES_POLICY_H
#define ROLES_POLICY_H

#include <stdint.h>

#include "roles/roles.h"
#include "service/policy.h"

struct roles_policy {
	struct policy policy; /* to be put into the list; its arg is this */
	struct roles *roles;  /* owned */
	uint64_t refusals;    /* requests that were answered no */
};

/* Takes the roles over. p must stay where it is. */
void roles_policy_init(struct roles_policy *p, struct roles *roles);

/* Put others in their place, for the same layout, and free those before. */
void roles_policy_replace(struct roles_policy *p, struct roles *roles);

/* Free the roles. It must not be asked any more. */
void roles_policy_end(struct roles_policy *p);

#endif
