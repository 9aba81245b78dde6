#include "model.h"

#include <string.h>

/* Exception codes, clause 7. */
enum {
	ILLEGAL_FUNCTION = 1,
	ILLEGAL_DATA_ADDRESS = 2,
	ILLEGAL_DATA_VALUE = 3,
};

/* A request on its way through the model. */
struct exchange {
	struct model *model;
	const uint8_t *pdu;
	size_t length;
	uint8_t *response;
};

void
model_init(struct model *m, bool overlaid, const char *revision)
{
	memset(m, 0, sizeof(*m));
	m->overlaid = overlaid;
	m->revision = revision;
}

/* What coil n is worth in its register when overlaid: bit 0 is the least. */
static unsigned
worth(uint32_t address)
{
	unsigned value = 1;

	for (uint32_t bit = address % 16; bit > 0; bit--)
		value *= 2;
	return value;
}

unsigned
model_coil(const struct model *m, uint32_t address)
{
	if (m->overlaid)
		return m->registers[address / 16] / worth(address) % 2;
	return m->coils[address];
}

unsigned
model_register(const struct model *m, uint32_t address)
{
	return m->registers[address];
}

static void
set_coil(struct model *m, uint32_t address, unsigned on)
{
	int step = (int)on - (int)model_coil(m, address);

	if (m->overlaid)
		m->registers[address / 16] =
		    (uint16_t)(m->registers[address / 16] +
			step * (int)worth(address));
	else
		m->coils[address] = (uint8_t)on;
}

/* The number in two bytes of the request, the high one first. */
static uint32_t
number(const struct exchange *x, size_t at)
{
	return x->pdu[at] * 256U + x->pdu[at + 1];
}

static void
put_number(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value / 256);
	p[1] = (uint8_t)(value % 256);
}

static size_t
refuse(const struct exchange *x, uint8_t exception)
{
	x->response[0] = x->pdu[0] < 128 ? x->pdu[0] + 128 : x->pdu[0];
	x->response[1] = exception;
	return 2;
}

/* The answer that repeats the first bytes of the request. */
static size_t
echo(const struct exchange *x, size_t length)
{
	memcpy(x->response, x->pdu, length);
	return length;
}

static size_t
bytes_for_coils(uint32_t quantity)
{
	size_t bytes = 0;

	while (bytes * 8 < quantity)
		bytes++;
	return bytes;
}

/* 01, 02: function, address, quantity. */
static size_t
read_coils(const struct exchange *x)
{
	uint32_t address;
	uint32_t quantity;

	if (x->length != 5)
		return refuse(x, ILLEGAL_DATA_VALUE);
	address = number(x, 1);
	quantity = number(x, 3);
	if (quantity == 0 || quantity > 2000)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (address + quantity > MODEL_ADDRESSES)
		return refuse(x, ILLEGAL_DATA_ADDRESS);

	x->response[0] = x->pdu[0];
	x->response[1] = (uint8_t)bytes_for_coils(quantity);
	memset(x->response + 2, 0, x->response[1]);
	for (uint32_t i = 0; i < quantity; i++)
		if (model_coil(x->model, address + i))
			x->response[2 + i / 8] |= (uint8_t)(1U << i % 8);
	return 2U + x->response[1];
}

static size_t
answer_registers(const struct exchange *x, uint32_t address, uint32_t quantity)
{
	x->response[0] = x->pdu[0];
	x->response[1] = (uint8_t)(quantity * 2);
	for (uint32_t i = 0; i < quantity; i++)
		put_number(x->response + 2 + i * 2,
		    model_register(x->model, address + i));
	return 2 + quantity * 2;
}

/* 03, 04: function, address, quantity. */
static size_t
read_registers(const struct exchange *x)
{
	uint32_t address;
	uint32_t quantity;

	if (x->length != 5)
		return refuse(x, ILLEGAL_DATA_VALUE);
	address = number(x, 1);
	quantity = number(x, 3);
	if (quantity == 0 || quantity > 125)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (address + quantity > MODEL_ADDRESSES)
		return refuse(x, ILLEGAL_DATA_ADDRESS);
	return answer_registers(x, address, quantity);
}

