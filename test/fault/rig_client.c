#include "rig_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model.h"
#include "net/server.h"
#include "rig_rtu.h"
#include "rig_tls.h"
#include "version.h"

#define HEADER 7

static struct model model;
static uint16_t next_area;

void
rig_model_init(void)
{
	model_init(&model, false, VERSION);
}

/* --- asking ------------------------------------------------------------- */

struct rig_client *
rig_connect(struct rig *r, int which, bool small)
{
	struct rig_client *c = &r->clients[which];
	struct address where = server_address(r->server, 0);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	const int bytes = 4096, no_delay = 1;

	must(c->fd < 0);
	*c = (struct rig_client){ .reading = true, .area = next_area };
	next_area = (uint16_t)((next_area + RIG_AREA) %
	    (MODEL_ADDRESSES - 2 * RIG_AREA));
	c->fd = socket(to.ss_family, SOCK_STREAM, 0);
	must(c->fd >= 0);
	if (small)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(
	    c->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));
	must(connect(c->fd, (struct sockaddr *)&to, length) == 0);
	must(fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0);
	if (rig_tls_on())
		c->ssl = rig_tls_connect(c->fd);
	/* Whoever had these addresses before may have left anything. */
	rig_ask_kind(c, 0, 0);
	rig_ask_kind(c, 1, 0);
	return c;
}

bool
rig_has_room(const struct rig_client *c)
{
	return sizeof(c->asked) - c->asked_length >= 260;
}

void
rig_send_raw(struct rig_client *c, const void *bytes, size_t length)
{
	must(length <= sizeof(c->asked) - c->asked_length);
	memcpy(c->asked + c->asked_length, bytes, length);
	c->asked_length += length;
}

void
rig_ask(struct rig_client *c, uint8_t unit, const uint8_t *pdu, size_t length)
{
	const uint8_t header[HEADER] = { (uint8_t)(c->transaction >> 8),
		(uint8_t)c->transaction, 0, 0, 0, (uint8_t)(1 + length), unit };

	c->transaction++;
	rig_send_raw(c, header, sizeof(header));
	rig_send_raw(c, pdu, length);
}

void
rig_ask_for(
    struct rig_client *c, uint8_t function, uint16_t address, uint16_t value)
{
	uint16_t at = (uint16_t)(c->area + address);
	const uint8_t pdu[] = { function, (uint8_t)(at >> 8), (uint8_t)at,
		(uint8_t)(value >> 8), (uint8_t)value };

	rig_ask(c, 1, pdu, sizeof(pdu));
}

/* Write all of the client's registers or coils. */
static void
ask_to_fill(
    struct rig_client *c, uint8_t function, size_t bytes, uint16_t value)
{
	uint8_t pdu[6 + 2 * RIG_AREA] = { function, (uint8_t)(c->area >> 8),
		(uint8_t)c->area, 0, RIG_AREA, (uint8_t)bytes };

	for (size_t i = 0; i < bytes; i++)
		pdu[6 + i] = (uint8_t)(value >> (i % 2 * 8));
	rig_ask(c, 1, pdu, 6 + bytes);
}

static void
ask_both(struct rig_client *c, uint16_t value)
{
	const uint8_t high = (uint8_t)(c->area >> 8), low = (uint8_t)c->area;
	const uint8_t pdu[] = { 23, high, low, 0, RIG_AREA, high, low, 0, 2, 4,
		(uint8_t)(value >> 8), (uint8_t)value, 0, 1 };

	rig_ask(c, 1, pdu, sizeof(pdu));
}

static void
ask_to_mask(struct rig_client *c, uint16_t value)
{
	const uint8_t pdu[] = { 22, (uint8_t)(c->area >> 8), (uint8_t)c->area,
		0xF0, 0x0F, (uint8_t)(value >> 8), (uint8_t)value };

	rig_ask(c, 1, pdu, sizeof(pdu));
}

/* No such function. In "rtu" its frame ends where the CRC fits: with these data
 * that is nowhere before its end. */
