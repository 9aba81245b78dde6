#include <event2/event.h>
#include <event2/util.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "member_private.h"

/* A server whose text has not changed for so many ms is not there any more. */
#define GONE_MS 10000

#define SESSION_DIGITS 16

/* Skip a session and the space behind it. 0: there is none. */
static uint64_t
take_session(const char **text)
{
	uint64_t session = 0;

	if (strspn(*text, "0123456789abcdef") != SESSION_DIGITS ||
	    (*text)[SESSION_DIGITS] != ' ')
		return 0;
	sscanf(*text, "%16" SCNx64, &session);
	*text += SESSION_DIGITS + 1;
	return session;
}

/* The text of a server is "COUNT ENTRY SESSION HOST": the count goes up with
 * each. An earlier version has no SESSION. */
static bool
parse(const struct member_server *s, struct member_peer *to)
{
	int length = 0;

	if (sscanf(s->text, "%*[0-9] %20" SCNu64 " %n", &to->entry, &length) !=
		1 ||
	    length == 0)
		return false;
	to->host = s->text + length;
	to->session = take_session(&to->host);
	return *to->host != '\0';
}

/* A key or a text as a string. Returns whether it fits and can be shown. */
static bool
take_text(const struct engine_field *from, char *to, size_t room)
{
	if (from->length == 0 || from->length >= room || !entry_is_ascii(from))
		return false;
	memcpy(to, from->bytes, from->length);
	to[from->length] = '\0';
	return true;
}

static void
announce(struct member *m)
{
	struct member_servers *s = &m->servers;
	char text[sizeof(s->list[0].text)];

	snprintf(text, sizeof(text),
	    "%" PRIu64 " %" PRIu64 " %016" PRIx64 " %s", ++s->count,
	    m->served.number, m->session, m->config.host);
	s->asking = true;
	m->engine->methods->announce(m->engine, s->key, text);
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)fd;
	(void)what;
	if (m->state == MEMBER_LIVE && !m->servers.asking)
		announce(m);
}

static struct member_server *
find(struct member_servers *s, const char *key)
{
	for (size_t i = 0; i < s->length; i++)
		if (strcmp(s->list[i].key, key) == 0)
			return &s->list[i];
	return NULL;
}

/* Add what was announced to a list, with when it changed as another list has
 * it. */
static void
note(struct member_servers *s, struct member_server *list, size_t *length,
    const struct engine_field *pair)
{
	struct member_server *to = &list[*length];
	const struct member_server *before;

	if (*length == SESSIONS_MAX ||
	    !take_text(&pair[0], to->key, sizeof(to->key)) ||
	    !take_text(&pair[1], to->text, sizeof(to->text)))
		return;
	before = find(s, to->key);
	to->changed = before != NULL && strcmp(before->text, to->text) == 0 ?
	    before->changed :
	    clock_ms();
	++*length;
}

/* Remove a server that has gone, one at a time. */
static void
remove_gone(struct member *m)
{
	struct member_servers *s = &m->servers;
	uint64_t now = clock_ms();

	for (size_t i = 0; i < s->length; i++)
		if (now > s->list[i].changed + GONE_MS &&
		    strcmp(s->list[i].key, s->key) != 0) {
			s->asking = true;
			m->engine->methods->announce(
			    m->engine, s->list[i].key, NULL);
			return;
		}
}

void
member_servers_announced(
    struct member *m, const struct engine_field *pairs, size_t count)
{
	struct member_servers *s = &m->servers;
	struct member_server list[SESSIONS_MAX] = { 0 };
	size_t length = 0;

	s->asking = false;
	for (size_t i = 0; i + 1 < count; i += 2)
		note(s, list, &length, &pairs[i]);
	memcpy(s->list, list, length * sizeof(list[0]));
	s->length = length;
	if (m->state == MEMBER_LIVE)
		remove_gone(m);
}

void
member_servers_start(struct member *m)
{
	const struct timeval second = { 1, 0 };

	event_add(m->servers.timer, &second);
	if (!m->servers.asking)
		announce(m);
}

void
member_servers_stop(struct member *m)
{
	event_del(m->servers.timer);
	m->servers.asking = false;
}

int
member_servers_new(struct member *m)
{
	uint64_t bits;

	evutil_secure_rng_get_bytes(&bits, sizeof(bits));
	snprintf(m->servers.key, sizeof(m->servers.key), "%016" PRIx64, bits);
	m->servers.timer =
	    event_new(m->config.base, -1, EV_PERSIST, timer_cb, m);
	return m->servers.timer != NULL ? 0 : -1;
}

void
member_servers_free(struct member *m)
{
	if (m->servers.timer != NULL)
		event_free(m->servers.timer);
}

const char *
member_servers_host(const struct member *m, uint64_t session)
{
	struct member_peer peer;

	for (size_t i = 0; i < m->servers.length; i++)
		if (parse(&m->servers.list[i], &peer) &&
		    peer.session == session)
			return peer.host;
	return NULL;
}

static bool
simulates(const struct member *m, const struct member_peer *peer)
{
	if (peer->own)
		return m->lease.own;
	return !m->lease.own && m->lease.holder != 0 &&
	    peer->session == m->lease.holder;
}

void
member_each_server(const struct member *m,
    void (*what)(void *arg, const struct member_peer *peer), void *arg)
{
	const struct member_servers *s = &m->servers;
	uint64_t now = clock_ms();
	struct member_peer peer;

	for (size_t i = 0; i < s->length; i++) {
		if (now > s->list[i].changed + GONE_MS ||
		    !parse(&s->list[i], &peer))
			continue;
		peer.own = strcmp(s->list[i].key, s->key) == 0;
		peer.simulates = simulates(m, &peer);
		what(arg, &peer);
	}
}