/* 05: function, address, 0x0000 or 0xFF00. */
static size_t
write_single_coil(const struct exchange *x)
{
	uint32_t value;

	if (x->length != 5)
		return refuse(x, ILLEGAL_DATA_VALUE);
	value = number(x, 3);
	if (value != 0 && value != 0xFF00)
		return refuse(x, ILLEGAL_DATA_VALUE);
	set_coil(x->model, number(x, 1), value != 0);
	return echo(x, 5);
}

/* 06: function, address, value. */
static size_t
write_single_register(const struct exchange *x)
{
	if (x->length != 5)
		return refuse(x, ILLEGAL_DATA_VALUE);
	x->model->registers[number(x, 1)] = (uint16_t)number(x, 3);
	return echo(x, 5);
}

/* 08: function, sub-function, data; Return Query Data only. */
static size_t
diagnostics(const struct exchange *x)
{
	if (x->length < 3)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (number(x, 1) != 0)
		return refuse(x, ILLEGAL_FUNCTION);
	return echo(x, x->length);
}

/* 15: function, address, quantity, byte count, coils. */
static size_t
write_coils(const struct exchange *x)
{
	uint32_t address;
	uint32_t quantity;

	if (x->length < 6)
		return refuse(x, ILLEGAL_DATA_VALUE);
	address = number(x, 1);
	quantity = number(x, 3);
	if (quantity == 0 || quantity > 1968)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (x->pdu[5] != bytes_for_coils(quantity) ||
	    x->length != 6 + bytes_for_coils(quantity))
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (address + quantity > MODEL_ADDRESSES)
		return refuse(x, ILLEGAL_DATA_ADDRESS);

	for (uint32_t i = 0; i < quantity; i++)
		set_coil(x->model, address + i,
		    (unsigned)x->pdu[6 + i / 8] >> i % 8 & 1);
	return echo(x, 5);
}

static void
store_registers(
    const struct exchange *x, uint32_t address, uint32_t quantity, size_t at)
{
	for (uint32_t i = 0; i < quantity; i++)
		x->model->registers[address + i] =
		    (uint16_t)number(x, at + i * 2);
}

/* 16: function, address, quantity, byte count, registers. */
static size_t
write_registers(const struct exchange *x)
{
	uint32_t address;
	uint32_t quantity;

	if (x->length < 6)
		return refuse(x, ILLEGAL_DATA_VALUE);
	address = number(x, 1);
	quantity = number(x, 3);
	if (quantity == 0 || quantity > 123)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (x->pdu[5] != quantity * 2 || x->length != 6 + quantity * 2)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (address + quantity > MODEL_ADDRESSES)
		return refuse(x, ILLEGAL_DATA_ADDRESS);

	store_registers(x, address, quantity, 6);
	return echo(x, 5);
}

/* 17: function alone. */
static size_t
server_id(const struct exchange *x)
{
	static const char name[] = "M\xFF"
				   "MBAsyncServer ";
	size_t length = strlen(name), size = strlen(x->model->revision);

	if (x->length != 1)
		return refuse(x, ILLEGAL_DATA_VALUE);
	x->response[0] = 17;
	x->response[1] = (uint8_t)(length + size);
	memcpy(x->response + 2, name, length);
	memcpy(x->response + 2 + length, x->model->revision, size);
	return 2 + length + size;
}

/* 22: function, address, and mask, or mask. A bit of the register stays where
 * the and mask has it, and comes from the or mask elsewhere. */
static size_t
mask_write(const struct exchange *x)
{
	uint16_t *word;
	uint32_t result = 0;

	if (x->length != 7)
		return refuse(x, ILLEGAL_DATA_VALUE);
	word = &x->model->registers[number(x, 1)];
	for (uint32_t bit = 1; bit < 65536; bit *= 2) {
		uint32_t from = number(x, 3) & bit ? *word : number(x, 5);

		if (from & bit)
			result += bit;
	}
	*word = (uint16_t)result;
	return echo(x, 7);
}

