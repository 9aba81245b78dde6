#include "shared/sessions.h"

/* The place of a session; count where it is not open. */
static size_t
find(const struct sessions *s, uint64_t session)
{
	size_t i = 0;

	while (i < s->count && s->open[i].session != session)
		i++;
	return i;
}

/* The place of the one that has been silent longest; there is one. */
static size_t
find_silent(const struct sessions *s)
{
	size_t silent = 0;

	for (size_t i = 1; i < s->count; i++)
		if (s->open[i].last < s->open[silent].last)
			silent = i;
	return silent;
}

/* The last one takes its place. */
static void
close_session(struct sessions *s, uint64_t session)
{
	size_t i = find(s, session);

	if (i < s->count)
		s->open[i] = s->open[--s->count];
}

void
sessions_open(
    struct sessions *s, uint64_t session, uint64_t closes, uint64_t number)
{
	size_t i;

	if (closes != 0)
		close_session(s, closes);
	i = find(s, session);
	if (i == SESSIONS_MAX)
		i = find_silent(s);
	else if (i == s->count)
		s->count++;
	s->open[i].session = session;
	s->open[i].last = number;
}

bool
sessions_speak(struct sessions *s, uint64_t session, uint64_t number)
{
	size_t i = find(s, session);

	if (i == s->count)
		return false;
	s->open[i].last = number;
	return true;
}
