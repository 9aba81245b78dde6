/*
 * Every function of libmodbus's client library, against a server with a fresh
 * data table on 127.0.0.1. usage: libmodbus_client PORT s|o
 */
#include <errno.h>
#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static modbus_t *server;
static int failures;

#define EXPECT(condition) expect((condition), #condition, __LINE__)

static void
expect(bool condition, const char *what, int line)
{
	if (condition)
		return;
	fprintf(stderr, "libmodbus_client.c:%d: %s: %s\n", line, what,
	    modbus_strerror(errno));
	failures++;
}

/* The request must be refused with this error. */
#define EXPECT_ERROR(error, call)                                              \
	do {                                                                   \
		errno = 0;                                                     \
		EXPECT((call) == -1 && errno == (error));                      \
	} while (0)

static void
bits(void)
{
	static uint8_t in[MODBUS_MAX_WRITE_BITS];
	static uint8_t out[MODBUS_MAX_READ_BITS];

	for (int i = 0; i < MODBUS_MAX_WRITE_BITS; i++)
		in[i] = i % 3 == 0;
	EXPECT(modbus_write_bit(server, 65535, 1) == 1);
	EXPECT(modbus_read_bits(server, 65535, 1, out) == 1 && out[0] == 1);
	EXPECT(modbus_write_bit(server, 65535, 0) == 1);
	EXPECT(
	    modbus_read_input_bits(server, 65535, 1, out) == 1 && out[0] == 0);
	EXPECT(modbus_write_bits(server, 20000, MODBUS_MAX_WRITE_BITS, in) ==
	    MODBUS_MAX_WRITE_BITS);
	EXPECT(modbus_read_bits(server, 20000, MODBUS_MAX_READ_BITS, out) ==
	    MODBUS_MAX_READ_BITS);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
	memset(out, 2, sizeof(out));
	EXPECT(modbus_read_input_bits(server, 20000, MODBUS_MAX_READ_BITS,
		   out) == MODBUS_MAX_READ_BITS);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
}

static void
registers(void)
{
	uint16_t in[MODBUS_MAX_WRITE_REGISTERS];
	uint16_t out[MODBUS_MAX_READ_REGISTERS];

	for (int i = 0; i < MODBUS_MAX_WRITE_REGISTERS; i++)
		in[i] = (uint16_t)(i * 0x0123);
	EXPECT(modbus_write_register(server, 65535, 0xBEEF) == 1);
	EXPECT(modbus_read_registers(server, 65535, 1, out) == 1 &&
	    out[0] == 0xBEEF);
	EXPECT(modbus_write_registers(server, 4040, MODBUS_MAX_WRITE_REGISTERS,
		   in) == MODBUS_MAX_WRITE_REGISTERS);
	EXPECT(modbus_read_registers(server, 4040, MODBUS_MAX_READ_REGISTERS,
		   out) == MODBUS_MAX_READ_REGISTERS);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
	memset(out, 0xFF, sizeof(out));
	EXPECT(
	    modbus_read_input_registers(server, 4040, MODBUS_MAX_READ_REGISTERS,
		out) == MODBUS_MAX_READ_REGISTERS);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
}

static void
masks_and_exchanges(void)
{
	uint16_t in[MODBUS_MAX_WR_WRITE_REGISTERS];
	uint16_t out[MODBUS_MAX_WR_READ_REGISTERS];

	EXPECT(modbus_write_register(server, 10000, 0x12) == 1);
	EXPECT(modbus_mask_write_register(server, 10000, 0xF2, 0x25) != -1);
	EXPECT(modbus_read_registers(server, 10000, 1, out) == 1 &&
	    out[0] == 0x17);
	for (int i = 0; i < MODBUS_MAX_WR_WRITE_REGISTERS; i++)
		in[i] = (uint16_t)~i;
	EXPECT(modbus_write_and_read_registers(server, 11000,
		   MODBUS_MAX_WR_WRITE_REGISTERS, in, 11000,
		   MODBUS_MAX_WR_READ_REGISTERS,
		   out) == MODBUS_MAX_WR_READ_REGISTERS);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
}

static void
server_id(void)
{
	static const char name[] = "MBAsyncServer ";
	const size_t length = sizeof(name) - 1;
	uint8_t answer[MODBUS_MAX_PDU_LENGTH];
	int got = modbus_report_slave_id(server, sizeof(answer), answer);

	EXPECT(got > (int)(2 + length));
	EXPECT(answer[0] == 'M' && answer[1] == 0xFF);
	EXPECT(memcmp(answer + 2, name, length) == 0);
}

/* The library checks most quantities itself, so that a bad one goes by hand:
 * unit and PDU; the library puts the rest of the header in front. */
static void
expect_exception(const uint8_t *request, int length, uint8_t exception)
{
	uint8_t response[MODBUS_TCP_MAX_ADU_LENGTH];

	EXPECT(modbus_send_raw_request(server, request, length) == 6 + length);
	EXPECT(modbus_receive_confirmation(server, response) == 9);
	EXPECT(response[7] == (request[1] | 0x80) && response[8] == exception);
}

static void
refusals(void)
{
	const uint8_t too_many[] = { 1, 3, 0, 0, 0, 126 };
	const uint8_t no_function[] = { 1, 100 };
	uint16_t words[2] = { 0 };
	uint8_t flags[2] = { 0 };

	EXPECT_ERROR(EMBXILADD, modbus_read_registers(server, 65535, 2, words));
	EXPECT_ERROR(
	    EMBXILADD, modbus_read_input_registers(server, 65535, 2, words));
	EXPECT_ERROR(
	    EMBXILADD, modbus_write_registers(server, 65535, 2, words));
	EXPECT_ERROR(EMBXILADD, modbus_read_bits(server, 65535, 2, flags));
	EXPECT_ERROR(
	    EMBXILADD, modbus_read_input_bits(server, 65535, 2, flags));
	EXPECT_ERROR(EMBXILADD, modbus_write_bits(server, 65535, 2, flags));
	EXPECT_ERROR(EMBXILADD,
	    modbus_write_and_read_registers(
		server, 65535, 2, words, 0, 1, words));
	EXPECT_ERROR(EMBXILVAL, modbus_read_registers(server, 0, 0, words));
	EXPECT_ERROR(EMBXILVAL, modbus_read_bits(server, 0, 0, flags));

	expect_exception(too_many, sizeof(too_many), 3);
	expect_exception(no_function, sizeof(no_function), 1);
	EXPECT(modbus_read_registers(server, 0, 1, words) == 1);
}

/* Coil 17 is bit 1 of register 1 in the overlaid mode only. */
static void
overlay(bool overlaid)
{
	uint16_t word;

	EXPECT(modbus_write_register(server, 1, 0) == 1);
	EXPECT(modbus_write_bit(server, 17, 1) == 1);
	EXPECT(modbus_read_registers(server, 1, 1, &word) == 1);
	EXPECT(word == (overlaid ? 2 : 0));
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: libmodbus_client PORT s|o\n");
		return 64;
	}
	server = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
	if (server == NULL)
		return 1;
	modbus_set_response_timeout(server, 20, 0);
	EXPECT(modbus_connect(server) == 0);
	if (failures == 0) {
		bits();
		registers();
		masks_and_exchanges();
		server_id();
		refusals();
		overlay(argv[2][0] == 'o');
	}
	modbus_close(server);
	modbus_free(server);
	return failures != 0;
}
