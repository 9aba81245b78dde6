#include "state/round.h"

#include "base/clock.h"
#include "modbus/modbus.h"
#include "state/batch.h"

int
round_begin(struct round *r)
{
	TAILQ_INIT(&r->writes);
	r->unchanged = 0;
	r->batch = batch_new();
	return r->batch == NULL ? -1 : 0;
}

void
round_end(struct round *r)
{
	batch_free(r->batch);
}

int
round_add_write(struct round *r, struct order_write *write)
{
	size_t rows = write->unrecorded ? 0 : write->count;

	if (batch_reserve(r->batch, rows, MB_MAX_WRITE_REGISTERS) != 0)
		return -1;
	TAILQ_INSERT_TAIL(&r->writes, write, link);
	return 0;
}

void
round_add_change(
    struct round *r, const struct datatable_change *change, bool recorded)
{
	if (recorded)
		batch_add(r->batch, change, clock_realtime_us());
	else
		r->unchanged++;
}

size_t
round_size(const struct round *r)
{
	return batch_size(r->batch) +
	    r->unchanged * (sizeof(struct order_write) + MB_PDU_MAX);
}

void
round_take_writes(struct round *r, struct order_writes *writes)
{
	TAILQ_CONCAT(writes, &r->writes, link);
	r->unchanged = 0;
}

void
round_settle(
    struct round *r, const struct order *order, enum order_outcome outcome)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	round_take_writes(r, &writes);
	batch_clear(r->batch);
	order_settle(order, &writes, outcome);
}
