/*
 * Many requests on one connection, answered while it lasts or after its client
 * has sent FIN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"
#include "run.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define STREAM_MAX   1000
#define BUSY         6 /* the exception of a server that is full */

#define PIPELINING_CLAUSE                                                      \
	"Guide 4.4.2.1: each is a transaction; full is exception 06"
#define HALF_CLOSE_CLAUSE "RFC 9293 3.6: a half-closed peer still receives"

/* How to send a number of requests. */
struct stream {
	const char *name;
	size_t requests;
	bool mixed;     /* every other one is refused by an exception */
	size_t segment; /* bytes per send, 0 for all in one */
};

/* A request of the stream: with transaction identifier i, from 1 on. */
static struct bytes
stream_request(const struct run *r, const struct stream *s, size_t i)
{
	struct bytes unknown = { .length = 0 };

	if (!s->mixed || i % 2 == 0)
		return adu_of((uint16_t)i, r->unit, &r->ping);
	bytes_add8(&unknown, 99);
	bytes_add16(&unknown, (uint32_t)i);
	return adu_of((uint16_t)i, r->unit, &unknown);
}

static int
send_stream(struct run *r, const struct stream *s)
{
	static uint8_t data[STREAM_MAX * 16];
	size_t length = 0;
	size_t step;

	for (size_t i = 1; i <= s->requests; i++) {
		struct bytes adu = stream_request(r, s, i);

		memcpy(data + length, adu.data, adu.length);
		length += adu.length;
	}
	step = s->segment > 0 ? s->segment : length;
	for (size_t at = 0; at < length; at += step)
		if (client_send(run_client(r), data + at,
			length - at < step ? length - at : step) != 0)
			return -1;
	return 0;
}

/* Whether a reply is right for the request with its transaction identifier:
 * the same as for a request alone, or busy. */
static bool
is_right(const struct stream *s, const struct reply *reply,
    const struct bytes *alone)
{
	const struct bytes *pdu = &reply->pdu;

	if (pdu->length == 2 && pdu->data[1] == BUSY)
		return true;
	if (s->mixed && reply->transaction % 2 != 0)
		return pdu->length == 2 && pdu->data[0] == (99 | 0x80) &&
		    pdu->data[1] == 1;
	return pdu->length == alone->length &&
	    memcmp(pdu->data, alone->data, alone->length) == 0;
}

/* Receive a reply to each request, in any order, as the specification has it:
 * the transaction identifier tells them apart. */
static struct verdict
receive_stream(struct run *r, const struct stream *s, const struct bytes *alone)
{
	bool answered[STREAM_MAX + 1] = { false };
	char got[REPLY_TEXT];

	for (size_t i = 1; i <= s->requests; i++) {
		struct reply reply = client_receive(run_client(r));
		uint16_t transaction = reply.transaction;

		if (reply.kind != REPLY_FRAME)
			return fail("expected %zu replies, got %zu and then %s",
			    s->requests, i - 1, reply_text(&reply, got));
		if (transaction < 1 || transaction > s->requests ||
		    answered[transaction])
			return fail("expected each transaction identifier "
				    "once, got %u again",
			    transaction);
		if (!is_right(s, &reply, alone))
			return fail("expected the same reply as to one "
				    "request, got for request %u of %zu %s",
			    transaction, s->requests, reply_text(&reply, got));
		answered[transaction] = true;
	}
	return pass();
}

/* Send the stream on a new connection, its FIN too if asked, and receive. */
static struct verdict
exchange(struct run *r, const struct stream *s, bool half_close)
{
	struct reply alone = run_ask(r, &r->ping);
	char got[REPLY_TEXT];

	if (alone.kind != REPLY_FRAME)
		return fail("expected a reply to one request, got %s",
		    reply_text(&alone, got));
	run_drop(r);
	if (send_stream(r, s) != 0)
		return fail(
		    "expected to send %zu requests, got stuck", s->requests);
	if (half_close)
		client_half_close(run_client(r));
	return receive_stream(r, s, &alone.pdu);
}

static struct verdict
check_pipelining(struct run *r, const void *arg)
{
	struct verdict v = exchange(r, arg, false);

	if (v.outcome == PASSED)
		v = expect_ping(r, run_client(r));
	return v;
}

/* A write and a read of it: whichever order they are done in, both replies
 * must come, each for its own request. */
static struct verdict
check_different_functions(struct run *r, const void *arg)
{
	struct bytes write = pdu_simple(6, 0, 0x5A5A);
	struct bytes read = pdu_simple(3, 0, 2);
	struct bytes adus = adu_of(1, r->unit, &write);
	struct bytes second = adu_of(2, r->unit, &read);

	(void)arg;
	bytes_add(&adus, second.data, second.length);
	(void)client_send(run_client(r), adus.data, adus.length);
	for (unsigned i = 0; i < 2; i++) {
		struct reply reply = client_receive(run_client(r));
		uint8_t function = reply.transaction == 1 ? 6 : 3;
		char got[REPLY_TEXT];

		if (reply.kind != REPLY_FRAME ||
		    (reply.pdu.data[0] & 0x7F) != function)
			return fail("expected a reply to functions 6 and 3, "
				    "got %s",
			    reply_text(&reply, got));
	}
	return pass();
}

void
group_pipelining(struct run *r, unsigned unused)
{
	static const struct stream streams[] = {
		{ "2 requests in one segment", 2, false, 0 },
		{ "50 requests in one send", 50, false, 0 },
		{ "1000 requests in one send", 1000, false, 0 },
		{ "50 requests, every other one unknown", 50, true, 0 },
		{ "50 requests in segments of 7 bytes", 50, false, 7 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(streams); i++)
		run_check(r, streams[i].name, PIPELINING_CLAUSE, 0,
		    check_pipelining, streams + i);
	run_check(r, "a write and a read in one segment", PIPELINING_CLAUSE, 6,
	    check_different_functions, NULL);
}

static struct verdict
check_half_close(struct run *r, const void *arg)
{
	struct verdict v = exchange(r, arg, true);
	struct reply end;

	if (v.outcome != PASSED)
		return v;
	end = client_receive(run_client(r));
	run_drop(r);
	if (end.kind == REPLY_CLOSED)
		return pass();
	return fail("expected the server to close, got %s",
	    end.kind == REPLY_FRAME ? "more replies" : "nothing in time");
}

/* FIN in the middle of a request: nothing to answer, nobody to wait for. */
static struct verdict
check_half_request(struct run *r, const void *arg)
{
	struct bytes adu = adu_of(++r->transaction, r->unit, &r->ping);
	struct reply end;

	(void)arg;
	run_drop(r);
	(void)client_send(run_client(r), adu.data, adu.length - 1);
	client_half_close(run_client(r));
	end = client_receive(run_client(r));
	run_drop(r);
	if (end.kind == REPLY_CLOSED)
		return pass();
	return fail("expected the server to close, got %s",
	    end.kind == REPLY_FRAME ? "a reply" : "nothing in time");
}

void
group_half_close(struct run *r, unsigned unused)
{
	static const struct stream streams[] = {
		{ "1 request, then FIN", 1, false, 0 },
		{ "50 requests, then FIN", 50, false, 0 },
		{ "1000 requests, then FIN", 1000, false, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(streams); i++)
		run_check(r, streams[i].name, HALF_CLOSE_CLAUSE, 0,
		    check_half_close, streams + i);
	run_check(r, "part of a request, then FIN",
	    "RFC 9293 3.6: no more can come", 0, check_half_request, NULL);
}
