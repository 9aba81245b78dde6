#include "api/write_body.h"

#include <stdio.h>
#include <string.h>

#include "api/context.h"
#include "table/values.h"

#define COILS_A_WORD 16

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

int
write_body_read_registers(
    const struct api *api, json_t *body, struct write_body *w)
{
	static const char *const names[] = { "address", "values", "type",
		"order" };
	json_t *members[4];
	size_t address, type, order;
	long quantity;

	(void)api;
	if (body_members(body, names, 4, members, w->error) != 0 ||
	    body_number(members[0], "address", MB_ADDRESSES - 1, 0, &address,
		w->error) != 0 ||
	    body_choice(members[2], "type", value_type_names, VALUE_TYPES,
		VALUE_UINT16, &type, w->error) != 0 ||
	    body_choice(members[3], "order", value_order_names, VALUE_ORDERS,
		VALUE_ABCD, &order, w->error) != 0)
		return -1;
	quantity = body_values(members[1], "values", (enum value_type)type,
	    (enum value_order)order, w->registers, MB_ADDRESSES - address,
	    w->error);
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
	size_t address;
	long quantity;

	(void)api;
	if (body_members(body, names, 2, members, w->error) != 0 ||
	    body_number(members[0], "address", MB_ADDRESSES - 1, 0, &address,
		w->error) != 0)
		return -1;
	quantity = body_coils(
	    members[1], "values", w->coils, MB_ADDRESSES - address, w->error);
	if (quantity < 0)
		return -1;
	add_writing(w, DATATABLE_COILS, address, quantity);
	return 0;
}

static int
fail(struct write_body *w, const char *why)
{
	snprintf(w->error, sizeof(w->error), "%s", why);
	return -1;
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
	n = body_values(values, "registers", VALUE_UINT16, VALUE_ABCD,
	    w->registers, MB_ADDRESSES - address, w->error);
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
	n = body_values(values, "coils", VALUE_UINT16, VALUE_ABCD, w->coils,
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
	size_t address;

	if (body_members(body, names, 5, members, w->error) != 0 ||
	    body_number(members[0], "address", MB_ADDRESSES - 1, 0, &address,
		w->error) != 0)
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
