#include "modbus/execute.h"

#include <string.h>

#include "modbus/bytes.h"
#include "one_table.h"
#include "suite.h"
#include "version.h"

/* A PDU and its length. */
#define PDU(...)                                                               \
	(const uint8_t[]){ __VA_ARGS__ },                                      \
	    sizeof((const uint8_t[]){ __VA_ARGS__ })

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The answer to a request; nothing is written behind its end. */
static size_t
answer(const uint8_t *pdu, size_t length, uint8_t *response)
{
	struct mb_request r;
	enum mb_exception e = mb_request_decode(pdu, length, &r);
	size_t size;

	memset(response, 0xA5, MB_PDU_MAX);
	size = e == MB_EX_NONE ? mb_execute(&r, table, &writer, response) :
				 mb_put_exception(pdu[0], e, response);
	ck_assert_uint_ge(size, 2);
	ck_assert_uint_le(size, MB_PDU_MAX);
	/* Coils come in words: one byte more may be written. */
	for (size_t i = size + 1; i < MB_PDU_MAX; i++)
		if (response[i] != 0xA5)
			ck_abort_msg("byte %zu of %zu written", i, size);
	return size;
}

static void
assert_answer(const uint8_t *pdu, size_t length, const uint8_t *expected,
    size_t expected_length)
{
	uint8_t response[MB_PDU_MAX];

	ck_assert_uint_eq(answer(pdu, length, response), expected_length);
	ck_assert_mem_eq(response, expected, expected_length);
}

/* The answer repeats the whole request. */
static void
assert_echo(const uint8_t *pdu, size_t length)
{
	assert_answer(pdu, length, pdu, length);
}

static void
set_registers(uint16_t address, uint16_t quantity, const uint16_t *values)
{
	datatable_write_registers(table, &writer, address, quantity, values);
}

/* Set coils 0..1999, so that a bit too many shows. */
static void
set_many_coils(void)
{
	uint16_t ones[DATATABLE_PACKED_WORDS(2000)];

	memset(ones, 0xFF, sizeof(ones));
	datatable_write_coils(table, &writer, 0, 2000, ones);
}

/* The examples printed in the specification, clause 6. */

START_TEST(answers_example_of_read_coils)
{
	start(_i);
	set_many_coils();
	datatable_write_coils(
	    table, &writer, 0x13, 19, (const uint16_t[]){ 0x6BCD, 0x0005 });
	assert_answer(PDU(1, 0, 0x13, 0, 0x13), PDU(1, 3, 0xCD, 0x6B, 5));
}
END_TEST

START_TEST(answers_example_of_read_discrete_inputs)
{
	start(_i);
	set_many_coils();
	datatable_write_coils(
	    table, &writer, 0xC4, 22, (const uint16_t[]){ 0xDBAC, 0x0035 });
	assert_answer(PDU(2, 0, 0xC4, 0, 0x16), PDU(2, 3, 0xAC, 0xDB, 0x35));
}
END_TEST

START_TEST(answers_example_of_read_holding_registers)
{
	start(_i);
	set_registers(0x6B, 3, (const uint16_t[]){ 0x022B, 0, 0x64 });
	assert_answer(
	    PDU(3, 0, 0x6B, 0, 3), PDU(3, 6, 0x02, 0x2B, 0, 0, 0, 0x64));
}
END_TEST

START_TEST(answers_example_of_read_input_registers)
{
	start(_i);
	set_register(8, 0x000A);
	assert_answer(PDU(4, 0, 8, 0, 1), PDU(4, 2, 0, 0x0A));
}
END_TEST

START_TEST(answers_example_of_write_single_coil)
{
	start(_i);
	assert_echo(PDU(5, 0, 0xAC, 0xFF, 0));
	assert_answer(PDU(1, 0, 0xAB, 0, 3), PDU(1, 1, 0x02));
	assert_echo(PDU(5, 0, 0xAC, 0, 0));
	assert_answer(PDU(1, 0, 0xAB, 0, 3), PDU(1, 1, 0));
}
END_TEST

