#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/client.h"
#include "modbus/execute.h"
#include "modbus/request.h"
#include "suite.h"
#include "table/datatable.h"
#include "version.h"

#define REQUESTS         100000
#define REQUESTS_A_CHECK 1000 /* between two looks at the whole table */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t seed; /* printed; MODEL_SEED in the environment repeats it */
static uint64_t state;
static struct datatable *table;
static struct model model;

/* splitmix64 */
static uint64_t
next_random(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15U;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
	z = (z ^ z >> 27) * 0x94D049BB133111EBU;
	return z ^ z >> 31;
}

/* 0..limit - 1 */
static uint32_t
below(uint32_t limit)
{
	return (uint32_t)(next_random() % limit);
}

static bool
one_in(uint32_t chances)
{
	return below(chances) == 0;
}

/* A request PDU in the making. */
struct pdu {
	uint8_t bytes[MB_PDU_MAX];
	size_t length;
};

/* 1..most, and now and then just outside. */
static uint16_t
some_quantity(uint16_t most)
{
	static const uint16_t odd[] = { 7, 8, 9, 15, 16, 17, 31, 32, 33 };

	switch (below(16)) {
	case 0:
		return (uint16_t)(most + 1);
	case 1:
		return 0;
	case 2:
	case 3:
		return most;
	case 4:
	case 5:
	case 6:
		return (uint16_t)(most - below(20));
	case 7:
	case 8:
		return odd[below(LENGTH(odd))];
	case 9:
	case 10:
		return (uint16_t)(1 + below(most));
	default:
		return (uint16_t)(1 + below(20));
	}
}

/* Around both ends of the table and the edge of the overlay, or anywhere; now
 * and then one too far for the quantity. */
static uint16_t
some_address(uint16_t quantity)
{
	switch (below(8)) {
	case 0:
		return (uint16_t)(MB_ADDRESSES - quantity);
	case 1:
		return (uint16_t)(MB_ADDRESSES - quantity + one_in(4));
	case 2:
		return (uint16_t)(MB_ADDRESSES - quantity - below(40));
	case 3:
		return (uint16_t)(4096 - below(quantity + 20U));
	case 4:
		return (uint16_t)below(MB_ADDRESSES);
	default:
		return (uint16_t)below(40);
	}
}

static void
add8(struct pdu *p, unsigned value)
{
	if (p->length < sizeof(p->bytes))
		p->bytes[p->length++] = (uint8_t)value;
}

static void
add16(struct pdu *p, unsigned value)
{
	add8(p, value >> 8);
	add8(p, value & 0xFF);
}

static void
add_random(struct pdu *p, size_t bytes)
{
	while (bytes-- > 0)
		add8(p, (unsigned)next_random() & 0xFF);
}

/* Address and quantity; returns the quantity. */
static uint16_t
add_range(struct pdu *p, uint16_t most)
{
	uint16_t quantity = some_quantity(most);

	add16(p, some_address(quantity));
	add16(p, quantity);
	return quantity;
}

/* Byte count and values, as far as there is room. */
static void
add_values(struct pdu *p, unsigned bytes)
{
	add8(p, bytes & 0xFF);
	add_random(p, bytes);
}

static void
add_read_coils(struct pdu *p)
{
	add_range(p, MB_MAX_READ_COILS);
}

static void
add_read_registers(struct pdu *p)
{
	add_range(p, MB_MAX_READ_REGISTERS);
}

static void
add_single_coil(struct pdu *p)
{
	add16(p, some_address(1));
	add16(p, one_in(2) ? MB_COIL_ON : MB_COIL_OFF);
}

static void
add_single_register(struct pdu *p)
{
	add16(p, some_address(1));
	add_random(p, 2);
}

static void
add_diagnostics(struct pdu *p)
{
	add16(p, one_in(8));
	add_random(p, below(MB_PDU_MAX));
}

static void
add_write_coils(struct pdu *p)
{
	add_values(p, (add_range(p, MB_MAX_WRITE_COILS) + 7U) / 8);
}

