#include "report/pcapng.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/bytes.h"
#include "modbus/modbus.h"

#define SERVER_PORT 502

/* Of pcapng, in the host's byte order. */
#define SECTION_HEADER  0x0A0D0D0AU
#define ORDER_MAGIC     0x1A2B3C4DU
#define INTERFACE       1U
#define ENHANCED_PACKET 6U
#define LINK_RAW        101 /* IP, version 4 or 6 */

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER  20
#define TCP         6
#define UDP_HEADER  8
#define UDP         17
#define HOPS        64
#define WINDOW      65535
#define PACKET_MAX  (IPV6_HEADER + TCP_HEADER + MB_ADU_MAX)
#define BLOCK_MAX   (32 + PACKET_MAX + 4)

#define SYN 0x02
#define PSH 0x08
#define ACK 0x10

_Static_assert(
    5 * BLOCK_MAX <= PCAPNG_BYTES_MAX, "a handshake, a request and a response");

/* A connection, in a table with open addressing. */
struct flow {
	uint64_t id; /* struct client's */
	bool used;
	uint32_t sent[2]; /* the next sequence numbers, by enum side */
};

enum side {
	CLIENT,
	SERVER
};

struct pcapng {
	struct flow *flows; /* owned */
	size_t slots;       /* a power of 2; at most half are used */
	size_t count;
};

#define SLOTS_FIRST 64

struct pcapng *
pcapng_new(void)
{
	struct pcapng *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->slots = SLOTS_FIRST;
	p->flows = calloc(p->slots, sizeof(*p->flows));
	if (p->flows == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
pcapng_free(struct pcapng *p)
{
	if (p != NULL)
		free(p->flows);
	free(p);
}

static struct flow *
slot_of(struct flow *flows, size_t slots, uint64_t id)
{
	size_t i = (size_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 32);

	while (flows[i & (slots - 1)].used && flows[i & (slots - 1)].id != id)
		i++;
	return &flows[i & (slots - 1)];
}

/* Returns 0, or -1 when memory is exhausted. */
static int
grow(struct pcapng *p)
{
	size_t slots = 2 * p->slots;
	struct flow *flows = calloc(slots, sizeof(*flows));

	if (flows == NULL)
		return -1;
	for (size_t i = 0; i < p->slots; i++)
		if (p->flows[i].used)
			*slot_of(flows, slots, p->flows[i].id) = p->flows[i];
	free(p->flows);
	p->flows = flows;
	p->slots = slots;
	return 0;
}

/* The flow of a connection, and whether it is new; NULL when memory is
 * exhausted. */
static struct flow *
flow_of(struct pcapng *p, uint64_t id, bool *is_new)
{
	struct flow *f = slot_of(p->flows, p->slots, id);

	*is_new = !f->used;
	if (f->used)
		return f;
	if (2 * (p->count + 1) > p->slots) {
		if (grow(p) != 0)
			return NULL;
		f = slot_of(p->flows, p->slots, id);
	}
	p->count++;
	*f = (struct flow){ .id = id, .used = true };
	/* Other ones where the client uses a port again. */
	f->sent[CLIENT] = (uint32_t)(id * 2654435761U);
	f->sent[SERVER] = (uint32_t)(id * 2246822519U);
	return f;
}

/* Blocks. */

static uint8_t *
append(uint8_t *to, const void *from, size_t length)
{
	memcpy(to, from, length);
	return to + length;
}

static uint8_t *
append16(uint8_t *to, uint16_t value)
{
	return append(to, &value, sizeof(value));
}

static uint8_t *
append32(uint8_t *to, uint32_t value)
{
	return append(to, &value, sizeof(value));
}

static size_t
padded(size_t length)
{
	return (length + 3) / 4 * 4;
}

size_t
pcapng_begin(uint8_t *out)
{
	static const char who[] = "mbasyncserver";
	const uint32_t section = 28 + 4 + (uint32_t)padded(sizeof(who) - 1) + 4;
	uint8_t *to = out;

	to = append32(to, SECTION_HEADER);
	to = append32(to, section);
	to = append32(to, ORDER_MAGIC);
	to = append16(to, 1); /* version 1.0 */
	to = append16(to, 0);
	to = append(to, "\xff\xff\xff\xff\xff\xff\xff\xff", 8); /* no length */
	to = append16(to, 4); /* option shb_userappl */
	to = append16(to, sizeof(who) - 1);
	memset(to, 0, padded(sizeof(who) - 1));
	memcpy(to, who, sizeof(who) - 1);
	to += padded(sizeof(who) - 1);
	to = append32(to, 0); /* end of options */
	to = append32(to, section);

	to = append32(to, INTERFACE);
	to = append32(to, 20);
	to = append16(to, LINK_RAW);
	to = append16(to, 0);
	to = append32(to, 0); /* no limit to packets; times in microseconds */
	to = append32(to, 20);
	return (size_t)(to - out);
}

/* The Internet checksum, RFC 1071. */

static uint32_t
sum(const uint8_t *bytes, size_t length, uint32_t so_far)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		so_far += get16(bytes + i);
	if (length % 2 != 0)
		so_far += (uint32_t)bytes[length - 1] << 8;
	return so_far;
}

static uint16_t
checksum(uint32_t total)
{
	while (total > UINT16_MAX)
		total = (total & UINT16_MAX) + (total >> 16);
	return (uint16_t)~total;
}

static void
put32(uint8_t *p, uint32_t value)
{
	put16(p, (uint16_t)(value >> 16));
	put16(p + 2, (uint16_t)value);
}

struct packet {
	const struct address *client;
	bool datagram; /* UDP, else TCP */
	enum side from;
	uint8_t flags;
	const uint8_t *head; /* the data are both, one behind the other */
	size_t head_length;
	const uint8_t *tail;
	size_t tail_length;
};

/* The addresses of a packet: its source, then its destination. */
static void
put_addresses(const struct packet *k, bool ipv4, uint8_t *to)
{
	static const uint8_t server4[4] = { 192, 0, 2, 1 };
	static const uint8_t server6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	const uint8_t *client = k->client->ip.s6_addr + (ipv4 ? 12 : 0);
	const uint8_t *server = ipv4 ? server4 : server6;
	size_t length = ipv4 ? 4 : 16;
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 };

	if (address_is_loopback(k->client))
		server = ipv4 ? loopback4 : client;
	to = append(to, k->from == CLIENT ? client : server, length);
	append(to, k->from == CLIENT ? server : client, length);
}