START_TEST(answers_example_of_write_single_register)
{
	start(_i);
	assert_echo(PDU(6, 0, 1, 0, 3));
	assert_answer(PDU(3, 0, 0, 0, 3), PDU(3, 6, 0, 0, 0, 3, 0, 0));
}
END_TEST

START_TEST(answers_example_of_return_query_data)
{
	start(_i);
	assert_echo(PDU(8, 0, 0, 0xA5, 0x37));
}
END_TEST

START_TEST(answers_example_of_write_multiple_coils)
{
	start(_i);
	assert_answer(
	    PDU(15, 0, 0x13, 0, 0x0A, 2, 0xCD, 1), PDU(15, 0, 0x13, 0, 0x0A));
	assert_answer(PDU(1, 0, 0x13, 0, 0x0A), PDU(1, 2, 0xCD, 1));
	assert_answer(PDU(1, 0, 0x12, 0, 0x0C), PDU(1, 2, 0x9A, 3));
}
END_TEST

START_TEST(answers_example_of_write_multiple_registers)
{
	start(_i);
	assert_answer(
	    PDU(16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2), PDU(16, 0, 1, 0, 2));
	assert_answer(PDU(4, 0, 0, 0, 4), PDU(4, 8, 0, 0, 0, 0x0A, 1, 2, 0, 0));
}
END_TEST

START_TEST(answers_example_of_mask_write_register)
{
	start(_i);
	set_register(4, 0x12);
	assert_echo(PDU(22, 0, 4, 0, 0xF2, 0, 0x25));
	ck_assert_uint_eq(get_register(4), 0x17);
}
END_TEST

START_TEST(answers_example_of_read_write_multiple_registers)
{
	start(_i);
	set_registers(
	    3, 6, (const uint16_t[]){ 0x00FE, 0x0ACD, 1, 3, 0x000D, 0x00FF });
	assert_answer(
	    PDU(23, 0, 3, 0, 6, 0, 0x0E, 0, 3, 6, 0, 0xFF, 0, 0xFF, 0, 0xFF),
	    PDU(23, 12, 0, 0xFE, 0x0A, 0xCD, 0, 1, 0, 3, 0, 0x0D, 0, 0xFF));
	assert_answer(PDU(3, 0, 0x0D, 0, 5),
	    PDU(3, 10, 0, 0, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0));
}
END_TEST

/* What the examples leave open. */

START_TEST(registers_go_high_byte_first)
{
	start(_i);
	assert_echo(PDU(6, 0x12, 0x34, 0xAB, 0xCD));
	ck_assert_uint_eq(get_register(0x1234), 0xABCD);
	assert_answer(PDU(3, 0x12, 0x34, 0, 1), PDU(3, 2, 0xAB, 0xCD));
	assert_answer(PDU(16, 0x12, 0x34, 0, 1, 2, 0xFE, 0xDC),
	    PDU(16, 0x12, 0x34, 0, 1));
	ck_assert_uint_eq(get_register(0x1234), 0xFEDC);
}
END_TEST

START_TEST(the_last_address_is_read_and_written)
{
	start(_i);
	assert_echo(PDU(5, 0xFF, 0xFF, 0xFF, 0));
	assert_answer(PDU(2, 0xFF, 0xFF, 0, 1), PDU(2, 1, 1));
	assert_answer(
	    PDU(15, 0xFF, 0xFE, 0, 2, 1, 0x01), PDU(15, 0xFF, 0xFE, 0, 2));
	assert_answer(PDU(1, 0xFF, 0xFE, 0, 2), PDU(1, 1, 1));
	assert_echo(PDU(6, 0xFF, 0xFF, 0x12, 0x34));
	assert_answer(PDU(4, 0xFF, 0xFF, 0, 1), PDU(4, 2, 0x12, 0x34));
	assert_echo(PDU(22, 0xFF, 0xFF, 0, 0xFF, 0xAB, 0xCD));
	assert_answer(PDU(3, 0xFF, 0xFF, 0, 1), PDU(3, 2, 0xAB, 0x34));
}
END_TEST

