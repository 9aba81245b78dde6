#include "report/pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/bytes.h"
#include "suite.h"
#include "wire.h"

/* Wireshark's opinion is asked in e2e/recorder.py. */

static uint8_t out[PCAPNG_BYTES_MAX];

static uint32_t
host32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static size_t
count_blocks(size_t length)
{
	size_t n = 0, at = 0;

	for (; at < length; n++) {
		uint32_t block = host32(out + at + 4);

		ck_assert_uint_eq(block % 4, 0);
		ck_assert_uint_ge(block, 12);
		ck_assert_uint_le(at + block, length);
		ck_assert_uint_eq(host32(out + at + block - 4), block);
		at += block;
	}
	ck_assert_uint_eq(at, length);
	return n;
}

static uint8_t adu[MB_ADU_MAX];

static struct recorded
a_request(uint64_t id, const char *client, size_t length, size_t response)
{
	static const uint8_t pdu[MB_PDU_MAX] = { 3, 250 };
	struct recorded q = { .id = 1,
		.time = INT64_C(1764150692123456),
		.client.id = id,
		.response = pdu,
		.response_length = response };

	ck_assert_int_eq(address_parse(client, 0, &q.client.address), 0);
	memset(adu, 0, sizeof(adu));
	q.frame = (struct mbap_frame){ adu, wire_header(adu, 1, 1, length), 0 };
	return q;
}

START_TEST(begins_with_two_blocks)
{
	ck_assert_uint_eq(count_blocks(pcapng_begin(out)), 2);
}
END_TEST

START_TEST(begins_each_connection_with_a_handshake)
{
	struct pcapng *p = pcapng_new();
	struct recorded q = a_request(7, "192.0.2.9:1000", 5, 20);

	ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)), 5);
	ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)), 2);
	q.client.id = 8;
	ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)), 5);
	pcapng_free(p);
}
END_TEST

START_TEST(has_room_for_the_largest)
{
	struct pcapng *p = pcapng_new();
	struct recorded q =
	    a_request(7, "[2001:db8::2]:1", MB_PDU_MAX, MB_PDU_MAX);

	ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)), 5);
	pcapng_free(p);
}
END_TEST

/* Of a packet over IP, version 4: the second, a response. */
START_TEST(numbers_the_bytes)
{
	struct pcapng *p = pcapng_new();
	struct recorded q = a_request(7, "192.0.2.9:1000", 5, 20);
	const uint8_t *tcp = out + 28 + 20;
	uint32_t sequence, acknowledged;

	pcapng_add(p, &q, out);
	pcapng_add(p, &q, out);
	ck_assert_uint_eq(get16(tcp), 1000);
	ck_assert_uint_eq(get16(tcp + 2), 502);
	sequence = get32(tcp + 4);
	acknowledged = get32(tcp + 8);
	pcapng_add(p, &q, out);
	ck_assert_uint_eq(get32(tcp + 4), sequence + 12);
	ck_assert_uint_eq(get32(tcp + 8), acknowledged + 27);
	pcapng_free(p);
}
END_TEST

START_TEST(knows_many_connections)
{
	struct pcapng *p = pcapng_new();

	for (int round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 1000; i++) {
			struct recorded q =
			    a_request(i * 4096, "[::1]:1000", 5, 20);

			ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)),
			    round == 0 ? 5 : 2);
		}
	pcapng_free(p);
	pcapng_free(NULL);
}
END_TEST

/* The sum over a packet of UDP, with its pseudo header, is 0 in the arithmetic
 * of RFC 1071. */
static uint32_t
sum_of(const uint8_t *p, size_t length)
{
	uint32_t total = 0;

	for (size_t i = 0; i < length; i++)
		total += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return total;
}

START_TEST(datagrams_have_no_handshake)
{
	static const struct {
		const char *client;
		size_t header, addresses, protocol_at;
	} families[] = { { "192.0.2.9:1000", 20, 8, 9 },
		{ "[2001:db8::2]:1000", 40, 32, 6 } };
	struct pcapng *p = pcapng_new();
	struct recorded q = a_request(7, families[_i].client, 5, 21);
	size_t header = families[_i].header;
	const uint8_t *ip = out + 28, *udp = ip + header;
	uint32_t total;

	q.client.way = CLIENT_UDP;
	ck_assert_uint_eq(count_blocks(pcapng_add(p, &q, out)), 2);
	ck_assert_uint_eq(ip[families[_i].protocol_at], 17);
	ck_assert_uint_eq(get16(udp), 1000);
	ck_assert_uint_eq(get16(udp + 2), 502);
	ck_assert_uint_eq(get16(udp + 4), 8 + 12);
	ck_assert_mem_eq(udp + 8, adu, 12);
	total = sum_of(udp, 20) + 17 + 20 +
	    sum_of(udp - families[_i].addresses, families[_i].addresses);
	ck_assert_uint_eq(total % 0xFFFF, 0);
	/* The response is another one. */
	udp += host32(out + 4);
	ck_assert_uint_eq(get16(udp), 502);
	ck_assert_uint_eq(get16(udp + 2), 1000);
	ck_assert_uint_eq(get16(udp + 4), 8 + 7 + 21);
	pcapng_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pcapng");
	TCase *tc = tcase_create("pcapng");

	tcase_add_test(tc, begins_with_two_blocks);
	tcase_add_test(tc, begins_each_connection_with_a_handshake);
	tcase_add_test(tc, has_room_for_the_largest);
	tcase_add_test(tc, numbers_the_bytes);
	tcase_add_test(tc, knows_many_connections);
	tcase_add_loop_test(tc, datagrams_have_no_handshake, 0, 2);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
