#include "net/datagrams.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/hosts.h"
#include "base/log.h"
#include "modbus/mbap.h"
#include "net/backlog.h"
#include "net/conn_log.h"
#include "service/counters.h"
#include "service/policy.h"
#include "service/service.h"
#include "system/datagram.h"
#include "system/error.h"
#include "system/socket.h"

/* What has come before the start is dropped, up to so many datagrams: more than
 * a socket's buffer holds. */
#define DROPPED_AT_START_MAX 4096

/* Who asks: as far as its socket knows, a client. */
struct source {
	struct datagram_socket *socket; /* borrowed */
	struct client client;           /* its port is 0: there is none */
	struct datagram_ends ends;      /* of its last datagram */
	struct backlog *backlog;        /* owned; NULL: nothing waited yet */
	uint16_t waiting;               /* requests in it */
	bool misses_unit; /* has asked for a unit that is not served */
};

struct datagram_socket {
	struct datagrams *all; /* borrowed */
	evutil_socket_t fd;    /* owned */
	struct event *readable;
	uint16_t port;
	struct hosts *known;    /* owned; addresses, with ports as their tags */
	struct source *sources; /* owned; by number in known */
};

struct datagrams {
	struct event_base *base; /* borrowed */
	struct datagrams_config config;
	struct datagram_figures figures;
	struct datagram_socket sockets[DATAGRAMS_SOCKETS_MAX];
	size_t count;
	struct evbuffer *unsent; /* owned; stays empty: what backlogs watch */
	bool serving;

	struct log_limit refused_limit;
	struct log_limit malformed_limit;
	struct log_limit dropped_limit;
	struct log_limit lost_limit;
	struct log_limit failed_limit;
};

struct datagrams *
datagrams_new(struct event_base *base, const struct datagrams_config *config)
{
	struct datagrams *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->unsent = evbuffer_new();
	if (d->unsent == NULL) {
		free(d);
		return NULL;
	}
	d->base = base;
	d->config = *config;
	d->refused_limit.kind = "refused datagrams";
	d->malformed_limit.kind = "malformed datagrams";
	d->dropped_limit.kind = "dropped datagrams";
	d->lost_limit.kind = "lost replies";
	d->failed_limit.kind = "failures to receive";
	return d;
}

/* Whatever a socket is made of; some of it may be missing. */
static void
socket_end(struct datagram_socket *k)
{
	for (size_t i = 0; k->sources != NULL && i < DATAGRAMS_SOURCES_MAX; i++)
		backlog_free(k->sources[i].backlog);
	free(k->sources);
	hosts_free(k->known);
	if (k->readable != NULL)
		event_free(k->readable);
	socket_close(k->fd);
}

void
datagrams_free(struct datagrams *d)
{
	if (d == NULL)
		return;
	datagrams_sweep(d, true);
	while (d->count > 0)
		socket_end(&d->sockets[--d->count]);
	evbuffer_free(d->unsent);
	free(d);
}

/* Replies. */

static void
log_source(struct log_limit *limit, const struct address *source,
    const char *what, const char *why)
{
	char peer[ADDRESS_TEXT_MAX];

	log_limited(limit, LOG_WARN, "udp: %s: %s: %s",
	    address_format(source, peer), what, why);
}

static void
answer(struct source *s, const struct mbap_frame *frame,
    const struct judged_request *judged)
{
	struct datagrams *d = s->socket->all;
	const struct service *service = d->config.service;
	uint8_t adu[MB_ADU_MAX];
	size_t length =
	    service_execute_late(service, &s->client, frame, judged, adu);

	service->counters->bytes_out += length;
	if (datagram_send(s->socket->fd, adu, length, &s->ends) == 0) {
		d->figures.replied++;
		return;
	}
	d->figures.lost++;
	log_source(&d->lost_limit, &s->client.address, "reply lost",
	    error_text(errno));
}