START_TEST(unused_bits_of_the_last_byte_are_0)
{
	start(_i);
	set_many_coils();
	for (uint8_t quantity = 1; quantity <= 40; quantity++) {
		uint8_t response[MB_PDU_MAX];
		size_t bytes = (quantity + 7U) / 8;
		uint8_t last = (uint8_t)((1U << (quantity - 1) % 8) * 2 - 1);

		ck_assert_uint_eq(
		    answer(PDU(1, 0, 5, 0, quantity), response), 2 + bytes);
		ck_assert_uint_eq(response[1], bytes);
		ck_assert_uint_eq(response[1 + bytes], last);
		ck_assert_uint_eq(response[2], bytes > 1 ? 0xFF : last);
	}
}
END_TEST

START_TEST(unused_bits_of_written_coils_change_nothing)
{
	start(_i);
	assert_answer(PDU(15, 0, 3, 0, 3, 1, 0xFF), PDU(15, 0, 3, 0, 3));
	assert_answer(PDU(1, 0, 0, 0, 16), PDU(1, 2, 0x38, 0));
	set_many_coils();
	assert_answer(PDU(15, 0, 3, 0, 9, 2, 0, 0), PDU(15, 0, 3, 0, 9));
	assert_answer(PDU(1, 0, 0, 0, 16), PDU(1, 2, 0x07, 0xF0));
}
END_TEST

START_TEST(mask_write_follows_the_formula)
{
	static const struct {
		uint16_t current, and_mask, or_mask, expected;
	} masks[] = {
		{ 0x1234, 0xFFFF, 0x0000, 0x1234 },
		{ 0x1234, 0xFFFF, 0xFFFF, 0x1234 },
		{ 0x1234, 0x0000, 0x0000, 0x0000 },
		{ 0x1234, 0x0000, 0xFFFF, 0xFFFF },
		{ 0x1234, 0x0000, 0xABCD, 0xABCD },
		{ 0x1234, 0xFF00, 0xABCD, 0x12CD },
		{ 0x1234, 0x00FF, 0xABCD, 0xAB34 },
		{ 0xFFFF, 0xFFF0, 0x0005, 0xFFF5 },
		{ 0x0000, 0xFFFE, 0xFFFF, 0x0001 },
		{ 0x8000, 0x7FFF, 0x0000, 0x0000 },
		{ 0xAAAA, 0xF0F0, 0x3C3C, 0xACAC },
	};

	start(_i);
	for (size_t i = 0; i < LENGTH(masks); i++) {
		uint8_t pdu[7] = { 22, 0x10, 0x00 };

		put16(pdu + 3, masks[i].and_mask);
		put16(pdu + 5, masks[i].or_mask);
		set_register(0x1000, masks[i].current);
		assert_echo(pdu, sizeof(pdu));
		ck_assert_uint_eq(get_register(0x1000), masks[i].expected);
	}
	ck_assert_uint_eq(get_register(0x0FFF), 0);
	ck_assert_uint_eq(get_register(0x1001), 0);
}
END_TEST

START_TEST(read_write_reads_what_it_wrote)
{
	start(_i);
	set_registers(9, 5, (const uint16_t[]){ 1, 2, 3, 4, 5 });
	assert_answer(
	    PDU(23, 0, 9, 0, 5, 0, 10, 0, 2, 4, 0xAA, 0xBB, 0xCC, 0xDD),
	    PDU(23, 10, 0, 1, 0xAA, 0xBB, 0xCC, 0xDD, 0, 4, 0, 5));
	/* Reading begins inside what is written, and ends behind it. */
	assert_answer(
	    PDU(23, 0, 11, 0, 3, 0, 10, 0, 2, 4, 0x11, 0x22, 0x33, 0x44),
	    PDU(23, 6, 0x33, 0x44, 0, 4, 0, 5));
}
END_TEST

