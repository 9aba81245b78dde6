/*
 * Modbus over UDP: any datagrams of four clients, with or without an order.
 *
 * Input: flags (below), then steps of a byte each, whose two low bits are the
 * client, with what they need behind them; see enum step.
 *
 * Holds: a datagram that is one request gets the model's reply, and any other
 * one nothing; with an order a client's requests behind a write wait for it,
 * others do not; and in the end the table is the model's, whatever waits.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fuzz.h"
#include "held_order.h"
#include "model.h"
#include "net/conn_log.h"
#include "net/datagrams.h"
#include "service/counters.h"
#include "service/service.h"
#include "table/datatable.h"
#include "version.h"

#define CLIENTS      4
#define STEPS_MAX    200
#define DATAGRAM_MAX (255 + 63)
#define HEADER       7

enum flags {
	OVERLAID = 1,
	ORDERED = 2,
};

/* Bits 2 and 3 of a step; those above are its argument. */
enum step {
	STEP_RAW,   /* a length, and argument more; a datagram of that */
	STEP_BAD,   /* the same, but with a right header in which one byte, by
		       argument, is another one */
	STEP_FRAME, /* a length; a PDU of that, with a right header */
	STEP_SETTLE /* argument % 3: the outcome of the next write */
};

/* A request that waits, as the model has it. */
struct waiting {
	uint8_t adu[DATAGRAM_MAX];
	size_t length;
	bool writes;
};

struct asker {
	int fd;
	struct waiting waiting[STEPS_MAX]; /* from first to before end */
	size_t first, end;
};

static struct event_base *base;
static struct datagrams *datagrams;
static struct datatable *table;
static struct held_order held;
static struct counters counters;
static struct conn_log unit_log;
static struct service service;
static struct model model, scratch;
static struct asker askers[CLIENTS];
static struct asker *writers[STEPS_MAX]; /* of writes that wait, in order */
static size_t writer_first, writer_end;
static uint16_t transaction;

static uint64_t
new_client(void *arg)
{
	static uint64_t next;

	(void)arg;
	return next++;
}

static void
all_settled(void *arg)
{
	(void)arg;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	base = event_base_new();
	must(base != NULL);
	return 0;
}