static void
drop(struct datagrams *d, const struct address *source, const char *why)
{
	d->figures.dropped++;
	log_source(&d->dropped_limit, source, "dropped", why);
}

/* Requests that wait. */

static void
end_first(struct source *s)
{
	backlog_drop(s->backlog);
	s->waiting--;
	s->socket->all->figures.waiting--;
}

/* Answer those that wait, up to a write that the order has not settled. */
static void
answer_waiting(struct source *s)
{
	struct judged_request judged;
	struct mbap_frame frame;

	while (backlog_first(s->backlog, &frame, &judged)) {
		answer(s, &frame, &judged);
		end_first(s);
	}
}

/* The settled callback of writes: of the first request that waits. Where its
 * outcome is not known, only that request has no reply. */
static void
source_settled(struct order_write *write, enum order_outcome outcome, bool more)
{
	struct source *s = write->owner;
	struct datagrams *d = s->socket->all;

	(void)more;
	service_begin_run(d->config.service);
	if (outcome == ORDER_UNKNOWN) {
		d->figures.silent++;
		end_first(s);
	} else {
		backlog_settle(s->backlog, write, outcome);
	}
	answer_waiting(s);
	if (!d->serving && datagrams_are_settled(d))
		d->config.settled(d->config.arg);
}

/* Let a write wait, or a request behind one. */
static void
hold(struct source *s, const struct mbap_frame *frame,
    const struct judged_request *judged)
{
	struct datagrams *d = s->socket->all;
	const struct service *service = d->config.service;

	if (d->figures.waiting >= DATAGRAMS_WAITING_MAX ||
	    s->waiting >= DATAGRAMS_SOURCE_WAITING_MAX) {
		drop(d, &s->client.address, "too many requests wait");
		return;
	}
	if (s->backlog == NULL)
		s->backlog = backlog_new(d->unsent);
	if (s->backlog == NULL ||
	    backlog_add(s->backlog, frame, judged, &s->client, service->order,
		source_settled, s) != 0) {
		drop(d, &s->client.address, "out of memory");
		return;
	}
	service->counters->held++;
	s->waiting++;
	d->figures.waiting++;
	answer_waiting(s); /* the order may have refused the first one */
}

/* Requests. */

/* A request to a unit identifier that is not served: whether it is done with,
 * as it gets no reply. */
static bool
ignores(struct source *s, const struct mbap_frame *frame,
    enum mb_exception exception)
{
	struct datagrams *d = s->socket->all;

	if (!s->misses_unit)
		conn_log_unit(d->config.log, &s->client, mbap_unit(frame));
	s->misses_unit = true;
	if (exception != MB_NO_ANSWER)
		return false;
	service_ignore(d->config.service, frame);
	d->figures.silent++;
	return true;
}

/* As conn_answer does it for a connection. */
static void
serve(struct source *s, const struct mbap_frame *frame)
{
	const struct service *service = s->socket->all->config.service;
	struct judged_request judged;

	service_begin_run(service);
	service_judge(service, &s->client, mbap_unit(frame), mbap_pdu(frame),
	    mbap_pdu_length(frame), &judged);
	if (judged.exception >= MB_EX_GATEWAY_TARGET_FAILED &&
	    ignores(s, frame, judged.exception))
		return;
	if (service->order != NULL &&
	    (judged_request_writes(&judged) || !backlog_is_empty(s->backlog)))
		hold(s, frame, &judged);
	else
		answer(s, frame, &judged);
}

/* Sources. */

/* Make room for a source. Returns false if the one heard longest ago is owed a
 * reply: then it is as if it had just been heard. */
static bool
forget_source(struct datagram_socket *k)
{
	struct source *s = &k->sources[hosts_evict(k->known)];

	if (s->waiting > 0) {
		hosts_use(k->known, &s->client.address, s->client.address.port);
		return false;
	}
	backlog_free(s->backlog);
	*s = (struct source){ .socket = k };
	return true;
}

/* The source with an address, which is new as long as it has none; NULL: there
 * is no room. */
