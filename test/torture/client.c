#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "rtu.h"
#include "secure.h"

/* More than a thousand of the longest replies. */
#define INPUT_MAX (512U * 1024)

/* A server that leaves so many seconds of questions unanswered is asked less
 * patiently from then on. */
#define VAIN_PATIENCE    15.0
#define VAIN_TIMEOUT_MIN 0.25

/* A wait is made of slices, so that it can be seen when the host does not let
 * this process run. What is shorter than this is not worth seeing. */
#define SLICE_SECONDS 0.05
#define HELD_MIN      0.5

/* Bytes of ADUs that become frames at once. */
#define FRAMED_MAX 4096

struct client {
	struct endpoint *server; /* borrowed */
	int fd;
	struct ssl_st *ssl; /* owned; NULL: no TLS */
	bool ended;         /* EOF or an error was seen */
	size_t start;       /* of what has not been taken */
	size_t end;
	uint8_t input[INPUT_MAX];

	struct rtu *rtu;     /* owned; NULL: no RTU */
	size_t output_start; /* of its frames that are not sent */
	size_t output_end;
	uint8_t output[2 * FRAMED_MAX];
};

double
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
endpoint_resolve(
    struct endpoint *e, const char *host, const char *port, char *error)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int status = getaddrinfo(host, port, &hints, &found);

	if (status != 0) {
		snprintf(error, 200, "%s port %s: %s", host, port,
		    gai_strerror(status));
		return -1;
	}
	memcpy(&e->address, found->ai_addr, found->ai_addrlen);
	e->address_length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int
endpoint_at_path(struct endpoint *e, const char *path, char *error)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(local.sun_path)) {
		snprintf(error, 200, "%.100s: too long", path);
		return -1;
	}
	memcpy(local.sun_path, path, strlen(path) + 1);
	memcpy(&e->address, &local, sizeof(local));
	e->address_length = sizeof(local);
	return 0;
}

bool
endpoint_expired(const struct endpoint *e)
{
	return clock_now() >= e->deadline;
}

/* How long to wait for one answer now. */
static double
patience(const struct endpoint *e)
{
	double left = e->deadline - clock_now();
	double timeout = e->timeout;

	if (e->vain > VAIN_PATIENCE && timeout > VAIN_TIMEOUT_MIN)
		timeout = VAIN_TIMEOUT_MIN;
	if (timeout > left)
		timeout = left;
	return timeout > 0 ? timeout : 0;
}

/* Since the last look so much time should have passed at the most. */
static void
look(struct endpoint *e, double seconds)
{
	double now = clock_now();

	if (e->seen > 0 && now - e->seen > seconds + HELD_MIN)
		e->held += now - e->seen - seconds;
	e->seen = now;
}

/* Wait for events until a time. Returns those that are there, 0 when time is
 * up. */
static short
wait_until(const struct client *c, short events, double until)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	look(c->server, 0); /* nothing else takes long */
	for (;;) {
		double left = until - clock_now();
		double slice = left < SLICE_SECONDS ? left : SLICE_SECONDS;
		int ms = slice > 0 ? (int)(slice * 1000) + 1 : 0;
		int ready = poll(&p, 1, ms);

		look(c->server, SLICE_SECONDS);
		if (ready > 0)
			return p.revents;
		if (ready == 0 && clock_now() >= until)
			return 0;
		if (ready < 0 && errno != EINTR)
			return POLLERR;
	}
}

const char *
reply_text(const struct reply *reply, char *text)
{
	char bytes[BYTES_TEXT];

	switch (reply->kind) {
	case REPLY_TIMEOUT:
		snprintf(text, REPLY_TEXT, "no answer in time");
		return text;
	case REPLY_CLOSED:
		snprintf(text, REPLY_TEXT, "a closed connection");
		return text;
	case REPLY_BAD_HEADER:
		snprintf(text, REPLY_TEXT, "an impossible header %s",
		    bytes_text(&reply->pdu, bytes));
		return text;
	case REPLY_FRAME:
		break;
	}
	return bytes_text(&reply->pdu, text);
}

static int
connect_in_time(const struct client *c)
{
	const struct endpoint *e = c->server;
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(c->fd, (const struct sockaddr *)&e->address,
		e->address_length) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	if (wait_until(c, POLLOUT, clock_now() + patience(e)) == 0)
		return -1;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return -1;
	return error == 0 ? 0 : -1;
}

