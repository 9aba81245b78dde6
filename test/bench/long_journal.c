/*
 * Creates a state file with a long journal, by the code of the server, to
 * measure what the length costs.
 *
 *   long_journal FILE ROWS QUANTITY
 *
 * Each row is a write of so many registers, one a millisecond up to now, by 50
 * clients in turn.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/number.h"
#include "state/batch.h"
#include "state/store.h"
#include "table/datatable.h"

#define ROWS_A_COMMIT 5000
#define CLIENTS       50
#define QUANTITY_MAX  123

struct making {
	struct batch *batch;
	int64_t time;
};

static void
fail(const char *why)
{
	fprintf(stderr, "long_journal: %s\n", why);
	exit(EXIT_FAILURE);
}

static uint32_t
parse(const char *text, uint32_t max)
{
	uint64_t number;

	if (number_parse(text, 1, max, &number) != 0)
		fail("usage: long_journal FILE ROWS QUANTITY");
	return (uint32_t)number;
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct making *m = arg;

	if (batch_reserve(m->batch, 1, QUANTITY_MAX) != 0)
		fail("out of memory");
	batch_add(m->batch, change, m->time);
	m->time += 1000;
}

static void
write_one(struct datatable *t, uint32_t n, uint16_t quantity)
{
	struct client client = { .id = n % CLIENTS + 1 };
	const struct datatable_writer writer = { &client, 1, 16 };
	uint16_t words[QUANTITY_MAX];

	if (address_parse("192.0.2.1:50000", 0, &client.address) != 0)
		fail("address");
	for (uint16_t i = 0; i < quantity; i++)
		words[i] = (uint16_t)((n + i) * 2654435761U >> 13);
	datatable_write_registers(t, &writer,
	    (uint16_t)(n * 2654435761U % (65537U - quantity)), quantity, words);
}

static void
commit(struct store *s, struct batch *b)
{
	struct store_error why;

	if (store_commit(s, b, &why) != STORE_DONE ||
	    store_checkpoint(s, &why) != STORE_DONE)
		fail(why.text);
	batch_clear(b);
}

int
main(int argc, char **argv)
{
	struct making m = { .batch = batch_new() };
	struct datatable_observer observer = { .changed = changed, .arg = &m };
	struct datatable *t = datatable_new(DATATABLE_SEPARATE);
	uint32_t rows = parse(argc == 4 ? argv[2] : "", 100000000);
	uint16_t quantity = (uint16_t)parse(argv[3], QUANTITY_MAX);
	struct store_error why;
	struct store *s = NULL;

	if (m.batch == NULL || t == NULL)
		fail("out of memory");
	m.time = clock_realtime_us() - (int64_t)rows * 1000;
	datatable_observe(t, &observer);
	if (store_create(argv[1], DATATABLE_SEPARATE, &why) == 0)
		s = store_open(argv[1], STORE_WRITE, NULL, &why);
	if (s == NULL)
		fail(why.text);
	for (uint32_t n = 0; n < rows; n++) {
		write_one(t, n, quantity);
		if (n % ROWS_A_COMMIT == ROWS_A_COMMIT - 1 || n + 1 == rows)
			commit(s, m.batch);
	}
	if (store_close(s, &why) != 0)
		fail(why.text);
	batch_free(m.batch);
	datatable_free(t);
	return EXIT_SUCCESS;
}