/* 23: function, read address, read quantity, write address, write quantity,
 * byte count, registers. */
static size_t
read_write(const struct exchange *x)
{
	uint32_t from;
	uint32_t wanted;
	uint32_t to;
	uint32_t given;

	if (x->length < 10)
		return refuse(x, ILLEGAL_DATA_VALUE);
	from = number(x, 1);
	wanted = number(x, 3);
	to = number(x, 5);
	given = number(x, 7);
	if (wanted == 0 || wanted > 125 || given == 0 || given > 121)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (x->pdu[9] != given * 2 || x->length != 10 + given * 2)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (from + wanted > MODEL_ADDRESSES || to + given > MODEL_ADDRESSES)
		return refuse(x, ILLEGAL_DATA_ADDRESS);

	store_registers(x, to, given, 10);
	return answer_registers(x, from, wanted);
}

static const char *
object_text(const struct model *m, unsigned object)
{
	switch (object) {
	case 0:
		return "MBLogic";
	case 1:
		return "MBAsyncServer";
	case 2:
		return m->revision;
	case 3:
		return "http://mblogic.sourceforge.net";
	case 4:
		return "MBAsyncServer Modbus/TCP server";
	default:
		return NULL;
	}
}

static size_t
answer_objects(const struct exchange *x, unsigned first, unsigned last)
{
	const uint8_t head[] = { 43, 14, x->pdu[2], 0x82, 0, 0,
		(uint8_t)(last - first + 1) };
	size_t length = sizeof(head);

	memcpy(x->response, head, sizeof(head));
	for (unsigned object = first; object <= last; object++) {
		const char *text = object_text(x->model, object);
		size_t size = strlen(text);

		x->response[length] = (uint8_t)object;
		x->response[length + 1] = (uint8_t)size;
		memcpy(x->response + length + 2, text, size);
		length += 2 + size;
	}
	return length;
}

/* 43: function, MEI type, read device id code, object id. */
static size_t
identification(const struct exchange *x)
{
	unsigned last;

	if (x->length < 2)
		return refuse(x, ILLEGAL_DATA_VALUE);
	if (x->pdu[1] != 14)
		return refuse(x, ILLEGAL_FUNCTION);
	if (x->length != 4)
		return refuse(x, ILLEGAL_DATA_VALUE);
	switch (x->pdu[2]) {
	case 1: /* basic */
		last = 2;
		break;
	case 2: /* regular */
	case 3: /* extended: as much as there is */
		last = 4;
		break;
	case 4: /* one object */
		if (object_text(x->model, x->pdu[3]) == NULL)
			return refuse(x, ILLEGAL_DATA_ADDRESS);
		return answer_objects(x, x->pdu[3], x->pdu[3]);
	default:
		return refuse(x, ILLEGAL_DATA_VALUE);
	}
	return answer_objects(x, x->pdu[3] <= last ? x->pdu[3] : 0, last);
}

size_t
model_respond(
    struct model *m, const uint8_t *pdu, size_t length, uint8_t *response)
{
	const struct exchange x = { m, pdu, length, response };

	switch (pdu[0]) {
	case 1:
	case 2:
		return read_coils(&x);
	case 3:
	case 4:
		return read_registers(&x);
	case 5:
		return write_single_coil(&x);
	case 6:
		return write_single_register(&x);
	case 8:
		return diagnostics(&x);
	case 15:
		return write_coils(&x);
	case 16:
		return write_registers(&x);
	case 17:
		return server_id(&x);
	case 22:
		return mask_write(&x);
	case 23:
		return read_write(&x);
	case 43:
		return identification(&x);
	default:
		return refuse(&x, ILLEGAL_FUNCTION);
	}
}
