#include "service/units.h"

#include <stddef.h>

#include "base/client.h"
#include "base/number.h"

#define BITS 32

/* Take "A" or "A-B". Returns what is behind it, or NULL. */
static const char *
take_range(const char *text, struct units *units)
{
	uint64_t first, last;

	text = number_take(text, UINT8_MAX, &first);
	if (text == NULL)
		return NULL;
	last = first;
	if (*text == '-')
		text = number_take(text + 1, UINT8_MAX, &last);
	if (text == NULL || last < first)
		return NULL;
	for (uint64_t i = first; i <= last; i++)
		units->served[i / BITS] |= UINT32_C(1) << i % BITS;
	return text;
}

int
units_parse(const char *text, bool silent, struct units *units)
{
	*units = (struct units){ .limited = true, .silent = silent };
	while ((text = take_range(text, units)) != NULL && *text == ',')
		text++;
	return text != NULL && *text == '\0' ? 0 : -1;
}

static enum mb_exception
may_use(void *arg, const struct client *who, uint8_t unit, uint8_t function)
{
	const struct units *units = arg;

	(void)function;
	if (who->way == CLIENT_OTHER)
		return MB_EX_NONE;
	if ((units->served[unit / BITS] >> unit % BITS & 1) != 0)
		return MB_EX_NONE;
	return units->silent ? MB_NO_ANSWER : MB_EX_GATEWAY_TARGET_FAILED;
}

struct policy
units_policy(struct units *units)
{
	return (struct policy){ .arg = units, .may_use = may_use };
}
