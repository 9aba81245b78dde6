/*
 * The recorder while memory is short: each allocation fails once, and then
 * there is no recorder, or no capture, and nothing left behind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "inject.h"
#include "modbus/modbus.h"
#include "report/pcapng.h"
#include "report/recorder.h"
#include "rig.h"
#include "table/datatable.h"

#define CLIENTS 1000

/* Fails at the n-th allocation. Returns whether there was one. */
static bool
record_at(struct datatable *table, uint64_t n)
{
	static const uint16_t value = 1;
	static const struct client client = { .id = 1 };
	const struct datatable_writer writer = { &client, 1, 6 };
	struct recorder *r;

	inject_nth(INJECT_OWN_MEMORY, n);
	r = recorder_new(table, RECORDER_BYTES_MIN);
	inject_arm(false);
	must((r == NULL) == (inject_failed() != 0));
	recorder_free(r);
	/* Nobody observes it any more. */
	datatable_write_registers(table, &writer, 0, 1, &value);
	return inject_failed() != 0;
}

/* The same for a capture of many connections. */
static bool
capture_at(uint64_t n)
{
	static const uint8_t adu[MB_ADU_MAX] = { [5] = 6, [7] = 3 };
	struct recorded q = {
		.frame = { adu, 12, 0 },
		.response = adu + MB_MBAP_LENGTH,
		.response_length = 4,
	};
	uint8_t out[PCAPNG_BYTES_MAX];
	struct pcapng *p;
	unsigned i = 0;

	inject_nth(INJECT_OWN_MEMORY, n);
	p = pcapng_new();
	while (p != NULL && i < CLIENTS && pcapng_add(p, &q, out) != 0)
		q.client.id = ++i;
	inject_arm(false);
	must((i == CLIENTS) == (inject_failed() == 0));
	pcapng_free(p);
	return inject_failed() != 0;
}

int
main(void)
{
	struct datatable *table;
	uint64_t n = 1, used = 1;
	size_t live;

	inject_install();
	table = datatable_new(DATATABLE_SEPARATE);
	must(table != NULL);
	live = inject_live_own();
	while (record_at(table, n))
		n++;
	while (capture_at(used))
		used++;
	must(inject_live_own() == live);
	datatable_free(table);
	printf("%d and %d allocations failed\n", (int)n - 1, (int)used - 1);
	return n == 3 && used > 5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
