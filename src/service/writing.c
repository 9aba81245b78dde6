#include "service/writing.h"

#include <stdbool.h>

#include "modbus/encode.h"
#include "modbus/execute.h"
#include "service/gate.h"
#include "service/policy.h"
#include "table/datatable.h"

/* The most coils of a request are whole words of the packed ones. */
#define COILS_A_WORD 16

struct part {
	struct mb_request request;
	uint8_t pdu[MB_PDU_MAX];
};

/* The request for what comes behind the first `done` items. Returns how many
 * it writes; 0 is the end. */
static uint32_t
make_part(struct part *part, const struct writing *w, uint32_t done)
{
	static const uint16_t zeros[MB_MAX_WRITE_REGISTERS];
	bool coils = w->kind == DATATABLE_COILS;
	uint32_t most = coils ? MB_MAX_WRITE_COILS : MB_MAX_WRITE_REGISTERS;
	uint32_t n = w->quantity - done < most ? w->quantity - done : most;
	const uint16_t *words = zeros;

	if (n == 0)
		return 0;
	if (w->words != NULL)
		words = w->words + done / (coils ? COILS_A_WORD : 1);
	mb_request_decode(part->pdu,
	    mb_encode_write(w->kind, (uint16_t)(w->address + done), (uint16_t)n,
		words, part->pdu),
	    &part->request);
	return n;
}

static enum mb_exception
check_one(const struct writing *w, const struct policy *policy,
    const struct client *who, struct mb_range *refused)
{
	struct part part;
	uint32_t n;

	for (uint32_t done = 0; (n = make_part(&part, w, done)) != 0;
	     done += n) {
		enum mb_exception no = policy_may_request(
		    policy, who, WRITING_UNIT, &part.request);

		if (no != MB_EX_NONE) {
			*refused = part.request.write;
			return no;
		}
	}
	return MB_EX_NONE;
}

enum mb_exception
writing_check(const struct writing *writings, size_t count,
    const struct policy *policy, const struct client *who,
    struct mb_range *refused)
{
	enum mb_exception no = MB_EX_NONE;

	for (size_t i = 0; i < count && no == MB_EX_NONE; i++)
		no = check_one(&writings[i], policy, who, refused);
	return no;
}

static void
execute_one(
    const struct writing *w, struct datatable *table, const struct client *who)
{
	uint8_t response[MB_PDU_MAX];
	struct part part;
	uint32_t n;

	for (uint32_t done = 0; (n = make_part(&part, w, done)) != 0; done += n)
		mb_execute(&part.request, table,
		    &(struct datatable_writer){
			who, WRITING_UNIT, part.request.function },
		    response);
}

uint64_t
writing_execute(const struct writing *writings, size_t count,
    struct datatable *table, struct gate *gate, const struct client *who)
{
	for (size_t i = 0; i < count; i++)
		execute_one(&writings[i], table, who);
	return gate_hold(gate);
}
