#include "shared/replica.h"

#include "modbus/execute.h"
#include "modbus/request.h"

void
replica_init(
    struct replica *r, struct datatable *table, enum datatable_overlay overlay)
{
	*r = (struct replica){ .table = table, .overlay = overlay };
}

/* What an entry that is understood does to all but the table. */
static enum replica_taken
apply(struct replica *r, uint64_t number, const struct entry *e)
{
	r->since_snapshot++;
	switch (e->kind) {
	case ENTRY_HELLO:
		sessions_open(&r->sessions, e->session, e->closes, number);
		return REPLICA_HELLO;
	case ENTRY_WRITE:
		return sessions_speak(&r->sessions, e->session, number) ?
		    REPLICA_WRITE :
		    REPLICA_LATE;
	case ENTRY_SNAPSHOT:
		r->since_snapshot = 0;
		break;
	case ENTRY_BEGIN:
		break;
	}
	return REPLICA_OTHER;
}

enum replica_taken
replica_take(
    struct replica *r, const struct engine_entry *from, struct entry *e)
{
	if (from->number != r->number + 1)
		return REPLICA_GAP;
	if (entry_parse(from, e) != 0 ||
	    (e->kind == ENTRY_BEGIN) != (from->number == 1))
		return REPLICA_NOT_UNDERSTOOD;
	if (e->kind == ENTRY_BEGIN && e->overlay != r->overlay)
		return REPLICA_OTHER_MODE;
	r->number = from->number;
	r->fingerprint = entry_fingerprint(from);
	return apply(r, from->number, e);
}

void
replica_execute(
    struct replica *r, const struct entry *e, const struct client *who)
{
	struct client client = *who;
	uint8_t response[MB_PDU_MAX];
	struct mb_request request;

	client.address = e->address;
	for (size_t i = 0; i < e->pdu_count; i++) {
		struct order_pdu pdu = entry_pdu(e, i);

		mb_request_decode(pdu.bytes, pdu.length, &request);
		mb_execute(&request, r->table,
		    &(struct datatable_writer){
			&client, e->unit, request.function },
		    response);
	}
}

bool
replica_is_at(const struct replica *r, const struct engine_entry *entry)
{
	return r->number != 0 && entry->number == r->number &&
	    entry_fingerprint(entry) == r->fingerprint;
}
