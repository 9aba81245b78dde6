#include "modbus/request.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/bytes.h"
#include "suite.h"

/* A PDU and its length. */
#define PDU(...)                                                               \
	(const uint8_t[]){ __VA_ARGS__ },                                      \
	    sizeof((const uint8_t[]){ __VA_ARGS__ })

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Two ranges are equal. */
static void
assert_range(struct mb_range range, struct mb_range expected)
{
	ck_assert_uint_eq(range.address, expected.address);
	ck_assert_uint_eq(range.quantity, expected.quantity);
}

/* All but the data, which has an address of its own. */
static void
assert_fields(const struct mb_request *r, const struct mb_request *expected)
{
	ck_assert_uint_eq(r->function, expected->function);
	ck_assert_int_eq(r->kind, expected->kind);
	assert_range(r->read, expected->read);
	assert_range(r->write, expected->write);
	ck_assert_uint_eq(r->data_length, expected->data_length);
	ck_assert_uint_eq(r->and_mask, expected->and_mask);
	ck_assert_uint_eq(r->or_mask, expected->or_mask);
	ck_assert_uint_eq(r->read_device_id, expected->read_device_id);
	ck_assert_uint_eq(r->first_object, expected->first_object);
	ck_assert_uint_eq(r->last_object, expected->last_object);
}

/* Decode a copy of exactly length bytes into r, for the sanitizer to guard; r
 * is dirty before. Gives the copy, which the caller frees. */
static uint8_t *
decode_copy(const uint8_t *pdu, size_t length, struct mb_request *r,
    enum mb_exception *exception)
{
	uint8_t *copy = malloc(length);

	if (copy == NULL)
		ck_abort_msg("out of memory");
	memcpy(copy, pdu, length);
	memset(r, 0xAA, sizeof(*r));
	*exception = mb_request_decode(copy, length, r);
	return copy;
}

/* Nothing is left but the function code. */
static bool
is_nothing(const struct mb_request *r, uint8_t function)
{
	return r->function == function && r->kind == DATATABLE_COILS &&
	    r->read.address == 0 && r->read.quantity == 0 &&
	    r->write.address == 0 && r->write.quantity == 0 &&
	    r->data == NULL && r->data_length == 0 && r->and_mask == 0 &&
	    r->or_mask == 0 && r->read_device_id == 0 && r->first_object == 0 &&
	    r->last_object == 0;
}

/* The PDU decodes to an exception, which leaves nothing behind, or to none. */
static void
assert_decodes(const uint8_t *pdu, size_t length, enum mb_exception expected)
{
	struct mb_request r;
	enum mb_exception e;

	free(decode_copy(pdu, length, &r, &e));
	if (e != expected)
		ck_abort_msg("function %u, %zu bytes: exception %d, not %d",
		    pdu[0], length, e, expected);
	if (e == MB_EX_NONE ? r.function != pdu[0] : !is_nothing(&r, pdu[0]))
		ck_abort_msg("function %u, %zu bytes: exception %d, and a "
			     "request",
		    pdu[0], length, e);
}

/*
 * Whole requests. First the examples printed in the specification, clause 6,
 * then the largest and the oddest of each kind.
 */
