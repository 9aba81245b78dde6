#include "health/probe.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

const struct probe_kind probe_modbus = { "Modbus", health_modbus_question,
	health_modbus_judge };
const struct probe_kind probe_http = { "HTTP", health_http_question,
	health_http_judge };

struct probe {
	const struct probe_kind *kind; /* borrowed */
	struct bufferevent *bev;       /* owned */
	struct address at;
	probe_done_fn done;
	void *arg;
	enum health_verdict verdict;
	char why[PRINTABLE_SIZE];
};

static void
end(struct probe *p, enum health_verdict verdict)
{
	p->verdict = verdict;
	bufferevent_disable(p->bev, EV_READ | EV_WRITE);
	p->done(p->arg);
}

static void
judge(struct probe *p, bool ended)
{
	struct evbuffer *in = bufferevent_get_input(p->bev);
	uint8_t reply[HEALTH_REPLY_MAX + 1];
	ev_ssize_t length = evbuffer_copyout(in, reply, HEALTH_REPLY_MAX);
	enum health_verdict verdict;

	if (p->verdict != HEALTH_WAIT)
		return;
	if (length < 0)
		length = 0;
	reply[length] = 0;
	verdict = p->kind->judge(reply, (size_t)length, ended, p->why);
	if (verdict != HEALTH_WAIT)
		end(p, verdict);
}

static void
read_cb(struct bufferevent *bev, void *arg)
{
	(void)bev;
	judge(arg, false);
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	int error = EVUTIL_SOCKET_ERROR();
	struct probe *p = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED || p->verdict != HEALTH_WAIT)
		return;
	if (what & BEV_EVENT_ERROR) {
		printable(evutil_socket_error_to_string(error), p->why);
		end(p, HEALTH_UNWELL);
		return;
	}
	judge(p, true);
}

/* Returns 0, or -1. */
static int
begin(struct probe *p)
{
	uint8_t question[HEALTH_QUESTION_MAX];
	size_t length = p->kind->ask(&p->at, question);
	struct sockaddr_storage to;
	int size = (int)address_to_sockaddr(&p->at, &to);

	bufferevent_setcb(p->bev, read_cb, NULL, event_cb, p);
	if (bufferevent_write(p->bev, question, length) != 0 ||
	    bufferevent_enable(p->bev, EV_READ) != 0)
		return -1;
	return bufferevent_socket_connect(p->bev, (struct sockaddr *)&to, size);
}

struct probe *
probe_new(struct event_base *base, const struct probe_kind *kind,
    const struct address *at, probe_done_fn done, void *arg)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->kind = kind;
	p->at = *at;
	p->done = done;
	p->arg = arg;
	p->bev = bufferevent_socket_new(
	    base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (p->bev != NULL && begin(p) == 0)
		return p;
	probe_free(p);
	return NULL;
}

void
probe_free(struct probe *p)
{
	int error = errno;

	if (p == NULL)
		return;
	if (p->bev != NULL)
		bufferevent_free(p->bev);
	free(p);
	errno = error;
}

const struct probe_kind *
probe_kind_of(const struct probe *p)
{
	return p->kind;
}

const struct address *
probe_at(const struct probe *p)
{
	return &p->at;
}

enum health_verdict
probe_verdict(const struct probe *p)
{
	return p->verdict;
}

const char *
probe_why(const struct probe *p)
{
	return p->why;
}
