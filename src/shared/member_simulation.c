#include "base/clock.h"
#include "base/log.h"
#include "member_private.h"

/* Also a write of an earlier session of this server, which comes late. */
static bool
is_own(const struct member *m, const struct entry *e)
{
	return e->session == m->session || e->session == m->previous ||
	    pending_has(m->pending, e->session, e->number);
}

void
member_note_simulated(struct member *m, const struct entry *e)
{
	if (address_is_simulation(&e->address))
		lease_read(&m->lease, e->session, is_own(m, e), clock_ms());
}

static enum member_said
what_to_say(const struct member *m, bool may)
{
	if (may)
		return SAID_OWN;
	return m->lease.holder != 0 ? SAID_OTHER : SAID_PERHAPS;
}

static void
say_other(const struct member *m)
{
	const char *host = member_servers_host(m, m->lease.holder);

	log_line(LOG_WARN,
	    "simulate: another server of the shared table simulates (%s); "
	    "waiting",
	    host != NULL ? host : "not known");
}

/* A line when it changes who simulates, as far as this server is concerned. */
static void
say(struct member *m, enum member_said what)
{
	if (what == m->said)
		return;
	m->said = what;
	if (what == SAID_OWN)
		log_line(LOG_INFO,
		    "simulate: this server simulates for the shared table");
	else if (what == SAID_OTHER)
		say_other(m);
	else
		log_line(LOG_INFO,
		    "simulate: waiting, as another server of the shared table "
		    "may simulate");
}

bool
member_simulates(struct member *m, unsigned period, uint64_t now)
{
	bool may;

	if (m->state != MEMBER_LIVE)
		return false;
	may = lease_may(&m->lease, period, now);
	say(m, what_to_say(m, may));
	return may;
}