static void
add_write_registers(struct pdu *p)
{
	add_values(p, 2U * add_range(p, MB_MAX_WRITE_REGISTERS));
}

static void
add_server_id(struct pdu *p)
{
	if (one_in(4))
		add_random(p, below(4));
}

static void
add_mask_write(struct pdu *p)
{
	add16(p, some_address(1));
	add_random(p, 4);
}

static void
add_read_write(struct pdu *p)
{
	add_range(p, MB_MAX_READ_WRITE_REGISTERS_READ);
	add_values(p, 2U * add_range(p, MB_MAX_READ_WRITE_REGISTERS_WRITE));
}

static void
add_identification(struct pdu *p)
{
	add8(p, one_in(8) ? below(256) : MB_MEI_READ_DEVICE_IDENTIFICATION);
	add8(p, below(6));
	add8(p, one_in(8) ? below(256) : below(7));
}

/* What follows the function code. */
static const struct {
	uint8_t function;
	void (*add)(struct pdu *p);
} functions[] = {
	{ MB_FC_READ_COILS, add_read_coils },
	{ MB_FC_READ_DISCRETE_INPUTS, add_read_coils },
	{ MB_FC_READ_HOLDING_REGISTERS, add_read_registers },
	{ MB_FC_READ_INPUT_REGISTERS, add_read_registers },
	{ MB_FC_WRITE_SINGLE_COIL, add_single_coil },
	{ MB_FC_WRITE_SINGLE_REGISTER, add_single_register },
	{ MB_FC_DIAGNOSTICS, add_diagnostics },
	{ MB_FC_WRITE_MULTIPLE_COILS, add_write_coils },
	{ MB_FC_WRITE_MULTIPLE_REGISTERS, add_write_registers },
	{ MB_FC_REPORT_SERVER_ID, add_server_id },
	{ MB_FC_MASK_WRITE_REGISTER, add_mask_write },
	{ MB_FC_READ_WRITE_MULTIPLE_REGISTERS, add_read_write },
	{ MB_FC_ENCAPSULATED_INTERFACE, add_identification },
};

/* Damage a PDU as a careless client would. */
static void
mutate(struct pdu *p)
{
	size_t at = below((uint32_t)p->length);

	switch (below(7)) {
	case 0:
		p->bytes[at] ^= (uint8_t)(1U << below(8));
		break;
	case 1:
		p->bytes[at] = (uint8_t)below(256);
		break;
	case 2:
		p->length = 1 + at;
		break;
	case 3:
		p->length -= p->length > 1;
		break;
	case 4:
		add_random(p, 1 + (one_in(4) ? below(MB_PDU_MAX) : 0));
		break;
	case 5: /* the byte count, most often */
		at = p->bytes[0] == MB_FC_READ_WRITE_MULTIPLE_REGISTERS ? 9 : 5;
		p->bytes[at] += (uint8_t)(one_in(2) ? 1 : 0xFF);
		break;
	default:
		p->bytes[0] |= MB_EXCEPTION_FLAG;
		break;
	}
}

/* Most are good or nearly so, a few are noise. */
static void
generate(struct pdu *p)
{
	uint32_t which = below(LENGTH(functions));

	p->length = 0;
	if (one_in(16)) {
		add_random(p, 1 + below(MB_PDU_MAX));
		return;
	}
	add8(p, functions[which].function);
	functions[which].add(p);
	while (one_in(4))
		mutate(p);
}

static bool
in_range(struct mb_range range)
{
	return (uint32_t)range.address + range.quantity <= MB_ADDRESSES;
}

/* What a decoded request promises to whoever judges it by its ranges. */
static bool
is_sound(const struct mb_request *r)
{
	return (r->kind == DATATABLE_COILS || r->kind == DATATABLE_REGISTERS) &&
	    in_range(r->read) && in_range(r->write) &&
	    r->read.quantity <= MB_MAX_READ_COILS &&
	    r->write.quantity <= MB_MAX_WRITE_COILS;
}