static const struct {
	const uint8_t *pdu;
	size_t length;
	struct mb_request expected; /* without data */
	size_t data_at;             /* where in the PDU; 0 is none */
} requests[] = {
	{ PDU(1, 0, 0x13, 0, 0x13),
	    { .function = 1, .kind = DATATABLE_COILS, .read = { 0x13, 0x13 } },
	    0 },
	{ PDU(2, 0, 0xC4, 0, 0x16),
	    { .function = 2, .kind = DATATABLE_COILS, .read = { 0xC4, 0x16 } },
	    0 },
	{ PDU(3, 0, 0x6B, 0, 3),
	    { .function = 3, .kind = DATATABLE_REGISTERS, .read = { 0x6B, 3 } },
	    0 },
	{ PDU(4, 0, 8, 0, 1),
	    { .function = 4, .kind = DATATABLE_REGISTERS, .read = { 8, 1 } },
	    0 },
	{ PDU(5, 0, 0xAC, 0xFF, 0),
	    { .function = 5,
		.kind = DATATABLE_COILS,
		.write = { 0xAC, 1 },
		.data_length = 2 },
	    3 },
	{ PDU(6, 0, 1, 0, 3),
	    { .function = 6,
		.kind = DATATABLE_REGISTERS,
		.write = { 1, 1 },
		.data_length = 2 },
	    3 },
	{ PDU(8, 0, 0, 0xA5, 0x37), { .function = 8, .data_length = 2 }, 3 },
	{ PDU(15, 0, 0x13, 0, 0x0A, 2, 0xCD, 1),
	    { .function = 15,
		.kind = DATATABLE_COILS,
		.write = { 0x13, 10 },
		.data_length = 2 },
	    6 },
	{ PDU(16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2),
	    { .function = 16,
		.kind = DATATABLE_REGISTERS,
		.write = { 1, 2 },
		.data_length = 4 },
	    6 },
	{ PDU(22, 0, 4, 0, 0xF2, 0, 0x25),
	    { .function = 22,
		.kind = DATATABLE_REGISTERS,
		.write = { 4, 1 },
		.and_mask = 0xF2,
		.or_mask = 0x25 },
	    0 },
	{ PDU(23, 0, 3, 0, 6, 0, 0x0E, 0, 3, 6, 0, 0xFF, 0, 0xFF, 0, 0xFF),
	    { .function = 23,
		.kind = DATATABLE_REGISTERS,
		.read = { 3, 6 },
		.write = { 0x0E, 3 },
		.data_length = 6 },
	    10 },
	{ PDU(43, 14, 1, 0),
	    { .function = 43, .read_device_id = 1, .last_object = 2 }, 0 },

	{ PDU(1, 0x12, 0x34, 0x07, 0xD0),
	    { .function = 1,
		.kind = DATATABLE_COILS,
		.read = { 0x1234, 2000 } },
	    0 },
	{ PDU(4, 0xFF, 0x83, 0, 0x7D),
	    { .function = 4,
		.kind = DATATABLE_REGISTERS,
		.read = { 65411, 125 } },
	    0 },
	{ PDU(5, 0xFF, 0xFF, 0, 0),
	    { .function = 5,
		.kind = DATATABLE_COILS,
		.write = { 65535, 1 },
		.data_length = 2 },
	    3 },
	{ PDU(6, 0xFF, 0xFF, 0xFF, 0xFF),
	    { .function = 6,
		.kind = DATATABLE_REGISTERS,
		.write = { 65535, 1 },
		.data_length = 2 },
	    3 },
	{ PDU(8, 0, 0), { .function = 8, .data_length = 0 }, 3 },
	{ PDU(8, 0, 0, 1, 2, 3), { .function = 8, .data_length = 3 }, 3 },
	{ PDU(22, 0xFF, 0xFF, 0xAB, 0xCD, 0x12, 0x34),
	    { .function = 22,
		.kind = DATATABLE_REGISTERS,
		.write = { 65535, 1 },
		.and_mask = 0xABCD,
		.or_mask = 0x1234 },
	    0 },
};

START_TEST(decodes_the_fields_of)
{
	struct mb_request r;
	enum mb_exception e;
	uint8_t *pdu =
	    decode_copy(requests[_i].pdu, requests[_i].length, &r, &e);
	size_t at = requests[_i].data_at;

	ck_assert_int_eq(e, MB_EX_NONE);
	assert_fields(&r, &requests[_i].expected);
	ck_assert_ptr_eq(r.data, at == 0 ? NULL : pdu + at);
	free(pdu);
}
END_TEST

START_TEST(writes_says_whether_the_table_may_change)
{
	static const uint8_t writing[] = { 5, 6, 15, 16, 22, 23 };
	struct mb_request r;
	enum mb_exception e;

	for (size_t i = 0; i < LENGTH(requests); i++) {
		free(decode_copy(requests[i].pdu, requests[i].length, &r, &e));
		ck_assert_int_eq(mb_request_writes(&r),
		    memchr(writing, r.function, sizeof(writing)) != NULL);
	}
}
END_TEST

/*
 * The smallest request of each function, and whether a longer one is good too.
 */
static const struct {
	const uint8_t *pdu;
	size_t length;
	bool open_ended;
} smallest[] = {
	{ PDU(1, 0, 0, 0, 1), false },
	{ PDU(2, 0, 0, 0, 1), false },
	{ PDU(3, 0, 0, 0, 1), false },
	{ PDU(4, 0, 0, 0, 1), false },
	{ PDU(5, 0, 0, 0, 0), false },
	{ PDU(6, 0, 0, 0, 0), false },
	{ PDU(8, 0, 0), true },
	{ PDU(15, 0, 0, 0, 1, 1, 0), false },
	{ PDU(16, 0, 0, 0, 1, 2, 0, 0), false },
	{ PDU(17), false },
	{ PDU(22, 0, 0, 0, 0, 0, 0), false },
	{ PDU(23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0), false },
	{ PDU(43, 14, 1, 0), false },
};

