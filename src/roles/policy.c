#include "roles/policy.h"

#include "base/client.h"
#include "base/identity.h"

/* Whether it is asked at all about what a client does. */
static bool
concerns(const struct roles *r, const struct client *who)
{
	return who->way == CLIENT_TLS ||
	    (client_is_uncertified(who->way) && r->plain != NULL);
}

/* The role of a client that is asked about, or NULL: it may do nothing. */
static const struct role *
role_of(const struct roles *r, const struct client *who)
{
	if (client_is_uncertified(who->way))
		return r->plain;
	return who->identity == NULL ? NULL :
				       roles_find(r, who->identity->role);
}

static enum mb_exception
answer(struct roles_policy *p, bool yes)
{
	p->refusals += !yes;
	return yes ? MB_EX_NONE : MB_EX_ILLEGAL_FUNCTION;
}

static enum mb_exception
may_use(void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	struct roles_policy *p = arg;
	const struct role *role;

	(void)unit;
	if (!concerns(p->roles, who))
		return MB_EX_NONE;
	role = role_of(p->roles, who);
	return answer(p, role != NULL && role_may_use(role, function));
}

static enum mb_exception
may_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	struct roles_policy *p = arg;
	const struct role *role;

	(void)unit;
	if (!concerns(p->roles, who))
		return MB_EX_NONE;
	role = role_of(p->roles, who);
	return answer(p,
	    role != NULL && role_may_request(role, p->roles->overlay, request));
}

static bool
may_shut_down(void *arg, const struct client *who)
{
	const struct roles_policy *p = arg;
	const struct role *role;

	if (!concerns(p->roles, who))
		return true;
	role = role_of(p->roles, who);
	return role != NULL && role->may_quit;
}

void
roles_policy_init(struct roles_policy *p, struct roles *roles)
{
	*p = (struct roles_policy){
		.policy = {
			.arg = p,
			.may_use = may_use,
			.may_request = may_request,
			.may_shut_down = may_shut_down,
		},
		.roles = roles,
	};
}

void
roles_policy_replace(struct roles_policy *p, struct roles *roles)
{
	roles_free(p->roles);
	p->roles = roles;
}

void
roles_policy_end(struct roles_policy *p)
{
	roles_free(p->roles);
	p->roles = NULL;
}
