#include "one_table.h"

#include "suite.h"

struct datatable *table;
const struct client client = { .id = 7 };
const struct datatable_writer writer = { &client, 17, 16 };

void
start(int overlay)
{
	table = datatable_new((enum datatable_overlay)overlay);
	ck_assert_ptr_nonnull(table);
}

void
teardown(void)
{
	datatable_free(table);
	table = NULL;
}

void
set_register(unsigned address, uint16_t value)
{
	datatable_write_registers(table, &writer, (uint16_t)address, 1, &value);
}

uint16_t
get_register(unsigned address)
{
	uint16_t value;

	datatable_read_registers(table, (uint16_t)address, 1, &value);
	return value;
}

void
set_coil(unsigned address, uint16_t on)
{
	datatable_write_coils(table, &writer, (uint16_t)address, 1, &on);
}

uint16_t
get_coil(unsigned address)
{
	uint16_t packed;

	datatable_read_coils(table, (uint16_t)address, 1, &packed);
	return packed;
}