/* The TLS handshake, where there is TLS. In TLS 1.3 it is done before the
 * server has judged the certificate. */
static int
shake_hands_in_time(struct client *c)
{
	double until = clock_now() + patience(c->server);
	long step;

	if (c->server->secure == NULL)
		return 0;
	c->ssl = secure_open(c->server->secure, c->fd);
	if (c->ssl == NULL)
		return -1;
	while ((step = secure_shake_hands(c->ssl)) != 0) {
		short events = step == SECURE_WANTS_WRITE ? POLLOUT : POLLIN;

		if (step == SECURE_LOST || wait_until(c, events, until) == 0)
			return -1;
	}
	return 0;
}

struct client *
client_open(struct endpoint *e)
{
	struct client *c = malloc(sizeof(*c));
	int on = 1;

	if (c == NULL)
		return NULL;
	c->server = e;
	c->ssl = NULL;
	c->ended = false;
	c->start = c->end = 0;
	c->output_start = c->output_end = 0;
	c->rtu = e->rtu ? calloc(1, sizeof(*c->rtu)) : NULL;
	c->fd = socket(e->address.ss_family,
	    (e->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (c->fd < 0 || (e->rtu && c->rtu == NULL) ||
	    connect_in_time(c) != 0 || shake_hands_in_time(c) != 0) {
		client_close(c);
		return NULL;
	}
	return c;
}

static void
client_free(struct client *c)
{
	secure_free(c->ssl);
	if (c->fd >= 0)
		close(c->fd);
	free(c->rtu);
	free(c);
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	if (c->ssl != NULL)
		secure_shut(c->ssl);
	client_free(c);
}

void
client_reset(struct client *c)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (c == NULL)
		return;
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	client_free(c);
}

void
client_half_close(struct client *c)
{
	if (c == NULL)
		return;
	if (c->ssl != NULL)
		secure_shut(c->ssl);
	shutdown(c->fd, SHUT_WR);
}

void
client_shrink_receive_buffer(struct client *c)
{
	int size = 4096;

	if (c != NULL)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* Read what there is: the number of bytes, 0 when there will be no more, or -1
 * when there is none yet. */
static long
receive_some(struct client *c, void *out, size_t room)
{
	ssize_t got;

	if (c->ssl != NULL) {
		got = secure_receive(c->ssl, out, room);
		return got == SECURE_LOST ? 0 : got > 0 ? got : -1;
	}
	got = recv(c->fd, out, room, 0);
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -1 :
									   0;
}

/* Take what has arrived; of TLS all of it, since what has been read of the
 * socket is not seen by poll. A full buffer is as good as an end: no check
 * needs so much. */
static void
read_available(struct client *c)
{
	long got;

	if (c->start > 0) {
		memmove(c->input, c->input + c->start, c->end - c->start);
		c->end -= c->start;
		c->start = 0;
	}
	do {
		got = 0;
		if (c->end < INPUT_MAX)
			got = receive_some(
			    c, c->input + c->end, INPUT_MAX - c->end);
		if (got > 0)
			c->end += (size_t)got;
		else if (got == 0)
			c->ended = true;
	} while (got > 0 && c->ssl != NULL);
}

/* Send bytes as they are, as far as they are taken at once. */
static long
send_some(struct client *c, const void *data, size_t length)
{
	ssize_t sent;

	if (c->ssl != NULL) {
		sent = secure_send(c->ssl, data, length);
		return sent == SECURE_LOST ? -1 : sent > 0 ? sent : 0;
	}
	sent = send(c->fd, data, length, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 :
									   -1;
}

static bool
has_output(const struct client *c)
{
	return c != NULL && c->output_start < c->output_end;
}

/* Send frames. Returns 0, or -1 when the connection is lost. */
static int
flush_some(struct client *c)
{
	long sent = 0;

	if (has_output(c))
		sent = send_some(c, c->output + c->output_start,
		    c->output_end - c->output_start);
	if (sent < 0)
		return -1;
	c->output_start += (size_t)sent;
	return 0;
}

/* send_some for RTU: bytes are taken once the frames before are sent. */
static long
frame_some(struct client *c, const void *data, size_t length)
{
	if (flush_some(c) != 0)
		return -1;
	if (has_output(c))
		return 0;
	if (length > FRAMED_MAX)
		length = FRAMED_MAX;
	c->output_start = 0;
	c->output_end = rtu_frames(c->rtu, data, length, c->output);
	return flush_some(c) == 0 ? (long)length : -1;
}

long
client_send_some(struct client *c, const void *data, size_t length)
{
	if (c == NULL)
		return -1;
	return c->rtu != NULL ? frame_some(c, data, length) :
				send_some(c, data, length);
}

int
client_send(struct client *c, const void *data, size_t length)
{
	const uint8_t *next = data;
	double until;

	if (c == NULL)
		return -1;
	until = clock_now() + patience(c->server);
	while (length > 0 || has_output(c)) {
		long sent = client_send_some(c, next, length);
		short events = POLLOUT;

		if (sent < 0)
			return -1;
		next += sent;
		length -= (size_t)sent;
		if (length == 0 && !has_output(c))
			break;
		if (!c->ended)
			events |= POLLIN;
		events = wait_until(c, events, until);
		if (events == 0)
			return -1;
		if (events & POLLIN)
			read_available(c);
	}
	return 0;
}

bool
client_refuses(const struct client *c, const struct bytes *pdu)
{
	if (c == NULL || c->rtu == NULL || rtu_carries(pdu))
		return false;
	c->server->uncarried = true;
	return true;
}

int
client_send_pdu(struct client *c, uint16_t transaction, uint8_t unit,
    const struct bytes *pdu)
{
	struct bytes adu = adu_of(transaction, unit, pdu);

	if (client_refuses(c, pdu))
		return 0;
	return client_send(c, adu.data, adu.length);
}

/* Take a frame of RTU, or what can't be one, out of the buffer. */
static bool
take_rtu(struct client *c, struct reply *reply)
{
	const uint8_t *p = c->input + c->start;
	size_t have = c->end - c->start;
	size_t length;
	long transaction;

	if (!rtu_has_reply(c->rtu, p, have, &length))
		return false;
	transaction = rtu_take_reply(c->rtu, p, length);
	if (transaction < 0) {
		reply->kind = REPLY_BAD_HEADER;
		reply->pdu = bytes_of(p, length);
		return true;
	}
	reply->kind = REPLY_FRAME;
	reply->transaction = (uint16_t)transaction;
	reply->unit = p[0];
	reply->pdu = bytes_of(p + 1, length - 3);
	c->start += length;
	return true;
}

/* Take a whole frame, or a header that can't be one, out of the buffer. */
static bool
take(struct client *c, struct reply *reply)
{
	const uint8_t *p = c->input + c->start;
	size_t have = c->end - c->start;
	size_t length;

	if (c->rtu != NULL)
		return take_rtu(c, reply);
	if (have < HEADER_LENGTH)
		return false;
	length = get16(p + 4);
	if (get16(p + 2) != 0 || length < 2 || length > 1 + PDU_MAX) {
		reply->kind = REPLY_BAD_HEADER;
		reply->pdu = bytes_of(p, have < 16 ? have : 16);
		return true;
	}
	if (have < HEADER_LENGTH - 1 + length)
		return false;
	reply->kind = REPLY_FRAME;
	reply->transaction = get16(p);
	reply->unit = p[6];
	reply->pdu = bytes_of(p + HEADER_LENGTH, length - 1);
	c->start += HEADER_LENGTH - 1 + length;
	return true;
}

struct reply
client_receive_within(struct client *c, double seconds)
{
	struct reply reply = { .kind = REPLY_CLOSED };
	double until = clock_now() + seconds;

	if (c == NULL)
		return reply;
	while (!take(c, &reply)) {
		if (c->ended) {
			reply.kind = REPLY_CLOSED;
			break;
		}
		if (wait_until(c, POLLIN, until) == 0) {
			reply.kind = REPLY_TIMEOUT;
			break;
		}
		read_available(c);
	}
	return reply;
}

struct reply
client_receive(struct client *c)
{
	double began = clock_now();
	struct reply reply;

	if (c == NULL)
		return (struct reply){ .kind = REPLY_CLOSED };
	reply = client_receive_within(c, patience(c->server));
	if (reply.kind == REPLY_TIMEOUT)
		c->server->vain += clock_now() - began;
	return reply;
}