static void
ask_unknown(struct rig_client *c, uint8_t function)
{
	const uint8_t pdu[] = { function, 0, 0, 0, 0 };

	rig_ask(c, 1, pdu, sizeof(pdu));
}

void
rig_ask_kind(struct rig_client *c, unsigned kind, uint16_t value)
{
	switch (kind % 12) {
	case 0:
		ask_to_fill(c, 16, 2 * RIG_AREA, value);
		break;
	case 1:
		ask_to_fill(c, 15, (RIG_AREA + 7) / 8, value);
		break;
	case 2:
		rig_ask_for(c, 3, 0, RIG_AREA);
		break;
	case 3:
		rig_ask_for(c, 1, 0, RIG_AREA);
		break;
	case 4:
		rig_ask_for(c, 6, value % RIG_AREA, value);
		break;
	case 5:
		rig_ask_for(c, 5, value % RIG_AREA, value & 1 ? 0xFF00 : 0);
		break;
	case 6:
		ask_both(c, value);
		break;
	case 7:
		ask_to_mask(c, value);
		break;
	case 8:
		rig_ask(c, 9, (const uint8_t *)"\x2B\x0E\x01\x00", 4);
		break;
	case 9:
		rig_ask(c, 9, (const uint8_t *)"\x08\x00\x00\xA5\x37", 5);
		break;
	case 10: /* too many */
		rig_ask_for(c, 3, 0, 126);
		break;
	default:
		ask_unknown(c, (uint8_t)(100 + value % 20));
		break;
	}
}

/* --- judging ------------------------------------------------------------ */

/* Write the reply that is due next. Returns its length, or 0: none is. */
static size_t
next_reply(const struct rig_client *c, uint8_t *reply)
{
	const uint8_t *asked = c->asked + c->answered;
	size_t length;

	/* A request that was not sent whole, or is none. */
	if (c->sent - c->answered < HEADER || asked[2] != 0 ||
	    c->sent - c->answered < 6U + asked[5])
		return 0;
	if (asked[6] == RIG_FAILED_UNIT) {
		reply[7] = asked[7] | 0x80;
		reply[8] = 4;
		length = 2;
	} else {
		length = model_respond(
		    &model, asked + HEADER, asked[5] - 1U, reply + 7);
	}
	memcpy(reply, asked, HEADER);
	reply[4] = 0;
	reply[5] = (uint8_t)(1 + length);
	return HEADER + length;
}

/* A reply of so many bytes was right. */
static void
take_away(struct rig_client *c, size_t whole)
{
	c->in_length -= whole;
	memmove(c->in, c->in + whole, c->in_length);
	c->answered += 6U + c->asked[c->answered + 5];
	c->replies++;
}

/* Of "rtu", where only the reply that is due tells where one ends. */
static bool
take_frame(struct rig_client *c)
{
	uint8_t expected[HEADER + MODEL_PDU_MAX];
	size_t whole;

	if (c->in_length == 0)
		return false;
	whole = next_reply(c, expected);
	must(whole > 0);
	whole = rig_rtu_frame(expected, whole);
	if (c->in_length < whole)
		return false;
	must(memcmp(c->in, expected, whole) == 0);
	take_away(c, whole);
	return true;
}

/* Take one whole reply out of what came in. Returns whether there was one. */
static bool
take_reply(struct rig_client *c)
{
	uint8_t expected[HEADER + MODEL_PDU_MAX];
	size_t whole;

	if (rig_rtu_on())
		return take_frame(c);
	if (c->in_length < HEADER || c->in_length < 6U + c->in[5])
		return false;
	whole = next_reply(c, expected);
	must(whole > 0);                                /* it was asked for */
	must(whole == 6U + c->in[4] * 256U + c->in[5]); /* its length */
	must(memcmp(c->in, expected, whole) == 0);      /* in step, and right */
	take_away(c, whole);
	return true;
}