static void
put_ports(const struct packet *k, uint8_t *to)
{
	put16(to, k->from == CLIENT ? k->client->port : SERVER_PORT);
	put16(to + 2, k->from == CLIENT ? SERVER_PORT : k->client->port);
}

static void
put_data(const struct packet *k, uint8_t *to)
{
	append(append(to, k->head, k->head_length), k->tail, k->tail_length);
}

static size_t
put_tcp(const struct packet *k, struct flow *f, uint8_t *to)
{
	size_t length = k->head_length + k->tail_length;
	enum side other = k->from == CLIENT ? SERVER : CLIENT;

	put_ports(k, to);
	put32(to + 4, f->sent[k->from]);
	put32(to + 8, (k->flags & ACK) != 0 ? f->sent[other] : 0);
	to[12] = TCP_HEADER / 4 << 4;
	to[13] = k->flags;
	put16(to + 14, WINDOW);
	put32(to + 16, 0); /* checksum, urgent pointer */
	put_data(k, to + TCP_HEADER);
	f->sent[k->from] += (uint32_t)length + ((k->flags & SYN) != 0);
	return TCP_HEADER + length;
}

static size_t
put_udp(const struct packet *k, uint8_t *to)
{
	size_t length = UDP_HEADER + k->head_length + k->tail_length;

	put_ports(k, to);
	put16(to + 4, (uint16_t)length);
	put16(to + 6, 0); /* checksum */
	put_data(k, to + UDP_HEADER);
	return length;
}

/* The checksum of what IP carries, whose addresses stand before it. In UDP 0 is
 * none, and written as its complement. */