START_TEST(refused_write_changes_nothing)
{
	start(_i);
	set_register(0, 0x1234);
	/* The write is good, the read is not. */
	assert_answer(
	    PDU(23, 0xFF, 0xFF, 0, 2, 0, 0, 0, 1, 2, 0xFF, 0xFF), PDU(0x97, 2));
	assert_answer(
	    PDU(23, 0, 0, 0, 126, 0, 0, 0, 1, 2, 0xFF, 0xFF), PDU(0x97, 3));
	assert_answer(PDU(16, 0, 0, 0, 1, 3, 0xFF, 0xFF, 0xFF), PDU(0x90, 3));
	assert_answer(PDU(15, 0, 0, 0, 8, 1, 0xFF, 0), PDU(0x8F, 3));
	assert_answer(PDU(5, 0, 0, 0, 1), PDU(0x85, 3));
	assert_answer(PDU(6, 0, 0, 0xFF, 0xFF, 0), PDU(0x86, 3));
	assert_answer(PDU(22, 0, 0, 0, 0, 0xFF), PDU(0x96, 3));
	assert_answer(PDU(3, 0, 0, 0, 1), PDU(3, 2, 0x12, 0x34));
}
END_TEST

START_TEST(inputs_are_the_coils_and_registers_that_are_written)
{
	start(_i);
	assert_echo(PDU(5, 0x80, 0, 0xFF, 0));
	assert_answer(PDU(1, 0x80, 0, 0, 1), PDU(1, 1, 1));
	assert_answer(PDU(2, 0x80, 0, 0, 1), PDU(2, 1, 1));
	assert_echo(PDU(6, 0x80, 0, 0x55, 0xAA));
	assert_answer(PDU(3, 0x80, 0, 0, 1), PDU(3, 2, 0x55, 0xAA));
	assert_answer(PDU(4, 0x80, 0, 0, 1), PDU(4, 2, 0x55, 0xAA));
}
END_TEST

START_TEST(coils_and_registers_share_words_when_overlaid_only)
{
	uint8_t overlaid = _i == DATATABLE_OVERLAID;

	start(_i);
	assert_echo(PDU(5, 0, 16, 0xFF, 0));
	assert_answer(PDU(3, 0, 0, 0, 3), PDU(3, 6, 0, 0, 0, overlaid, 0, 0));
	assert_echo(PDU(6, 0x0F, 0xFF, 0x80, 0));
	assert_answer(PDU(2, 0xFF, 0xFE, 0, 2), PDU(2, 1, overlaid * 2));
}
END_TEST

/* The greatest quantity of each function, and the longest answer it makes. */
START_TEST(greatest_quantities_fit_the_answer)
{
	uint8_t pdu[MB_PDU_MAX] = { 0 };
	uint8_t response[MB_PDU_MAX];

	start(_i);
	ck_assert_uint_eq(answer(PDU(1, 0, 0, 0x07, 0xD0), response), 252);
	ck_assert_uint_eq(response[1], 250);
	ck_assert_uint_eq(
	    answer(PDU(2, 0xF8, 0x30, 0x07, 0xD0), response), 252);
	ck_assert_uint_eq(response[1], 250);
	ck_assert_uint_eq(answer(PDU(3, 0, 0, 0, 125), response), 252);
	ck_assert_uint_eq(response[1], 250);
	ck_assert_uint_eq(answer(PDU(4, 0xFF, 0x83, 0, 125), response), 252);
	ck_assert_uint_eq(response[1], 250);

	memcpy(pdu, (const uint8_t[]){ 15, 0, 0, 0x07, 0xB0, 246 }, 6);
	ck_assert_uint_eq(answer(pdu, 252, response), 5);
	memcpy(pdu, (const uint8_t[]){ 16, 0, 0, 0, 123, 246 }, 6);
	ck_assert_uint_eq(answer(pdu, 252, response), 5);
	memcpy(
	    pdu, (const uint8_t[]){ 23, 0, 0, 0, 125, 0, 0, 0, 121, 242 }, 10);
	ck_assert_uint_eq(answer(pdu, 252, response), 252);
}
END_TEST

