#include "shared/lookup.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

#include "system/inet.h"

struct lookup {
	struct evdns_base *dns;                  /* owned; NULL: not needed */
	struct evdns_getaddrinfo_request *asked; /* NULL: it has ended */
	struct event *timer;                     /* owned; ends it */
	struct evutil_addrinfo *found;           /* owned */
	int error;                               /* EVUTIL_EAI_… */
	lookup_fn done;                          /* NULL: dropped */
	void *arg;
};

static void
destroy(struct lookup *l)
{
	if (l->found != NULL)
		evutil_freeaddrinfo(l->found);
	if (l->dns != NULL)
		evdns_base_free(l->dns, 0);
	if (l->timer != NULL)
		event_free(l->timer);
	free(l);
}

/* evdns has ended, perhaps from within a call. It must not be freed before the
 * next turn of the loop: what it has cancelled in this one still ends. */
static void
ended_cb(int error, struct evutil_addrinfo *found, void *arg)
{
	const struct timeval next = { 0, 0 };
	struct lookup *l = arg;

	l->asked = NULL;
	l->error = error;
	l->found = found;
	if (event_add(l->timer, &next) != 0)
		event_active(l->timer, EV_TIMEOUT, 0);
}

/* All is done, or it takes too long. */
static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *l = arg;
	lookup_fn done = l->done;
	void *done_arg = l->arg;
	struct evutil_addrinfo *found = l->found;
	int error = l->error;

	(void)fd;
	(void)what;
	l->found = NULL;
	if (l->asked != NULL) {
		lookup_drop(l);
		found = NULL;
		error = EVUTIL_EAI_AGAIN;
	} else {
		destroy(l);
	}
	if (done != NULL)
		done(done_arg, found,
		    found != NULL ? NULL : evutil_gai_strerror(error));
	else if (found != NULL)
		evutil_freeaddrinfo(found);
}

void
lookup_drop(struct lookup *l)
{
	if (l == NULL)
		return;
	l->done = NULL;
	if (l->asked != NULL) {
		event_del(l->timer);
		evdns_getaddrinfo_cancel(l->asked);
	} else if (l->dns == NULL) {
		destroy(l);
	} /* else the timer is about to */
}

/* A server of names that does not answer is soon left for the next one. */
static struct evdns_base *
dns_new(struct event_base *base)
{
	struct evdns_base *dns = evdns_base_new(base,
	    EVDNS_BASE_INITIALIZE_NAMESERVERS |
		EVDNS_BASE_DISABLE_WHEN_INACTIVE);

	if (dns == NULL)
		return NULL;
	evdns_base_set_option(dns, "timeout:", "0.4");
	evdns_base_set_option(dns, "max-timeouts:", "1");
	evdns_base_set_option(dns, "getaddrinfo-allow-skew:", "0.4");
	return dns;
}

static void
ask(struct lookup *l, struct event_base *base, const char *host,
    const char *service)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_flags = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV };
	struct evutil_addrinfo *found = NULL;
	struct evdns_getaddrinfo_request *asked;
	int error = evutil_getaddrinfo(host, service, &hints, &found);

	if (error == 0) {
		ended_cb(0, found, l);
		return;
	}
	l->dns = dns_new(base);
	if (l->dns == NULL) {
		ended_cb(EVUTIL_EAI_FAIL, NULL, l);
		return;
	}
	hints.ai_flags = EVUTIL_AI_NUMERICSERV;
	asked = evdns_getaddrinfo(l->dns, host, service, &hints, ended_cb, l);
	if (asked != NULL)
		l->asked = asked;
}

struct lookup *
lookup_start(struct event_base *base, const char *host, uint16_t port,
    unsigned patience, lookup_fn done, void *arg)
{
	struct timeval after = { patience / 1000, patience % 1000 * 1000 };
	struct lookup *l = calloc(1, sizeof(*l));
	char service[8];

	if (l == NULL)
		return NULL;
	l->done = done;
	l->arg = arg;
	l->timer = event_new(base, -1, 0, timer_cb, l);
	if (l->timer == NULL || event_add(l->timer, &after) != 0) {
		destroy(l);
		return NULL;
	}
	snprintf(service, sizeof(service), "%u", port);
	ask(l, base, host, service);
	return l;
}
