#include "shared/link.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/lookup.h"
#include "shared/secure.h"
#include "system/error.h"
#include "system/socket.h"

enum kind {
	KIND_AUTH,
	KIND_SELECT,
	KIND_ROLE,
};
_Static_assert(KIND_ROLE + 1 == LINK_KINDS, "no kind twice");

struct side {
	struct link *link; /* borrowed: whose it is */
	struct resp *resp; /* owned; NULL: not connected */
	bool opening;      /* in a call of open_side */
};

struct link {
	struct link_config config;
	struct shared_url url;
	struct lookup *lookup;             /* owned; NULL: there is none */
	struct evutil_addrinfo *addresses; /* owned; of the host */
	struct evutil_addrinfo *address;   /* the one in use */
	struct event *ending;              /* owned: tells that it is lost */
	struct side sides[LINK_SIDES];
	size_t now;   /* the host of the last link_connect */
	bool started; /* there was one */
	bool failing; /* ending is about to tell why */
	char why[LINK_WHY_SIZE];
	char host[SHARED_HOST_SIZE + sizeof("[]:65535")];
};

/* --- its end ------------------------------------------------------------ */

static void
drop(struct link *l)
{
	for (int i = 0; i < LINK_SIDES; i++) {
		resp_free(l->sides[i].resp);
		l->sides[i].resp = NULL;
	}
	lookup_drop(l->lookup);
	l->lookup = NULL;
	if (l->addresses != NULL)
		evutil_freeaddrinfo(l->addresses);
	l->addresses = NULL;
	l->address = NULL;
}

static void
note_why(struct link *l, const char *why)
{
	if (why != l->why)
		snprintf(l->why, sizeof(l->why), "%s", why);
}

void
link_fail(struct link *l, const char *why)
{
	if (l->failing)
		return;
	l->failing = true;
	note_why(l, why);
	drop(l);
	event_active(l->ending, EV_TIMEOUT, 0);
}

static void
ending_cb(evutil_socket_t fd, short what, void *arg)
{
	struct link *l = arg;

	(void)fd;
	(void)what;
	l->failing = false;
	l->config.events->lost(l->config.arg, l->why);
}

void
link_disconnect(struct link *l)
{
	drop(l);
	l->failing = false;
	event_del(l->ending);
}

/* --- replies to the link's own commands --------------------------------- */

/*
 * The user or password is refused. Of the text only the code is shown: it may
 * quote the command.
 */