/* Fill a PDU from byte at on with bytes that differ from their neighbours. */
static void
fill(uint8_t *pdu, size_t at, size_t end)
{
	for (size_t i = at; i < end; i++)
		pdu[i] = (uint8_t)(i * 37 + 11);
}

START_TEST(greatest_writes_come_back_as_written)
{
	uint8_t pdu[MB_PDU_MAX] = { 15, 0x40, 0x05, 0x07, 0xB0, 246 };
	uint8_t response[MB_PDU_MAX];

	start(_i);
	fill(pdu, 6, 252);
	ck_assert_uint_eq(answer(pdu, 252, response), 5);
	ck_assert_mem_eq(response, pdu, 5);
	ck_assert_uint_eq(
	    answer(PDU(1, 0x40, 0x05, 0x07, 0xB0), response), 248);
	ck_assert_mem_eq(response + 2, pdu + 6, 246);

	memcpy(pdu, (const uint8_t[]){ 16, 0x40, 0x05, 0, 123, 246 }, 6);
	ck_assert_uint_eq(answer(pdu, 252, response), 5);
	ck_assert_mem_eq(response, pdu, 5);
	ck_assert_uint_eq(answer(PDU(3, 0x40, 0x05, 0, 123), response), 248);
	ck_assert_mem_eq(response + 2, pdu + 6, 246);

	memcpy(pdu,
	    (const uint8_t[]){ 23, 0x50, 0, 0, 121, 0x50, 0, 0, 121, 242 }, 10);
	ck_assert_uint_eq(answer(pdu, 252, response), 244);
	ck_assert_mem_eq(response + 2, pdu + 10, 242);
}
END_TEST

START_TEST(query_data_of_any_length_is_echoed)
{
	uint8_t pdu[MB_PDU_MAX] = { 8, 0, 0 };

	start(_i);
	fill(pdu, 3, sizeof(pdu));
	for (size_t length = 3; length <= sizeof(pdu); length++)
		assert_echo(pdu, length);
}
END_TEST

START_TEST(server_id_byte_by_byte)
{
	static const char version[] = VERSION;
	uint8_t expected[MB_PDU_MAX] = { 17, 15 + sizeof(version), 'M', 0xFF,
		'M', 'B', 'A', 's', 'y', 'n', 'c', 'S', 'e', 'r', 'v', 'e', 'r',
		' ' };

	start(_i);
	memcpy(expected + 18, version, sizeof(version) - 1);
	assert_answer(PDU(17), expected, 17 + sizeof(version));
	assert_answer(PDU(17, 0), PDU(0x91, 3));
}
END_TEST

/* Read Device Identification: code, object → the objects answered. */
static const struct {
	uint8_t code;
	uint8_t object;
	uint8_t first;
	uint8_t last;
} identifications[] = { { 1, 0, 0, 2 }, { 1, 1, 1, 2 }, { 1, 2, 2, 2 },
	{ 1, 3, 0, 2 }, { 1, 0xFF, 0, 2 }, { 2, 0, 0, 4 }, { 2, 3, 3, 4 },
	{ 2, 4, 4, 4 }, { 2, 5, 0, 4 }, { 3, 0, 0, 4 }, { 3, 4, 4, 4 },
	{ 3, 0x80, 0, 4 }, { 4, 0, 0, 0 }, { 4, 1, 1, 1 }, { 4, 2, 2, 2 },
	{ 4, 3, 3, 3 }, { 4, 4, 4, 4 } };