/* The server's answer. It sees a copy of the PDU that ends where the PDU
 * does, so that the sanitizer notices who reads on. */
static size_t
respond(const struct pdu *p, uint8_t *response)
{
	static const struct client client = { .id = 1 };
	const struct datatable_writer writer = { &client, 1, p->bytes[0] };
	uint8_t *copy = malloc(p->length);
	enum mb_exception e;
	struct mb_request r;
	size_t length;

	if (copy == NULL)
		ck_abort_msg("out of memory");
	memcpy(copy, p->bytes, p->length);
	e = mb_request_decode(copy, p->length, &r);
	if (e == MB_EX_NONE && !is_sound(&r))
		ck_abort_msg(
		    "seed %" PRIu64 ": function %u: ranges", seed, p->bytes[0]);
	length = e == MB_EX_NONE ? mb_execute(&r, table, &writer, response) :
				   mb_put_exception(p->bytes[0], e, response);
	free(copy);
	return length;
}

static void
compare_response(const struct pdu *p, int request)
{
	uint8_t ours[MB_PDU_MAX];
	uint8_t theirs[MODEL_PDU_MAX];
	size_t length = respond(p, ours);
	size_t expected = model_respond(&model, p->bytes, p->length, theirs);

	if (length != expected || memcmp(ours, theirs, length) != 0)
		ck_abort_msg("seed %" PRIu64
			     ", request %d: function %u, %zu bytes: answered "
			     "%02X %02X, %zu bytes; the model %02X %02X, %zu",
		    seed, request, p->bytes[0], p->length, ours[0], ours[1],
		    length, theirs[0], theirs[1], expected);
}

static void
compare_registers(int request)
{
	static uint16_t words[MB_ADDRESSES];

	datatable_read_registers(table, 0, 65535, words);
	datatable_read_registers(table, 65535, 1, words + 65535);
	for (uint32_t i = 0; i < MB_ADDRESSES; i++)
		if (words[i] != model_register(&model, i))
			ck_abort_msg("seed %" PRIu64 ", request %d: register "
				     "%" PRIu32 " is %04X; the model's %04X",
			    seed, request, i, words[i],
			    model_register(&model, i));
}

static void
compare_coils(int request)
{
	static uint16_t words[MB_ADDRESSES / 16 + 1];

	datatable_read_coils(table, 0, 65520, words);
	datatable_read_coils(table, 65520, 16, words + 65520 / 16);
	for (uint32_t i = 0; i < MB_ADDRESSES; i++)
		if (((unsigned)words[i / 16] >> i % 16 & 1) !=
		    model_coil(&model, i))
			ck_abort_msg("seed %" PRIu64
				     ", request %d: coil %" PRIu32,
			    seed, request, i);
}

/* The loop index is the overlay. */
START_TEST(answers_as_the_model_does)
{
	struct pdu pdu = { 0 };

	state = seed;
	table =
	    datatable_new(_i == 0 ? DATATABLE_SEPARATE : DATATABLE_OVERLAID);
	ck_assert_ptr_nonnull(table);
	model_init(&model, _i != 0, VERSION);
	for (int request = 1; request <= REQUESTS; request++) {
		generate(&pdu);
		compare_response(&pdu, request);
		if (request % REQUESTS_A_CHECK == 0) {
			compare_registers(request);
			compare_coils(request);
		}
	}
	datatable_free(table);
}
END_TEST

static uint64_t
choose_seed(void)
{
	const char *given = getenv("MODEL_SEED");

	if (given != NULL)
		return strtoull(given, NULL, 0);
	return (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
}

int
main(void)
{
	Suite *suite = suite_create("model");
	TCase *tc = tcase_create("model");

	seed = choose_seed();
	printf("MODEL_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	/* 100,000 requests take seconds where the machine is slow. */
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, answers_as_the_model_does, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