static void
fail_auth(struct link *l, const struct reply *reply)
{
	size_t code = strspn(reply->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	char why[64];

	snprintf(why, sizeof(why), "AUTH is refused: %.*s",
	    code < 20 && strcmp(reply->text, l->url.password) != 0 ? (int)code :
								     0,
	    reply->text);
	link_fail(l, why);
}

static bool open_side(struct link *l, enum link_side side);

/* What the server is decides on what comes next. */
static void
take_role(struct link *l, enum link_side side, const struct reply *reply)
{
	const char *role = reply->type == REPLY_ARRAY && reply->count > 0 &&
		reply->elements->type == REPLY_STRING ?
	    reply->elements->text :
	    "";

	if (strcmp(role, "slave") == 0)
		link_fail(l, "it is a replica");
	else if (strcmp(role, "sentinel") == 0)
		link_fail(l, "it is a Sentinel");
	else if (strcmp(role, "master") != 0)
		link_fail(l, LINK_UNFIT);
	else if (side == LINK_WRITER)
		l->config.events->ready(l->config.arg);
	else if (!open_side(l, LINK_WRITER))
		link_fail(l, l->why);
}

static void
replied(
    void *arg, const struct resp_command *command, const struct reply *reply)
{
	struct side *s = arg;
	struct link *l = s->link;
	char why[LINK_WHY_SIZE];

	if (command->kind >= LINK_KINDS)
		l->config.events->replied(l->config.arg, command, reply);
	else if (reply->type == REPLY_ERROR && command->kind == KIND_AUTH)
		fail_auth(l, reply);
	else if (reply->type == REPLY_ERROR)
		link_fail(l, reply_line(reply, why));
	else if (command->kind == KIND_ROLE)
		take_role(l,
		    s == &l->sides[LINK_READER] ? LINK_READER : LINK_WRITER,
		    reply);
	else if (reply->type != REPLY_STATUS)
		link_fail(l, LINK_UNFIT);
}

/* --- connecting --------------------------------------------------------- */

static struct resp_word
word(const char *text)
{
	return (struct resp_word){ text, strlen(text) };
}

static int
send_auth(struct link *l, struct resp *c)
{
	const struct resp_command command = { .kind = KIND_AUTH };
	struct resp_word words[] = { word("AUTH"), word(l->url.user),
		word(l->url.password) };

	if (l->url.user[0] != '\0')
		return resp_send(c, &command, words, 3);
	if (l->url.password[0] == '\0')
		return 0;
	words[1] = words[2];
	return resp_send(c, &command, words, 2);
}

static int
greet(struct link *l, struct resp *c)
{
	struct resp_command command = { .kind = KIND_SELECT };
	char number[12];

	if (send_auth(l, c) != 0)
		return -1;
	snprintf(number, sizeof(number), "%u", l->url.database);
	if (l->url.database != 0 &&
	    resp_send(c, &command,
		(struct resp_word[]){ word("SELECT"), word(number) }, 2) != 0)
		return -1;
	command.kind = KIND_ROLE;
	return resp_send(c, &command, (struct resp_word[]){ word("ROLE") }, 1);
}

static struct bufferevent *
new_bufferevent(struct link *l)
{
	if (l->config.tls != NULL)
		return secure_bufferevent_new_to(
		    l->config.base, l->config.tls, l->url.hosts[l->now].host);
	return bufferevent_socket_new(
	    l->config.base, -1, BEV_OPT_CLOSE_ON_FREE);
}

static void failed(void *arg, const char *why);

static const struct resp_events side_events = {
	.replied = replied,
	.failed = failed,
};

/* Make a side that is not connected. */
static struct bufferevent *
make_side(struct link *l, struct side *s)
{
	const struct resp_config config = { .base = l->config.base,
		.patience = l->config.patience,
		.events = &side_events,
		.arg = s };
	struct bufferevent *bev = new_bufferevent(l);

	if (bev == NULL)
		return NULL;
	s->resp = resp_new(&config, bev);
	if (s->resp == NULL) {
		bufferevent_free(bev);
		return NULL;
	}
	return greet(l, s->resp) == 0 ? bev : NULL;
}

static void
close_side(struct side *s)
{
	resp_free(s->resp);
	s->resp = NULL;
}

/* Begin to connect to the address. Returns false, with why, if that fails at
 * once. */
static bool
open_side(struct link *l, enum link_side side)
{
	struct side *s = &l->sides[side];
	struct bufferevent *bev = make_side(l, s);

	if (bev == NULL) {
		note_why(l, "out of memory");
		close_side(s);
		return false;
	}
	note_why(l, "");
	s->opening = true;
	if (bufferevent_socket_connect(
		bev, l->address->ai_addr, (int)l->address->ai_addrlen) != 0 &&
	    l->why[0] == '\0')
		note_why(l, error_text(socket_error()));
	s->opening = false;
	if (l->why[0] == '\0')
		return true;
	close_side(s);
	return false;
}

/* Connect to this address, or one behind it. */
static void
try_addresses(struct link *l)
{
	for (; l->address != NULL; l->address = l->address->ai_next)
		if (open_side(l, LINK_READER))
			return;
	link_fail(l, l->why);
}

/* A host may listen at one of its addresses only. */
static void
failed(void *arg, const char *why)
{
	struct side *s = arg;
	struct link *l = s->link;

	if (s->opening) {
		note_why(l, why);
	} else if (s == &l->sides[LINK_READER] && !resp_is_connected(s->resp) &&
	    l->address->ai_next != NULL) {
		close_side(s);
		l->address = l->address->ai_next;
		try_addresses(l);
	} else {
		link_fail(l, why);
	}
}

static void
looked_up(void *arg, struct evutil_addrinfo *addresses, const char *why)
{
	struct link *l = arg;

	l->lookup = NULL;
	l->addresses = addresses;
	l->address = addresses;
	if (addresses == NULL)
		link_fail(l, why);
	else
		try_addresses(l);
}

static void
choose_host(struct link *l)
{
	const char *host;

	l->now = l->started ? (l->now + 1) % l->url.count : 0;
	l->started = true;
	host = l->url.hosts[l->now].host;
	snprintf(l->host, sizeof(l->host),
	    strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    l->url.hosts[l->now].port);
}

void
link_connect(struct link *l)
{
	link_disconnect(l);
	choose_host(l);
	l->lookup = lookup_start(l->config.base, l->url.hosts[l->now].host,
	    l->url.hosts[l->now].port, l->config.patience, looked_up, l);
	if (l->lookup == NULL)
		link_fail(l, "out of memory");
}

const char *
link_host(const struct link *l)
{
	return l->host;
}

/* --- life --------------------------------------------------------------- */

struct link *
link_new(const struct link_config *config)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->config = *config;
	l->url = *config->url;
	for (int i = 0; i < LINK_SIDES; i++)
		l->sides[i].link = l;
	choose_host(l);
	l->started = false;
	l->ending = event_new(config->base, -1, 0, ending_cb, l);
	if (l->ending == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	link_disconnect(l);
	event_free(l->ending);
	free(l);
}

struct resp *
link_resp(struct link *l, enum link_side side)
{
	return l->sides[side].resp;
}

void
link_send(struct link *l, enum link_side side,
    const struct resp_command *command, const struct resp_word *words,
    size_t count)
{
	struct resp *c = l->sides[side].resp;

	if (c != NULL && resp_send(c, command, words, count) != 0)
		link_fail(l, "out of memory");
}

void
link_send_formatted(struct link *l, enum link_side side,
    const struct resp_command *commands, size_t count, struct evbuffer *bytes)
{
	struct resp *c = l->sides[side].resp;

	if (c != NULL && resp_send_formatted(c, commands, count, bytes) != 0)
		link_fail(l, "out of memory");
}