/* What the objects first..last look like on the wire. */
static size_t
put_objects(uint8_t *p, uint8_t first, uint8_t last)
{
	static const char *const texts[] = { "MBLogic", "MBAsyncServer",
		VERSION, "http://mblogic.sourceforge.net",
		"MBAsyncServer Modbus/TCP server" };
	size_t length = 0;

	for (uint8_t id = first; id <= last; id++) {
		size_t size = strlen(texts[id]);

		p[length] = id;
		p[length + 1] = (uint8_t)size;
		memcpy(p + length + 2, texts[id], size);
		length += 2 + size;
	}
	return length;
}

START_TEST(identification_is_exact)
{
	start(_i);
	for (size_t i = 0; i < LENGTH(identifications); i++) {
		uint8_t code = identifications[i].code;
		uint8_t first = identifications[i].first;
		uint8_t last = identifications[i].last;
		uint8_t expected[MB_PDU_MAX] = { 43, 14, code, 0x82, 0, 0,
			(uint8_t)(last - first + 1) };

		assert_answer(PDU(43, 14, code, identifications[i].object),
		    expected, 7 + put_objects(expected + 7, first, last));
	}
}
END_TEST

START_TEST(identification_of_one_object_byte_by_byte)
{
	start(_i);
	assert_answer(PDU(43, 14, 4, 0),
	    PDU(43, 14, 4, 0x82, 0, 0, 1, 0, 7, 'M', 'B', 'L', 'o', 'g', 'i',
		'c'));
	assert_answer(PDU(43, 14, 4, 5), PDU(0xAB, 2));
	assert_answer(PDU(43, 14, 5, 0), PDU(0xAB, 3));
	assert_answer(PDU(43, 13, 0, 0), PDU(0xAB, 1));
}
END_TEST

START_TEST(exception_sets_the_flag_where_it_was_set_already)
{
	uint8_t response[3] = { 0, 0, 0xA5 };

	for (unsigned function = 0; function <= 0xFF; function++)
		for (int e = 1; e <= 4; e++) {
			ck_assert_uint_eq(mb_put_exception((uint8_t)function,
					      (enum mb_exception)e, response),
			    2);
			ck_assert_uint_eq(response[0],
			    function < 128 ? function + 128 : function);
			ck_assert_uint_eq(response[1], (unsigned)e);
			ck_assert_uint_eq(response[2], 0xA5);
		}
}
END_TEST

START_TEST(unknown_functions_are_answered_with_exception_01)
{
	start(_i);
	assert_answer(PDU(0), PDU(0x80, 1));
	assert_answer(PDU(7), PDU(0x87, 1));
	assert_answer(PDU(0x83, 0, 0, 0, 1), PDU(0x83, 1));
	assert_answer(PDU(0xFF, 0), PDU(0xFF, 1));
	assert_answer(PDU(8, 0, 1, 0, 0), PDU(0x88, 1));
}
END_TEST

/* What the table's observers were told last, and how often. */
static struct {
	unsigned times;
	struct datatable_change change;
} told;

static void
changed_cb(void *arg, const struct datatable_change *change)
{
	(void)arg;
	told.times++;
	told.change = *change;
}