static struct source *
find_source(struct datagram_socket *k, const struct address *a)
{
	uint32_t number = hosts_use(k->known, a, a->port);

	if (number == HOSTS_NONE && forget_source(k))
		number = hosts_use(k->known, a, a->port);
	return number == HOSTS_NONE ? NULL : &k->sources[number];
}

/* Whether replies to what waits would leave from the address that was asked
 * now. */
static bool
asks_at_one_address(const struct source *s, const struct datagram_ends *ends)
{
	const struct address before = address_from_sockaddr(&s->ends.local);
	const struct address now = address_from_sockaddr(&ends->local);

	return s->waiting == 0 || address_same_host(&before, &now);
}

static struct source *
enter_source(struct datagram_socket *k, const struct address *from,
    const struct datagram_ends *ends)
{
	struct datagrams *d = k->all;
	struct source *s = find_source(k, from);

	if (s == NULL) {
		drop(d, from, "too many requests wait");
		return NULL;
	}
	if (s->client.address.port == 0)
		s->client = (struct client){
			.id = d->config.new_client(d->config.arg),
			.address = *from,
			.way = CLIENT_UDP,
		};
	if (!asks_at_one_address(s, ends)) {
		drop(d, from, "asks at two addresses at one time");
		return NULL;
	}
	s->ends = *ends;
	return s;
}

/* Datagrams. */

/* Whether a port is one of ours, where we would answer ourselves. Other servers
 * are likely to have the same. */
static bool
is_our_port(const struct datagrams *d, uint16_t port)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->sockets[i].port == port)
			return true;
	return false;
}

/* Why a source gets no reply, or NULL. */
static const char *
refusal(const struct datagrams *d, const struct address *from,
    const struct datagram_ends *ends)
{
	const struct client who = { .address = *from, .way = CLIENT_UDP };

	if (!policy_may_connect(d->config.service->policy, &who))
		return "not allowed";
	if (from->port == 0 || !address_is_unicast(from))
		return "no reply can be sent there";
	if (is_our_port(d, from->port))
		return "is at a port of this server";
	return ends->to_many ? "sent to a broadcast or multicast address" :
			       NULL;
}

/* Why a datagram is no request, or NULL; then frame is it. */
static const char *
malformation(const uint8_t *bytes, size_t length, struct mbap_frame *frame)
{
	switch (mbap_parse(bytes, length, frame)) {
	case MBAP_PARTIAL:
		return "shorter than an ADU";
	case MBAP_BAD_PROTOCOL:
		return "protocol identifier is not 0";
	case MBAP_BAD_LENGTH:
		return "length is not 2 to 254";
	case MBAP_READY:
		break;
	}
	if (frame->length != length)
		return "longer than its ADU";
	return (mbap_pdu(frame)[0] & MB_EXCEPTION_FLAG) != 0 ?
	    "an exception response" :
	    NULL;
}

static void
take(struct datagram_socket *k, const uint8_t *bytes, size_t length,
    const struct datagram_ends *ends)
{
	const struct address from = address_from_sockaddr(&ends->peer);
	struct datagrams *d = k->all;
	struct mbap_frame frame;
	struct source *s;
	const char *why;

	d->figures.received++;
	why = refusal(d, &from, ends);
	if (why != NULL) {
		d->figures.refused++;
		log_source(&d->refused_limit, &from, "refused", why);
		return;
	}
	why = malformation(bytes, length, &frame);
	if (why != NULL) {
		d->figures.malformed++;
		log_source(&d->malformed_limit, &from, "malformed", why);
		return;
	}
	s = enter_source(k, &from, ends);
	if (s != NULL)
		serve(s, &frame);
}

/* What the system cannot do now it may do later: see datagrams_sweep. */
static void
pause_after(struct datagram_socket *k, int error)
{
	struct datagrams *d = k->all;

	event_del(k->readable);
	log_limited(&d->failed_limit, LOG_WARN,
	    "udp: %s: pausing for a second at most", error_text(error));
}

