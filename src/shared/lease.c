#include "shared/lease.h"

void
lease_begin(struct lease *l, bool whole)
{
	*l = (struct lease){ .whole = whole };
}

void
lease_live(struct lease *l, uint64_t now)
{
	l->since = now;
}

void
lease_read(struct lease *l, uint64_t session, bool own, uint64_t now)
{
	l->holder = session;
	l->own = own;
	l->since = now;
}

bool
lease_may(const struct lease *l, unsigned period, uint64_t now)
{
	if (l->own || (l->holder == 0 && l->whole))
		return true;
	return now >= l->since + LEASE_MS + 2 * (uint64_t)period;
}