START_TEST(observers_are_called_once_for_each_write_with_its_writer_and_range)
{
	static struct datatable_observer observer = { .changed = changed_cb };
	static const struct {
		uint8_t pdu[16];
		size_t length;
		enum datatable_kind kind;
		uint16_t address;
		uint16_t quantity; /* 0: nothing is told */
	} requests[] = {
		{ { 1, 0, 0, 0, 9 }, 5, DATATABLE_COILS, 0, 0 },
		{ { 3, 0, 0, 0, 9 }, 5, DATATABLE_COILS, 0, 0 },
		{ { 5, 0, 9, 0xFF, 0 }, 5, DATATABLE_COILS, 9, 1 },
		{ { 6, 0, 9, 1, 2 }, 5, DATATABLE_REGISTERS, 9, 1 },
		{ { 8, 0, 0, 1, 2 }, 5, DATATABLE_COILS, 0, 0 },
		{ { 15, 1, 0, 0, 9, 2, 0, 0 }, 8, DATATABLE_COILS, 256, 9 },
		{ { 15, 1, 0, 0, 9, 2, 0 }, 7, DATATABLE_COILS, 0, 0 },
		{ { 16, 1, 0, 0, 1, 2, 0, 5 }, 8, DATATABLE_REGISTERS, 256, 1 },
		{ { 22, 0, 7, 0, 1, 0, 2 }, 7, DATATABLE_REGISTERS, 7, 1 },
		{ { 23, 0, 3, 0, 6, 0, 14, 0, 2, 4, 0, 1, 0, 2 }, 14,
		    DATATABLE_REGISTERS, 14, 2 },
		{ { 43, 14, 1, 0 }, 4, DATATABLE_COILS, 0, 0 },
	};
	uint8_t response[MB_PDU_MAX];

	start(_i);
	datatable_observe(table, &observer);
	for (size_t i = 0; i < LENGTH(requests); i++) {
		told.times = 0;
		answer(requests[i].pdu, requests[i].length, response);
		ck_assert_uint_eq(told.times, requests[i].quantity != 0);
		if (told.times == 0)
			continue;
		ck_assert_ptr_eq(told.change.writer, &writer);
		ck_assert_int_eq(told.change.kind, requests[i].kind);
		ck_assert_uint_eq(told.change.address, requests[i].address);
		ck_assert_uint_eq(told.change.quantity, requests[i].quantity);
	}
}
END_TEST

/* Every test runs in both overlays. */
static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(
	    tc, test, DATATABLE_SEPARATE, DATATABLE_OVERLAID + 1);
}

static TCase *
examples(void)
{
	TCase *tc = tcase_create("examples");

	tcase_add_checked_fixture(tc, NULL, teardown);
	add(tc, answers_example_of_read_coils);
	add(tc, answers_example_of_read_discrete_inputs);
	add(tc, answers_example_of_read_holding_registers);
	add(tc, answers_example_of_read_input_registers);
	add(tc, answers_example_of_write_single_coil);
	add(tc, answers_example_of_write_single_register);
	add(tc, answers_example_of_return_query_data);
	add(tc, answers_example_of_write_multiple_coils);
	add(tc, answers_example_of_write_multiple_registers);
	add(tc, answers_example_of_mask_write_register);
	add(tc, answers_example_of_read_write_multiple_registers);
	return tc;
}

static TCase *
others(void)
{
	TCase *tc = tcase_create("others");

	tcase_add_checked_fixture(tc, NULL, teardown);
	add(tc, registers_go_high_byte_first);
	add(tc, the_last_address_is_read_and_written);
	add(tc, unused_bits_of_the_last_byte_are_0);
	add(tc, unused_bits_of_written_coils_change_nothing);
	add(tc, mask_write_follows_the_formula);
	add(tc, read_write_reads_what_it_wrote);
	add(tc, refused_write_changes_nothing);
	add(tc, inputs_are_the_coils_and_registers_that_are_written);
	add(tc, coils_and_registers_share_words_when_overlaid_only);
	add(tc, greatest_quantities_fit_the_answer);
	add(tc, greatest_writes_come_back_as_written);
	add(tc, query_data_of_any_length_is_echoed);
	add(tc, server_id_byte_by_byte);
	add(tc, identification_is_exact);
	add(tc, identification_of_one_object_byte_by_byte);
	add(tc, exception_sets_the_flag_where_it_was_set_already);
	add(tc, unknown_functions_are_answered_with_exception_01);
	add(tc,
	    observers_are_called_once_for_each_write_with_its_writer_and_range);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("execute");

	suite_add_tcase(suite, examples());
	suite_add_tcase(suite, others());
	return suite_run(suite);
}