static void
put_checksum(
    const struct packet *k, size_t addresses, uint8_t *to, size_t length)
{
	uint32_t pseudo = (k->datagram ? UDP : TCP) + (uint32_t)length;
	uint16_t value =
	    checksum(sum(to, length, sum(to - addresses, addresses, pseudo)));

	if (k->datagram)
		put16(to + 6, value == 0 ? UINT16_MAX : value);
	else
		put16(to + 16, value);
}

static size_t
put_packet(const struct packet *k, struct flow *f, uint8_t *to)
{
	bool ipv4 = address_is_ipv4(k->client);
	size_t header = ipv4 ? IPV4_HEADER : IPV6_HEADER;
	size_t addresses = ipv4 ? 8 : 32;
	uint8_t *inner = to + header;
	size_t length = k->datagram ? put_udp(k, inner) : put_tcp(k, f, inner);
	uint8_t protocol = k->datagram ? UDP : TCP;

	memset(to, 0, header);
	put_addresses(k, ipv4, inner - addresses);
	put_checksum(k, addresses, inner, length);
	if (ipv4) {
		to[0] = 4 << 4 | IPV4_HEADER / 4;
		put16(to + 2, (uint16_t)(header + length));
		to[6] = 0x40; /* not to be fragmented */
		to[8] = HOPS;
		to[9] = protocol;
		put16(to + 10, checksum(sum(to, header, 0)));
	} else {
		to[0] = 6 << 4;
		put16(to + 4, (uint16_t)length);
		to[6] = protocol;
		to[7] = HOPS;
	}
	return header + length;
}

static uint8_t *
append_packet(uint8_t *to, int64_t time, const struct packet *k, struct flow *f)
{
	uint64_t us = (uint64_t)time;
	uint8_t *packet = to + 28;
	size_t length = put_packet(k, f, packet);
	uint32_t block = (uint32_t)(28 + padded(length) + 4);

	memset(packet + length, 0, padded(length) - length);
	to = append32(to, ENHANCED_PACKET);
	to = append32(to, block);
	to = append32(to, 0); /* interface */
	to = append32(to, (uint32_t)(us >> 32));
	to = append32(to, (uint32_t)us);
	to = append32(to, (uint32_t)length); /* captured, and sent */
	to = append32(to, (uint32_t)length);
	return append32(to + padded(length), block);
}

static uint8_t *
append_handshake(uint8_t *to, const struct recorded *q, struct flow *f)
{
	struct packet k = { .client = &q->client.address,
		.flags = SYN,
		.head = (const uint8_t *)"",
		.tail = (const uint8_t *)"" };

	to = append_packet(to, q->time, &k, f);
	k.from = SERVER;
	k.flags = SYN | ACK;
	to = append_packet(to, q->time, &k, f);
	k.from = CLIENT;
	k.flags = ACK;
	return append_packet(to, q->time, &k, f);
}

/* The flow of a request over TCP, and its handshake, if it is a new one. NULL
 * when memory is exhausted. */
static struct flow *
begin_flow(struct pcapng *p, const struct recorded *q, uint8_t **to)
{
	bool is_new;
	struct flow *f = flow_of(p, q->client.id, &is_new);

	if (f != NULL && is_new)
		*to = append_handshake(*to, q, f);
	return f;
}

size_t
pcapng_add(struct pcapng *p, const struct recorded *q, uint8_t *out)
{
	const bool datagram = q->client.way == CLIENT_UDP;
	uint8_t header[MB_MBAP_LENGTH];
	struct packet request = {
		.client = &q->client.address,
		.datagram = datagram,
		.flags = PSH | ACK,
		.head = q->frame.adu,
		.head_length = q->frame.length,
		.tail = q->response,
	};
	struct packet response = {
		.client = &q->client.address,
		.datagram = datagram,
		.from = SERVER,
		.flags = PSH | ACK,
		.head = header,
		.head_length = sizeof(header),
		.tail = q->response,
		.tail_length = q->response_length,
	};
	uint8_t *to = out;
	struct flow *f = datagram ? NULL : begin_flow(p, q, &to);

	if (f == NULL && !datagram)
		return 0;
	mbap_put(header, &q->frame, q->response_length);
	to = append_packet(to, q->time, &request, f);
	to = append_packet(to, q->time, &response, f);
	assert(to - out <= PCAPNG_BYTES_MAX);
	return (size_t)(to - out);
}
