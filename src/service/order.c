#include "service/order.h"

#include <stdlib.h>

#include "base/identity.h"
#include "modbus/execute.h"
#include "modbus/request.h"
#include "service/counters.h"
#include "service/service.h"
#include "table/datatable.h"

void
order_execute(const struct order_write *write, struct datatable *table)
{
	uint8_t response[MB_PDU_MAX];
	struct mb_request request;

	for (size_t i = 0; i < write->count; i++) {
		mb_request_decode(
		    write->pdus[i].bytes, write->pdus[i].length, &request);
		mb_execute(&request, table,
		    &(struct datatable_writer){
			&write->client, write->unit, request.function },
		    response);
	}
}

/* Settle a write whose owner has gone: no reply is made, and no tap called. */
static void
settle_without_owner(const struct service *s, const struct order_write *write,
    enum order_outcome outcome)
{
	enum mb_exception exception =
	    outcome == ORDER_EXECUTE ? MB_EX_NONE : MB_EX_SERVER_DEVICE_FAILURE;

	if (outcome == ORDER_UNKNOWN)
		return;
	if (outcome == ORDER_EXECUTE)
		order_execute(write, s->table);
	if (write->request_length != 0)
		counters_add_request(s->counters, write->pdus[0].bytes[0],
		    exception, write->request_length);
}

void
order_settle(const struct order *order, struct order_writes *writes,
    enum order_outcome outcome)
{
	struct order_write *write;

	while ((write = TAILQ_FIRST(writes)) != NULL) {
		const struct order_write *next = TAILQ_NEXT(write, link);

		TAILQ_REMOVE_HEAD(writes, link);
		if (write->owner != NULL)
			write->settled(write, outcome,
			    next != NULL && next->owner == write->owner);
		else if (order->service != NULL)
			settle_without_owner(order->service, write, outcome);
		identity_release(write->client.identity);
		free(write);
	}
}
