#include "api/write_body.h"

#include <stdio.h>
#include <string.h>

#include "api/context.h"
#include "table/values.h"

#define COILS_A_WORD 16

static const struct value_form word = { .type = VALUE_UINT16 };

static void
add_writing(struct write_body *w, enum datatable_kind kind, size_t address,
    long quantity)
{
	w->writings[w->count++] = (struct writing){
		.kind = kind,
		.address = (uint32_t)address,
		.quantity = (uint32_t)quantity,
		.words = kind == DATATABLE_COILS ? w->coils : w->registers,
	};
}

static int
fail(struct write_body *w, const char *why)
{
	snprintf(w->error, sizeof(w->error), "%s", why);
	return -1;
}

/* Read the value of a bit of a register, which is written by a mask. */
static int
read_bit(struct write_body *w, const json_t *values, size_t address, int bit)
{
	if (json_array_size(values) > 1)
		return fail(w, "values: expected one value, of the bit");
	if (body_coils(values, "values", w->coils, 1, w->error) < 0)
		return -1;
	w->bit = bit;
	w->mask = (uint16_t)(1 << bit);
	w->registers[0] = (uint16_t)(w->coils[0] << bit);
	add_writing(w, DATATABLE_REGISTERS, address, 1);
	w->writings[0].masks = &w->mask;
	return 0;
}

int
write_body_read_registers(
    const struct api *api, json_t *body, struct write_body *w)
{
	static const char *const names[] = { "address", "values", "type",
		"order" };
	json_t *members[4];
	struct value_form form;
	uint16_t address;
	long quantity;
	int bit;

	(void)api;
	if (body_members(body, names, 4, members, w->error) != 0 ||
	    body_register_or_bit(
		members[0], "address", &address, &bit, w->note, w->error) != 0)
		return -1;
	if (bit >= 0 && (members[2] != NULL || members[3] != NULL))
		return fail(w, "a bit has no type and no order");
	if (bit >= 0)
		return read_bit(w, members[1], address, bit);
	if (body_form(members[2], members[3], &form, w->error) != 0)
		return -1;
	quantity = body_values(members[1], "values", &form, w->registers,
	    (size_t)MB_ADDRESSES - address, w->error);
	if (quantity < 0)
		return -1;
	add_writing(w, DATATABLE_REGISTERS, address, quantity);
	return 0;
}

int
write_body_read_coils(const struct api *api, json_t *body, struct write_body *w)
{
	static const char *const names[] = { "address", "values" };
	json_t *members[2];
	uint16_t address;
	long quantity;

	(void)api;
	if (body_members(body, names, 2, members, w->error) != 0 ||
	    body_address(members[0], "address", DATATABLE_COILS, &address,
		w->note, w->error) != 0)
		return -1;
	quantity = body_coils(members[1], "values", w->coils,
	    (size_t)MB_ADDRESSES - address, w->error);
	if (quantity < 0)
		return -1;
	add_writing(w, DATATABLE_COILS, address, quantity);
	return 0;
}

/* Whether the registers and the coils of a dump agree where they overlay one
 * another. */
static bool
is_consistent(const struct write_body *w)
{
	size_t words = w->writings[0].quantity;

	if (w->count < 2)
		return true;
	if (words > w->writings[1].quantity / COILS_A_WORD)
		words = w->writings[1].quantity / COILS_A_WORD;
	return memcmp(w->registers, w->coils, words * sizeof(uint16_t)) == 0;
}

static int
read_registers_part(struct write_body *w, const json_t *values, size_t address)
{
	long n;

	if (values == NULL)
		return 0;
	n = body_values(values, "registers", &word, w->registers,
	    MB_ADDRESSES - address, w->error);
	if (n < 0)
		return -1;
	add_writing(w, DATATABLE_REGISTERS, address, n);
	return 0;
}

static int
read_coils_part(struct write_body *w, const json_t *values, size_t address)
{
	long n;

	if (values == NULL)
		return 0;
	if (address % COILS_A_WORD != 0)
		return fail(w, "address: expected a multiple of 16 for coils");
	n = body_values(values, "coils", &word, w->coils,
	    MB_ADDRESSES / COILS_A_WORD - address / COILS_A_WORD, w->error);
	if (n < 0)
		return -1;
	add_writing(w, DATATABLE_COILS, address, n * COILS_A_WORD);
	return 0;
}

int
write_body_read_dump(const struct api *api, json_t *body, struct write_body *w)
{
	static const char *const names[] = { "address", "registers", "coils",
		"mode", "seq" };
	json_t *members[5];
	uint16_t address = 0;

	if (body_members(body, names, 5, members, w->error) != 0)
		return -1;
	if (members[0] != NULL &&
	    body_address(members[0], "address",
		members[1] == NULL && members[2] != NULL ? DATATABLE_COILS :
							   DATATABLE_REGISTERS,
		&address, w->note, w->error) != 0)
		return -1;
	if (members[3] != NULL &&
	    (!json_is_string(members[3]) ||
		strcmp(json_string_value(members[3]), api_mode(api)) != 0))
		return fail(w, "mode: not the mode of this server");
	if (members[0] != NULL && members[1] != NULL && members[2] != NULL)
		return fail(w,
		    "address: expected either registers or coils "
		    "with it");
	if (read_registers_part(w, members[1], address) != 0 ||
	    read_coils_part(w, members[2], address) != 0)
		return -1;
	if (w->count == 0)
		return fail(w, "expected registers, coils, or both");
	if (api->config.overlay == DATATABLE_OVERLAID && !is_consistent(w))
		return fail(w,
		    "coils: not the same as registers 0 to 4095, "
		    "which they overlay");
	return 0;
}
