#include "service/policy.h"

#include <stddef.h>

#include "base/client.h"

bool
policy_may_connect(const struct policy *p, const struct client *who)
{
	if (address_is_internal(&who->address) ||
	    (address_is_unix(&who->address) && who->way != CLIENT_UNIX))
		return false;
	for (; p != NULL; p = p->next)
		if (p->may_connect != NULL && !p->may_connect(p->arg, who))
			return false;
	return true;
}

enum mb_exception
policy_may_use(const struct policy *p, const struct client *who, uint8_t unit,
    uint8_t function)
{
	for (; p != NULL; p = p->next) {
		enum mb_exception answer = MB_EX_NONE;

		if (p->may_use != NULL)
			answer = p->may_use(p->arg, who, unit, function);
		if (answer != MB_EX_NONE)
			return answer;
	}
	return MB_EX_NONE;
}

enum mb_exception
policy_may_request(const struct policy *p, const struct client *who,
    uint8_t unit, const struct mb_request *request)
{
	for (; p != NULL; p = p->next) {
		enum mb_exception answer = MB_EX_NONE;

		if (p->may_request != NULL)
			answer = p->may_request(p->arg, who, unit, request);
		if (answer != MB_EX_NONE)
			return answer;
	}
	return MB_EX_NONE;
}

bool
policy_may_shut_down(const struct policy *p, const struct client *who)
{
	for (; p != NULL; p = p->next)
		if (p->may_shut_down != NULL && !p->may_shut_down(p->arg, who))
			return false;
	return true;
}