static void
socket_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct datagram_socket *k = arg;
	uint8_t bytes[MB_ADU_MAX + 1]; /* one more: it is too long */
	struct datagram_ends ends;
	ssize_t length;

	(void)what;
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		length = datagram_receive(fd, bytes, sizeof(bytes), &ends);
		if (length < 0) {
			if (!socket_should_retry(errno))
				pause_after(k, errno);
			return;
		}
		take(k, bytes, (size_t)length, &ends);
	}
}

/* Sockets. */

static evutil_socket_t
bind_one(const struct address *where, bool both_families)
{
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(where, &to);

	return datagram_bind(&to, length, both_families);
}

static evutil_socket_t
bind_as_possible(const struct address *where, bool both_families)
{
	const struct address ipv4 = address_any_ipv4(where->port);
	evutil_socket_t fd = bind_one(where, both_families);

	if (fd < 0 && both_families &&
	    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = bind_one(&ipv4, false);
	return fd;
}

static struct address
bound_address(evutil_socket_t fd)
{
	struct sockaddr_storage bound;

	socket_address(fd, &bound);
	return address_from_sockaddr(&bound);
}

int
datagrams_bind(
    struct datagrams *d, const struct address *where, bool both_families)
{
	struct datagram_socket *k = &d->sockets[d->count];

	if (d->count == DATAGRAMS_SOCKETS_MAX) {
		errno = ENOSPC;
		return -1;
	}
	*k = (struct datagram_socket){ .all = d };
	k->fd = bind_as_possible(where, both_families);
	if (k->fd < 0)
		return -1;
	k->port = bound_address(k->fd).port;
	k->readable = event_new(
	    d->base, k->fd, EV_READ | EV_PERSIST, socket_readable_cb, k);
	k->known = hosts_new(DATAGRAMS_SOURCES_MAX);
	k->sources = calloc(DATAGRAMS_SOURCES_MAX, sizeof(*k->sources));
	if (k->readable == NULL || k->known == NULL || k->sources == NULL) {
		socket_end(k);
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < DATAGRAMS_SOURCES_MAX; i++)
		k->sources[i].socket = k;
	d->count++;
	return 0;
}

size_t
datagrams_count(const struct datagrams *d)
{
	return d->count;
}

struct address
datagrams_address(const struct datagrams *d, size_t i)
{
	return bound_address(d->sockets[i].fd);
}

static void
drop_what_has_come(struct datagram_socket *k)
{
	struct datagram_ends ends;
	uint8_t byte;

	for (int i = 0; i < DROPPED_AT_START_MAX &&
	     datagram_receive(k->fd, &byte, sizeof(byte), &ends) >= 0;
	     i++) {
		k->all->figures.received++;
		k->all->figures.dropped++;
	}
}

int
datagrams_start(struct datagrams *d)
{
	for (size_t i = 0; i < d->count; i++) {
		drop_what_has_come(&d->sockets[i]);
		if (event_add(d->sockets[i].readable, NULL) != 0)
			return -1;
	}
	d->serving = true;
	return 0;
}

void
datagrams_stop(struct datagrams *d)
{
	d->serving = false;
	for (size_t i = 0; i < d->count; i++)
		event_del(d->sockets[i].readable);
}

bool
datagrams_are_settled(const struct datagrams *d)
{
	return d->figures.waiting == 0;
}

void
datagrams_sweep(struct datagrams *d, bool finally)
{
	log_limit_flush(&d->refused_limit, finally);
	log_limit_flush(&d->malformed_limit, finally);
	log_limit_flush(&d->dropped_limit, finally);
	log_limit_flush(&d->lost_limit, finally);
	log_limit_flush(&d->failed_limit, finally);
	for (size_t i = 0; d->serving && !finally && i < d->count; i++)
		event_add(d->sockets[i].readable, NULL);
}

const struct datagram_figures *
datagrams_figures(const struct datagrams *d)
{
	return &d->figures;
}