static void
begin(uint8_t flags)
{
	const bool overlaid = (flags & OVERLAID) != 0;
	const struct datagrams_config config = {
		.service = &service,
		.log = &unit_log,
		.new_client = new_client,
		.settled = all_settled,
	};
	struct sockaddr_storage to;
	struct address where;
	socklen_t length;

	model_init(&model, overlaid, VERSION);
	table =
	    datatable_new(overlaid ? DATATABLE_OVERLAID : DATATABLE_SEPARATE);
	held_order_init(&held);
	conn_log_init(&unit_log);
	service = (struct service){
		.table = table,
		.counters = &counters,
		.order = (flags & ORDERED) != 0 ? &held.order : NULL,
	};
	held.order.service = &service;
	datagrams = datagrams_new(base, &config);
	must(table != NULL && datagrams != NULL);
	must(address_parse("127.0.0.1", 0, &where) == 0);
	must(datagrams_bind(datagrams, &where, false) == 0);
	must(datagrams_start(datagrams) == 0);
	where = datagrams_address(datagrams, 0);
	length = address_to_sockaddr(&where, &to);
	for (int i = 0; i < CLIENTS; i++) {
		askers[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		askers[i].first = askers[i].end = 0;
		must(connect(askers[i].fd, (void *)&to, length) == 0);
	}
	writer_first = writer_end = 0;
	transaction = 0;
}

/* The next reply of a client is this one. */
static void
must_get(const struct asker *a, const uint8_t *adu, size_t length)
{
	uint8_t got[MB_ADU_MAX + 1];

	must(recv(a->fd, got, sizeof(got), 0) == (ssize_t)length);
	must(memcmp(got, adu, length) == 0);
}

static void
must_get_nothing(void)
{
	uint8_t byte;

	for (int i = 0; i < CLIENTS; i++)
		must(recv(askers[i].fd, &byte, 1, 0) < 0 && errno == EAGAIN);
}

/* The client gets the model's reply to a request, or exception 04. */
static void
must_answer(const struct asker *a, const struct waiting *w, bool refused)
{
	uint8_t reply[HEADER + MODEL_PDU_MAX];
	size_t length = 2;

	memcpy(reply, w->adu, HEADER);
	reply[HEADER] = w->adu[HEADER] | 0x80;
	reply[HEADER + 1] = 4;
	if (!refused)
		length = model_respond(&model, w->adu + HEADER,
		    w->length - HEADER, reply + HEADER);
	reply[4] = 0;
	reply[5] = (uint8_t)(1 + length);
	must_get(a, reply, HEADER + length);
}

/* Those behind a write that was settled, up to the next one. */
static void
must_answer_those_behind(struct asker *a)
{
	for (; a->first < a->end && !a->waiting[a->first].writes; a->first++)
		must_answer(a, &a->waiting[a->first], false);
}

/* Whether a request writes: by its function, if it is not refused. */
static bool
writes(const struct waiting *w)
{
	static const char functions[] = { 5, 6, 15, 16, 22, 23, 0 };
	uint8_t response[MODEL_PDU_MAX];

	if (w->adu[HEADER] == 0 || strchr(functions, w->adu[HEADER]) == NULL)
		return false;
	scratch = model;
	model_respond(&scratch, w->adu + HEADER, w->length - HEADER, response);
	return response[0] < 0x80;
}

static bool
is_request(const uint8_t *bytes, size_t length)
{
	size_t whole;

	return reference_frame(bytes, length, &whole) == MBAP_READY &&
	    whole == length && bytes[HEADER] < 0x80;
}

static void
send_datagram(struct asker *a, const uint8_t *bytes, size_t length)
{
	struct waiting *w = &a->waiting[a->end];

	must(send(a->fd, bytes, length, 0) == (ssize_t)length);
	event_base_loop(base, EVLOOP_NONBLOCK);
	if (!is_request(bytes, length))
		return;
	memcpy(w->adu, bytes, length);
	w->length = length;
	w->writes = service.order != NULL && writes(w);
	if (w->writes)
		writers[writer_end++] = a;
	if (w->writes || a->first != a->end)
		a->end++;
	else
		must_answer(a, w, false);
}

static void
settle(enum order_outcome outcome)
{
	struct asker *a;

	if (writer_first == writer_end)
		return;
	held_order_settle(&held, held.settled + 1, outcome);
	a = writers[writer_first++];
	if (outcome != ORDER_UNKNOWN)
		must_answer(a, &a->waiting[a->first], outcome == ORDER_REFUSED);
	a->first++;
	must_answer_those_behind(a);
}

/* A header before a PDU. Returns the length of both. */
static size_t
frame(uint8_t *adu, const uint8_t *pdu, size_t length)
{
	const uint8_t header[HEADER] = { (uint8_t)(transaction >> 8),
		(uint8_t)transaction, 0, 0, (uint8_t)((length + 1) >> 8),
		(uint8_t)(length + 1), 1 };

	transaction++;
	memcpy(adu, header, HEADER);
	memcpy(adu + HEADER, pdu, length);
	return HEADER + length;
}

static void
take_step(struct input *in)
{
	const uint8_t step = input_byte(in);
	const enum step kind = (enum step)(step >> 2 & 3);
	struct asker *a = &askers[step % CLIENTS];
	const unsigned argument = step >> 4;
	uint8_t datagram[HEADER + DATAGRAM_MAX];
	const uint8_t *bytes;
	size_t length;

	if (kind == STEP_SETTLE) {
		settle((enum order_outcome)(argument % 3));
		return;
	}
	length = input_byte(in);
	if (kind == STEP_RAW)
		length += argument;
	bytes = input_take(in, &length);
	if (kind == STEP_RAW) {
		send_datagram(a, bytes, length);
		return;
	}
	length = frame(datagram, bytes, length);
	if (kind == STEP_BAD)
		datagram[argument % length] ^= (uint8_t)(1U << argument % 8);
	send_datagram(a, datagram, length);
}

/* What still waits is executed, whoever has gone. */
static void
end(void)
{
	uint8_t response[MODEL_PDU_MAX];

	datagrams_free(datagrams);
	held_order_settle(&held, UINT64_MAX, ORDER_EXECUTE);
	must_get_nothing();
	while (writer_first < writer_end) {
		struct asker *a = writers[writer_first++];

		while (!a->waiting[a->first].writes)
			a->first++;
		model_respond(&model, a->waiting[a->first].adu + HEADER,
		    a->waiting[a->first].length - HEADER, response);
		a->first++;
	}
	check_tables(table, &model);
	datatable_free(table);
	for (int i = 0; i < CLIENTS; i++)
		close(askers[i].fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	begin(input_byte(&in));
	for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++) {
		take_step(&in);
		must_get_nothing();
	}
	end();
	return 0;
}