/* What a connection ends in may be part of the next reply, and nothing else. */
static void
check_last_bytes(struct rig_client *c)
{
	uint8_t expected[HEADER + MODEL_PDU_MAX];
	size_t whole;

	if (c->in_length == 0)
		return;
	whole = next_reply(c, expected);
	if (rig_rtu_on() && whole > 0)
		whole = rig_rtu_frame(expected, whole);
	must(whole > c->in_length);
	must(memcmp(c->in, expected, c->in_length) == 0);
}

static void
reclaim(struct rig_client *c)
{
	if (c->answered == 0)
		return;
	c->asked_length -= c->answered;
	c->sent -= c->answered;
	memmove(c->asked, c->asked + c->answered, c->asked_length);
	c->answered = 0;
}

/* --- moving ------------------------------------------------------------- */

/* The bytes that have to be sent next: a request as a frame, or what is none as
 * it is. Returns their number. */
static size_t
next_frame(const struct rig_client *c, uint8_t *bytes, size_t *asked)
{
	const uint8_t *next = c->asked + c->sent;

	*asked = c->asked_length - c->sent;
	if (next[2] == 0)
		*asked = 6U + next[5];
	memcpy(bytes, next, *asked);
	return next[2] == 0 ? rig_rtu_frame(bytes, *asked) : *asked;
}

/* pump_out for "rtu", frame by frame. */
static bool
pump_frames(struct rig_client *c)
{
	size_t room = c->burst != 0 ? c->burst : SIZE_MAX;
	bool moved = false;

	while (c->sent < c->asked_length && room > 0) {
		uint8_t bytes[HEADER + MODEL_PDU_MAX];
		size_t asked;
		size_t whole = next_frame(c, bytes, &asked);
		size_t left = whole - c->begun;
		ssize_t n = send(c->fd, bytes + c->begun,
		    left < room ? left : room, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		moved = true;
		room -= (size_t)n;
		c->begun += (size_t)n;
		if (c->begun == whole) {
			c->sent += asked;
			c->begun = 0;
		}
	}
	return moved;
}

static bool
pump_out(struct rig_client *c)
{
	size_t left = c->asked_length - c->sent;
	ssize_t n;

	if (rig_rtu_on())
		return pump_frames(c);
	if (left == 0)
		return false;
	if (c->burst != 0 && left > c->burst)
		left = c->burst;
	n = c->ssl != NULL ?
	    rig_tls_send(c->ssl, c->asked + c->sent, left) :
	    send(c->fd, c->asked + c->sent, left, MSG_NOSIGNAL);
	if (n <= 0)
		return false; /* if it is broken, reading tells */
	c->sent += (size_t)n;
	return true;
}

static bool
pump_in(struct rig_client *c)
{
	const size_t room = sizeof(c->in) - c->in_length;
	ssize_t n = c->ssl != NULL ?
	    rig_tls_receive(c->ssl, c->in + c->in_length, room) :
	    recv(c->fd, c->in + c->in_length, room, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		check_last_bytes(c);
		c->closed = true;
		return true;
	}
	c->in_length += (size_t)n;
	while (take_reply(c))
		;
	return true;
}

bool
rig_client_pump(struct rig_client *c)
{
	bool moved = false;

	if (c->fd < 0 || c->closed)
		return false;
	moved |= pump_out(c);
	while (c->reading && !c->closed && pump_in(c))
		moved = true;
	reclaim(c);
	return moved;
}

bool
rig_is_answered(const struct rig_client *c)
{
	return c->fd >= 0 && c->answered == c->asked_length;
}

bool
rig_is_served(const struct rig_client *c)
{
	return c->fd < 0 || c->closed || rig_is_answered(c);
}

void
rig_half_close(struct rig_client *c)
{
	pump_out(c);
	if (c->ssl != NULL)
		rig_tls_shut(c->ssl);
	shutdown(c->fd, SHUT_WR);
}

void
rig_disconnect(struct rig_client *c, bool reset)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (c->fd < 0)
		return;
	if (reset)
		setsockopt(
		    c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	else if (c->ssl != NULL && !c->closed)
		rig_tls_shut(c->ssl);
	if (c->ssl != NULL)
		rig_tls_free(c->ssl);
	c->ssl = NULL;
	close(c->fd);
	c->fd = -1;
}