START_TEST(any_other_length_is_illegal_data_value)
{
	uint8_t pdu[MB_PDU_MAX] = { 0 };
	size_t right = smallest[_i].length;

	memcpy(pdu, smallest[_i].pdu, right);
	for (size_t length = 1; length <= MB_PDU_MAX; length++) {
		bool good = length == right ||
		    (length > right && smallest[_i].open_ended);

		assert_decodes(
		    pdu, length, good ? MB_EX_NONE : MB_EX_ILLEGAL_DATA_VALUE);
	}
}
END_TEST

/* A PDU's length alone is judged, whatever else is wrong with it. */
START_TEST(wrong_length_goes_before_address)
{
	uint8_t pdu[MB_PDU_MAX];

	memset(pdu, 0xFF, sizeof(pdu));
	pdu[0] = smallest[_i].pdu[0];
	if (pdu[0] == MB_FC_DIAGNOSTICS ||
	    pdu[0] == MB_FC_ENCAPSULATED_INTERFACE)
		return;
	for (size_t length = 1; length <= MB_PDU_MAX; length++)
		if (length != smallest[_i].length)
			assert_decodes(pdu, length, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

/* function | address | quantity */
static void
put_range(uint8_t *p, uint16_t address, uint16_t quantity)
{
	put16(p, address);
	put16(p + 2, quantity);
}

static void
assert_read(uint8_t function, uint16_t address, uint16_t quantity,
    enum mb_exception expected)
{
	uint8_t pdu[5] = { function };

	put_range(pdu + 1, address, quantity);
	assert_decodes(pdu, sizeof(pdu), expected);
}

static const struct {
	uint8_t function;
	uint16_t most;
} reads[] = { { 1, 2000 }, { 2, 2000 }, { 3, 125 }, { 4, 125 } };

START_TEST(read_quantity_has_limits)
{
	uint8_t function = reads[_i].function;
	uint16_t most = reads[_i].most;

	for (unsigned quantity = 0; quantity <= 65535;
	     quantity += 1 + quantity / 64)
		assert_read(function, 0, (uint16_t)quantity,
		    quantity >= 1 && quantity <= most ?
			MB_EX_NONE :
			MB_EX_ILLEGAL_DATA_VALUE);
	assert_read(function, 0, most - 1, MB_EX_NONE);
	assert_read(function, 0, most, MB_EX_NONE);
	assert_read(function, 0, most + 1, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read(function, 0, 65535, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

START_TEST(read_ends_at_65536_at_most)
{
	for (unsigned quantity = 1; quantity <= reads[_i].most; quantity++) {
		uint16_t last = (uint16_t)(65536 - quantity);

		assert_read(
		    reads[_i].function, last, (uint16_t)quantity, MB_EX_NONE);
		if (quantity > 1)
			assert_read(reads[_i].function, last + 1,
			    (uint16_t)quantity, MB_EX_ILLEGAL_DATA_ADDRESS);
	}
}
END_TEST

START_TEST(read_quantity_goes_before_address)
{
	uint8_t function = reads[_i].function;

	assert_read(function, 65535, 0, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read(
	    function, 65535, reads[_i].most + 1, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read(
	    function, 65535, reads[_i].most, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_read(function, 65535, 65535, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

/* A write of several items: with what byte count, and how many bytes. */
static void
assert_write(uint8_t function, uint16_t address, uint16_t quantity,
    unsigned byte_count, unsigned bytes, enum mb_exception expected)
{
	uint8_t pdu[6 + 255] = { function };

	put_range(pdu + 1, address, quantity);
	pdu[5] = (uint8_t)byte_count;
	assert_decodes(pdu, 6U + bytes, expected);
}

/* Likewise with the right number of bytes, as the specification has it. */
static unsigned
bytes_of(uint8_t function, unsigned quantity)
{
	if (function == 15)
		return quantity / 8 + (quantity % 8 != 0);
	return quantity * 2;
}

static const struct {
	uint8_t function;
	uint16_t most;
} writes[] = { { 15, 1968 }, { 16, 123 } };

START_TEST(write_quantity_has_limits)
{
	uint8_t function = writes[_i].function;
	unsigned most = writes[_i].most;

	assert_write(function, 0, 0, 0, 0, MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(function, 0, 0, 1, 1, MB_EX_ILLEGAL_DATA_VALUE);
	for (unsigned quantity = 1; quantity <= most; quantity++) {
		unsigned bytes = bytes_of(function, quantity);

		assert_write(
		    function, 0, (uint16_t)quantity, bytes, bytes, MB_EX_NONE);
	}
	/* Some are longer than a PDU can be, so that nothing but the quantity
	 * is wrong. */
	for (unsigned quantity = most + 1; bytes_of(function, quantity) <= 0xFF;
	     quantity++) {
		unsigned bytes = bytes_of(function, quantity);

		assert_write(function, 0, (uint16_t)quantity, bytes, bytes,
		    MB_EX_ILLEGAL_DATA_VALUE);
	}
	assert_write(function, 0, 65535, 247, 247, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

/* 129 registers are 258 bytes, whose low byte is 2. */
START_TEST(write_byte_count_is_not_taken_modulo_256)
{
	static const struct {
		uint8_t function;
		uint16_t quantity;
	} wraps[] = { { 15, 2049 }, { 15, 4096 }, { 15, 65535 }, { 16, 128 },
		{ 16, 129 }, { 16, 0x8001 }, { 16, 0x8000 } };

	for (size_t i = 0; i < LENGTH(wraps); i++) {
		uint8_t low =
		    (uint8_t)bytes_of(wraps[i].function, wraps[i].quantity);

		assert_write(wraps[i].function, 0, wraps[i].quantity, low, low,
		    MB_EX_ILLEGAL_DATA_VALUE);
	}
}
END_TEST

START_TEST(write_byte_count_must_fit_the_quantity)
{
	static const uint16_t quantities[] = { 1, 2, 7, 8, 9, 15, 16, 17, 100,
		120, 121, 122, 123, 1960, 1961, 1967, 1968 };
	uint8_t function = writes[_i].function;

	for (size_t i = 0; i < LENGTH(quantities); i++) {
		uint16_t quantity = quantities[i];
		unsigned bytes = bytes_of(function, quantity);

		if (quantity > writes[_i].most)
			break;
		/* The byte count alone is wrong, then the values with it. */
		for (unsigned wrong = bytes - 1; wrong <= bytes + 1;
		     wrong += 2) {
			assert_write(function, 0, quantity, wrong, bytes,
			    MB_EX_ILLEGAL_DATA_VALUE);
			if (6 + wrong <= MB_PDU_MAX)
				assert_write(function, 0, quantity, wrong,
				    wrong, MB_EX_ILLEGAL_DATA_VALUE);
		}
		assert_write(
		    function, 0, quantity, 0, bytes, MB_EX_ILLEGAL_DATA_VALUE);
	}
}
END_TEST

START_TEST(write_values_must_fit_the_byte_count)
{
	uint8_t function = writes[_i].function;

	for (uint16_t quantity = 1; quantity <= writes[_i].most; quantity++) {
		unsigned bytes = bytes_of(function, quantity);

		assert_write(function, 0, quantity, bytes, bytes - 1,
		    MB_EX_ILLEGAL_DATA_VALUE);
		if (6 + bytes < MB_PDU_MAX)
			assert_write(function, 0, quantity, bytes, bytes + 1,
			    MB_EX_ILLEGAL_DATA_VALUE);
	}
}
END_TEST

START_TEST(write_ends_at_65536_at_most)
{
	uint8_t function = writes[_i].function;

	for (unsigned quantity = 1; quantity <= writes[_i].most; quantity++) {
		uint16_t last = (uint16_t)(65536 - quantity);
		unsigned bytes = bytes_of(function, quantity);

		assert_write(function, last, (uint16_t)quantity, bytes, bytes,
		    MB_EX_NONE);
		if (quantity > 1)
			assert_write(function, last + 1, (uint16_t)quantity,
			    bytes, bytes, MB_EX_ILLEGAL_DATA_ADDRESS);
	}
}
END_TEST

/* The original tested the address first. */
START_TEST(write_checks_all_else_before_address)
{
	uint8_t function = writes[_i].function;
	unsigned bytes = bytes_of(function, 100);

	assert_write(
	    function, 65535, 100, bytes, bytes, MB_EX_ILLEGAL_DATA_ADDRESS);
	assert_write(function, 65535, 0, 0, 0, MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(function, 65535, writes[_i].most + 1, 246, 246,
	    MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(function, 65535, 100, bytes + 1, bytes + 1,
	    MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(
	    function, 65535, 100, bytes - 1, bytes, MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(
	    function, 65535, 100, bytes, bytes - 1, MB_EX_ILLEGAL_DATA_VALUE);
	assert_write(
	    function, 65535, 100, bytes, bytes + 1, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

/* Read/Write Multiple Registers, with what byte count and how many bytes. */
static void
assert_read_write(struct mb_range read, struct mb_range write,
    unsigned byte_count, unsigned bytes, enum mb_exception expected)
{
	uint8_t pdu[10 + 255] = { 23 };

	put_range(pdu + 1, read.address, read.quantity);
	put_range(pdu + 5, write.address, write.quantity);
	pdu[9] = (uint8_t)byte_count;
	assert_decodes(pdu, 10U + bytes, expected);
}

/* Likewise with the right byte count, as far as a byte can tell it; beyond the
 * limits that is longer than a PDU can be, and only the quantity is wrong. */
static void
assert_ranges(
    struct mb_range read, struct mb_range write, enum mb_exception expected)
{
	unsigned bytes = 2U * write.quantity;

	assert_read_write(
	    read, write, bytes, bytes < 0xFF ? bytes : 0xFF, expected);
}

START_TEST(read_write_quantities_have_limits)
{
	static const struct {
		uint16_t read;
		uint16_t write;
		enum mb_exception expected;
	} quantities[] = {
		{ 1, 1, MB_EX_NONE },
		{ 125, 1, MB_EX_NONE },
		{ 1, 121, MB_EX_NONE },
		{ 125, 121, MB_EX_NONE },
		{ 0, 1, MB_EX_ILLEGAL_DATA_VALUE },
		{ 1, 0, MB_EX_ILLEGAL_DATA_VALUE },
		{ 0, 0, MB_EX_ILLEGAL_DATA_VALUE },
		{ 126, 1, MB_EX_ILLEGAL_DATA_VALUE },
		{ 1, 122, MB_EX_ILLEGAL_DATA_VALUE },
		{ 1, 123, MB_EX_ILLEGAL_DATA_VALUE },
		{ 1, 128, MB_EX_ILLEGAL_DATA_VALUE },
		{ 0x7D00, 1, MB_EX_ILLEGAL_DATA_VALUE },
		{ 65535, 1, MB_EX_ILLEGAL_DATA_VALUE },
		{ 1, 65535, MB_EX_ILLEGAL_DATA_VALUE },
	};

	for (size_t i = 0; i < LENGTH(quantities); i++)
		assert_ranges((struct mb_range){ 0, quantities[i].read },
		    (struct mb_range){ 0, quantities[i].write },
		    quantities[i].expected);
}
END_TEST

START_TEST(read_write_ranges_end_at_65536_at_most)
{
	const struct mb_range fine = { 0, 1 };

	for (unsigned q = 1; q <= 125; q++) {
		struct mb_range fits = { (uint16_t)(65536 - q), (uint16_t)q };
		struct mb_range over = { fits.address + 1, (uint16_t)q };

		assert_ranges(fits, fine, MB_EX_NONE);
		if (q <= 121) {
			assert_ranges(fine, fits, MB_EX_NONE);
			assert_ranges(fits, fits, MB_EX_NONE);
		}
		if (q == 1)
			continue;
		assert_ranges(over, fine, MB_EX_ILLEGAL_DATA_ADDRESS);
		if (q <= 121) {
			assert_ranges(fine, over, MB_EX_ILLEGAL_DATA_ADDRESS);
			assert_ranges(over, over, MB_EX_ILLEGAL_DATA_ADDRESS);
		}
	}
}
END_TEST

START_TEST(read_write_byte_count_must_fit)
{
	const struct mb_range read = { 0, 1 };

	for (uint16_t q = 1; q <= 121; q++) {
		struct mb_range write = { 0, q };
		unsigned bytes = 2U * q;

		for (unsigned wrong = bytes - 1; wrong <= bytes + 1;
		     wrong += 2) {
			assert_read_write(read, write, wrong, bytes,
			    MB_EX_ILLEGAL_DATA_VALUE);
			assert_read_write(read, write, wrong, wrong,
			    MB_EX_ILLEGAL_DATA_VALUE);
			assert_read_write(read, write, bytes, wrong,
			    MB_EX_ILLEGAL_DATA_VALUE);
		}
	}
}
END_TEST

START_TEST(read_write_checks_all_else_before_addresses)
{
	const struct mb_range fine = { 0, 2 };
	const struct mb_range over = { 65535, 2 };
	const struct mb_range none = { 65535, 0 };
	const struct mb_range many = { 65535, 126 };

	assert_ranges(none, over, MB_EX_ILLEGAL_DATA_VALUE);
	assert_ranges(many, over, MB_EX_ILLEGAL_DATA_VALUE);
	assert_ranges(over, none, MB_EX_ILLEGAL_DATA_VALUE);
	assert_ranges(over, many, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read_write(over, fine, 3, 4, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read_write(fine, over, 3, 4, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read_write(over, fine, 4, 5, MB_EX_ILLEGAL_DATA_VALUE);
	assert_read_write(fine, over, 4, 3, MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

START_TEST(single_coil_is_0000_or_FF00)
{
	for (unsigned value = 0; value <= 0xFFFF; value++) {
		uint8_t pdu[] = { 5, 0xFF, 0xFF, (uint8_t)(value >> 8),
			(uint8_t)value };
		struct mb_request r;
		enum mb_exception e = mb_request_decode(pdu, 5, &r);
		enum mb_exception expected = value == 0 || value == 0xFF00 ?
		    MB_EX_NONE :
		    MB_EX_ILLEGAL_DATA_VALUE;

		if (e != expected)
			ck_abort_msg("value 0x%04X: exception %d", value, e);
	}
}
END_TEST

START_TEST(rejects_single_coil_0001_FF01_FFFF_and_00FF)
{
	assert_decodes(PDU(5, 0, 0, 0, 1), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(5, 0, 0, 0xFF, 1), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(5, 0, 0, 0xFF, 0xFF), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(5, 0, 0, 0, 0xFF), MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

START_TEST(single_writes_and_masks_reach_every_address)
{
	for (unsigned address = 0; address <= 65535; address += 4369) {
		uint8_t pdu[7] = { 5 };

		put16(pdu + 1, (uint16_t)address);
		assert_decodes(pdu, 5, MB_EX_NONE);
		pdu[0] = 6;
		assert_decodes(pdu, 5, MB_EX_NONE);
		pdu[0] = 22;
		assert_decodes(pdu, 7, MB_EX_NONE);
	}
}
END_TEST

START_TEST(any_other_diagnostics_sub_function_is_illegal_function)
{
	for (unsigned sub = 1; sub <= 0xFFFF; sub += 1 + sub / 32) {
		uint8_t pdu[5] = { 8, (uint8_t)(sub >> 8), (uint8_t)sub };

		assert_decodes(pdu, 3, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, 5, MB_EX_ILLEGAL_FUNCTION);
	}
	assert_decodes(PDU(8, 1, 0, 0, 0), MB_EX_ILLEGAL_FUNCTION);
	assert_decodes(PDU(8, 0xFF, 0, 0, 0), MB_EX_ILLEGAL_FUNCTION);
}
END_TEST

START_TEST(diagnostics_without_whole_sub_function_is_illegal_data_value)
{
	assert_decodes(PDU(8), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(8, 0), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(8, 1), MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

START_TEST(any_other_mei_type_is_illegal_function_at_any_length)
{
	for (unsigned mei = 0; mei <= 0xFF; mei++) {
		uint8_t pdu[MB_PDU_MAX] = { 43, (uint8_t)mei, 1 };

		if (mei == 14)
			continue;
		assert_decodes(pdu, 2, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, 3, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, 4, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, 5, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, MB_PDU_MAX, MB_EX_ILLEGAL_FUNCTION);
	}
}
END_TEST

/* Read device id code and object id → the objects first..last. */
static const struct {
	uint8_t code;
	uint8_t object;
	enum mb_exception expected;
	uint8_t first;
	uint8_t last;
} identifications[] = {
	{ 0, 0, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },
	{ 5, 0, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },
	{ 0x81, 0, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },
	{ 0xFF, 0, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },
	{ 0, 0xFF, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },
	{ 5, 0xFF, MB_EX_ILLEGAL_DATA_VALUE, 0, 0 },

	{ 1, 0, MB_EX_NONE, 0, 2 },
	{ 1, 1, MB_EX_NONE, 1, 2 },
	{ 1, 2, MB_EX_NONE, 2, 2 },
	{ 1, 3, MB_EX_NONE, 0, 2 },
	{ 1, 5, MB_EX_NONE, 0, 2 },
	{ 1, 0x80, MB_EX_NONE, 0, 2 },
	{ 1, 0xFF, MB_EX_NONE, 0, 2 },

	{ 2, 0, MB_EX_NONE, 0, 4 },
	{ 2, 3, MB_EX_NONE, 3, 4 },
	{ 2, 4, MB_EX_NONE, 4, 4 },
	{ 2, 5, MB_EX_NONE, 0, 4 },
	{ 2, 0xFF, MB_EX_NONE, 0, 4 },

	{ 3, 0, MB_EX_NONE, 0, 4 },
	{ 3, 4, MB_EX_NONE, 4, 4 },
	{ 3, 5, MB_EX_NONE, 0, 4 },
	{ 3, 0x80, MB_EX_NONE, 0, 4 },
	{ 3, 0xFF, MB_EX_NONE, 0, 4 },

	{ 4, 0, MB_EX_NONE, 0, 0 },
	{ 4, 1, MB_EX_NONE, 1, 1 },
	{ 4, 2, MB_EX_NONE, 2, 2 },
	{ 4, 3, MB_EX_NONE, 3, 3 },
	{ 4, 4, MB_EX_NONE, 4, 4 },
	{ 4, 5, MB_EX_ILLEGAL_DATA_ADDRESS, 0, 0 },
	{ 4, 0x80, MB_EX_ILLEGAL_DATA_ADDRESS, 0, 0 },
	{ 4, 0xFF, MB_EX_ILLEGAL_DATA_ADDRESS, 0, 0 },
};

START_TEST(identification_asks_for_objects)
{
	for (size_t i = 0; i < LENGTH(identifications); i++) {
		const uint8_t pdu[] = { 43, 14, identifications[i].code,
			identifications[i].object };
		struct mb_request r;

		assert_decodes(pdu, 4, identifications[i].expected);
		if (mb_request_decode(pdu, 4, &r) != MB_EX_NONE)
			continue;
		ck_assert_uint_eq(r.read_device_id, identifications[i].code);
		ck_assert_uint_eq(r.first_object, identifications[i].first);
		ck_assert_uint_eq(r.last_object, identifications[i].last);
	}
}
END_TEST

/* An unknown object is 02 only once the length is right. */
START_TEST(identification_checks_length_before_object)
{
	assert_decodes(PDU(43), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(43, 14), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(43, 14, 4), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(43, 14, 4, 0xFF, 0), MB_EX_ILLEGAL_DATA_VALUE);
	assert_decodes(PDU(43, 14, 1, 0, 0), MB_EX_ILLEGAL_DATA_VALUE);
}
END_TEST

static bool
is_supported(unsigned function)
{
	static const uint8_t supported[] = { 1, 2, 3, 4, 5, 6, 8, 15, 16, 17,
		22, 23, 43 };

	return memchr(supported, (int)function, sizeof(supported)) != NULL;
}

START_TEST(unknown_functions_are_illegal_function_at_any_length)
{
	uint8_t pdu[MB_PDU_MAX] = { 0 };

	for (unsigned function = 0; function <= 0xFF; function++) {
		if (is_supported(function))
			continue;
		pdu[0] = (uint8_t)function;
		for (size_t length = 1; length <= MB_PDU_MAX;
		     length += 1 + length / 8)
			assert_decodes(pdu, length, MB_EX_ILLEGAL_FUNCTION);
		assert_decodes(pdu, MB_PDU_MAX, MB_EX_ILLEGAL_FUNCTION);
	}
}
END_TEST

START_TEST(exception_flag_makes_a_function_unknown)
{
	uint8_t pdu[MB_PDU_MAX];

	for (size_t i = 0; i < LENGTH(smallest); i++) {
		memcpy(pdu, smallest[i].pdu, smallest[i].length);
		pdu[0] |= 0x80;
		assert_decodes(pdu, smallest[i].length, MB_EX_ILLEGAL_FUNCTION);
	}
}
END_TEST

START_TEST(exactly_the_supported_functions_have_names)
{
	for (unsigned function = 0; function <= 0xFF; function++) {
		const char *name = mb_function_name((uint8_t)function);

		ck_assert_int_eq(name != NULL, is_supported(function));
	}
	ck_assert_str_eq(mb_function_name(1), "Read Coils");
	ck_assert_str_eq(mb_function_name(4), "Read Input Registers");
	ck_assert_str_eq(mb_function_name(23), "Read/Write Multiple Registers");
}
END_TEST

START_TEST(every_exception_has_its_name)
{
	ck_assert_str_eq(mb_exception_name(MB_EX_NONE), "ok");
	ck_assert_str_eq(
	    mb_exception_name(MB_EX_ILLEGAL_FUNCTION), "illegal function");
	ck_assert_str_eq(mb_exception_name(MB_EX_ILLEGAL_DATA_ADDRESS),
	    "illegal data address");
	ck_assert_str_eq(
	    mb_exception_name(MB_EX_ILLEGAL_DATA_VALUE), "illegal data value");
	ck_assert_str_eq(mb_exception_name(MB_EX_GATEWAY_TARGET_FAILED),
	    "gateway target device failed to respond");
	ck_assert_str_eq(
	    mb_exception_name((enum mb_exception)5), "unknown exception");
	ck_assert_str_eq(mb_exception_name(MB_EX_SERVER_DEVICE_FAILURE),
	    "server device failure");
	ck_assert_str_eq(
	    mb_exception_name((enum mb_exception)200), "unknown exception");
}
END_TEST

/* xorshift32 */
static uint8_t
random_byte(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return (uint8_t)(x >> 8);
}

static bool
in_range(struct mb_range range)
{
	return (uint32_t)range.address + range.quantity <= 65536;
}

/* A request is within the table, an exception leaves the function code. */
static bool
is_sound(const struct mb_request *r, enum mb_exception e, const uint8_t *pdu,
    size_t length)
{
	if (r->function != pdu[0] || e > MB_EX_ILLEGAL_DATA_VALUE)
		return false;
	if (!is_supported(pdu[0]) && e != MB_EX_ILLEGAL_FUNCTION)
		return false;
	if (e != MB_EX_NONE)
		return is_nothing(r, pdu[0]);
	return in_range(r->read) && in_range(r->write) &&
	    (r->data == NULL ||
		(r->data > pdu && r->data + r->data_length <= pdu + length));
}

START_TEST(every_byte_string_is_a_request_or_an_exception)
{
	uint8_t pdu[MB_PDU_MAX];

	for (size_t i = 0; i < 256 * MB_PDU_MAX; i++) {
		size_t length = 1 + i % MB_PDU_MAX;
		struct mb_request r;
		enum mb_exception e;
		uint8_t *copy;
		bool sound;

		for (size_t j = 1; j < length; j++)
			pdu[j] = random_byte();
		pdu[0] = (uint8_t)(i / MB_PDU_MAX);
		copy = decode_copy(pdu, length, &r, &e);
		sound = is_sound(&r, e, copy, length);
		free(copy);
		if (!sound)
			ck_abort_msg("function %u, %zu bytes: exception %d",
			    pdu[0], length, e);
	}
}
END_TEST

static TCase *
examples(void)
{
	TCase *tc = tcase_create("examples");

	tcase_add_loop_test(
	    tc, decodes_the_fields_of, 0, (int)LENGTH(requests));
	tcase_add_test(tc, writes_says_whether_the_table_may_change);
	return tc;
}

static TCase *
lengths(void)
{
	TCase *tc = tcase_create("lengths");

	tcase_add_loop_test(tc, any_other_length_is_illegal_data_value, 0,
	    (int)LENGTH(smallest));
	tcase_add_loop_test(
	    tc, wrong_length_goes_before_address, 0, (int)LENGTH(smallest));
	return tc;
}

static TCase *
ranges(void)
{
	TCase *tc = tcase_create("ranges");
	int last_read = (int)LENGTH(reads);
	int last_write = (int)LENGTH(writes);

	tcase_add_loop_test(tc, read_quantity_has_limits, 0, last_read);
	tcase_add_loop_test(tc, read_ends_at_65536_at_most, 0, last_read);
	tcase_add_loop_test(
	    tc, read_quantity_goes_before_address, 0, last_read);
	tcase_add_loop_test(tc, write_quantity_has_limits, 0, last_write);
	tcase_add_test(tc, write_byte_count_is_not_taken_modulo_256);
	tcase_add_loop_test(
	    tc, write_byte_count_must_fit_the_quantity, 0, last_write);
	tcase_add_loop_test(
	    tc, write_values_must_fit_the_byte_count, 0, last_write);
	tcase_add_loop_test(tc, write_ends_at_65536_at_most, 0, last_write);
	tcase_add_loop_test(
	    tc, write_checks_all_else_before_address, 0, last_write);
	tcase_add_test(tc, read_write_quantities_have_limits);
	tcase_add_test(tc, read_write_ranges_end_at_65536_at_most);
	tcase_add_test(tc, read_write_byte_count_must_fit);
	tcase_add_test(tc, read_write_checks_all_else_before_addresses);
	return tc;
}

static TCase *
functions(void)
{
	TCase *tc = tcase_create("functions");

	tcase_add_test(tc, single_coil_is_0000_or_FF00);
	tcase_add_test(tc, rejects_single_coil_0001_FF01_FFFF_and_00FF);
	tcase_add_test(tc, single_writes_and_masks_reach_every_address);
	tcase_add_test(
	    tc, any_other_diagnostics_sub_function_is_illegal_function);
	tcase_add_test(
	    tc, diagnostics_without_whole_sub_function_is_illegal_data_value);
	tcase_add_test(
	    tc, any_other_mei_type_is_illegal_function_at_any_length);
	tcase_add_test(tc, identification_asks_for_objects);
	tcase_add_test(tc, identification_checks_length_before_object);
	tcase_add_test(
	    tc, unknown_functions_are_illegal_function_at_any_length);
	tcase_add_test(tc, exception_flag_makes_a_function_unknown);
	tcase_add_test(tc, exactly_the_supported_functions_have_names);
	tcase_add_test(tc, every_exception_has_its_name);
	tcase_add_test(tc, every_byte_string_is_a_request_or_an_exception);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("request");

	suite_add_tcase(suite, examples());
	suite_add_tcase(suite, lengths());
	suite_add_tcase(suite, ranges());
	suite_add_tcase(suite, functions());
	return suite_run(suite);
}
