#include "service/writing.h"

#include <stdlib.h>

#include "base/identity.h"
#include "modbus/encode.h"
#include "service/service.h"

/* MB_MAX_WRITE_COILS is a multiple of it: each request begins at a word. */
#define COILS_PER_WORD 16

/* One block from malloc, with the PDUs and their bytes behind it. */
struct submission {
	struct order_write write;
	const struct service *service; /* borrowed */
	writing_settled_fn settled;
	struct order_pdu pdus[];
};

/* The items that a request of a writing has room for. */
static uint32_t
most_in_a_request(const struct writing *w)
{
	if (w->masks != NULL)
		return 1;
	return w->kind == DATATABLE_COILS ? MB_MAX_WRITE_COILS :
					    MB_MAX_WRITE_REGISTERS;
}

static size_t
count_requests(const struct writing *w)
{
	uint32_t most = most_in_a_request(w);

	return (w->quantity + most - 1) / most;
}

/* The most bytes that the requests of a writing take. */
static size_t
request_bytes(const struct writing *w)
{
	return count_requests(w) *
	    (w->masks != NULL ? MB_MASK_WRITE_LENGTH : MB_PDU_MAX);
}

static size_t
encode_part(
    const struct writing *w, uint32_t done, uint32_t quantity, uint8_t *pdu)
{
	static const uint16_t zeros[MB_MAX_WRITE_REGISTERS];
	uint16_t address = (uint16_t)(w->address + done);
	const uint16_t *words = zeros;

	if (w->words != NULL)
		words = w->words +
		    done / (w->kind == DATATABLE_COILS ? COILS_PER_WORD : 1);
	if (w->masks != NULL)
		return mb_encode_mask_write(
		    address, w->masks[done], *words, pdu);
	return mb_encode_write(
	    w->kind, address, (uint16_t)quantity, words, pdu);
}

/* Add the requests for a writing. Returns where further bytes go. */
static uint8_t *
add_requests(const struct writing *w, struct order_pdu *pdus, size_t *count,
    uint8_t *bytes)
{
	uint32_t most = most_in_a_request(w);

	for (uint32_t done = 0; done < w->quantity; done += most) {
		uint32_t left = w->quantity - done;
		struct order_pdu *pdu = &pdus[(*count)++];

		pdu->bytes = bytes;
		pdu->length =
		    encode_part(w, done, left < most ? left : most, bytes);
		bytes += pdu->length;
	}
	return bytes;
}

/* A block that begins with size bytes, for the caller, then has *count PDUs,
 * and their bytes behind them. NULL when there is no memory. */
static void *
encode_behind(size_t size, const struct writing *writings, size_t writing_count,
    size_t *count)
{
	size_t requests = 0, room = 0;
	struct order_pdu *pdus;
	uint8_t *block, *bytes;

	for (size_t i = 0; i < writing_count; i++) {
		requests += count_requests(&writings[i]);
		room += request_bytes(&writings[i]);
	}
	block = malloc(size + requests * sizeof(struct order_pdu) + room);
	if (block == NULL)
		return NULL;
	pdus = (void *)(block + size);
	bytes = (uint8_t *)(pdus + requests);
	*count = 0;
	for (size_t i = 0; i < writing_count; i++)
		bytes = add_requests(&writings[i], pdus, count, bytes);
	return block;
}

struct writing_requests *
writing_encode(const struct writing *writings, size_t count)
{
	size_t requests;
	struct writing_requests *made =
	    encode_behind(sizeof(*made), writings, count, &requests);

	if (made != NULL)
		made->count = requests;
	return made;
}

static struct submission *
make_submission(const struct writing *writings, size_t count)
{
	size_t requests;
	struct submission *s =
	    encode_behind(sizeof(*s), writings, count, &requests);

	if (s != NULL)
		s->write =
		    (struct order_write){ .pdus = s->pdus, .count = requests };
	return s;
}

/* Ask the policy, up to the first request that it refuses. What the program
 * itself writes is not asked about. */
static void
judge(const struct service *s, const struct order_write *write,
    struct writing_result *result)
{
	bool asked = !address_is_internal(&write->client.address);
	struct judged_request judged;

	result->exception = MB_EX_NONE;
	for (size_t i = 0; asked && i < write->count; i++) {
		service_judge(s, &write->client, write->unit,
		    write->pdus[i].bytes, write->pdus[i].length, &judged);
		if (judged.exception == MB_EX_NONE)
			continue;
		result->exception = judged.exception;
		result->refused = judged.request.write;
		result->refused_kind = judged.request.kind;
		return;
	}
}

static void
submission_settled(
    struct order_write *write, enum order_outcome outcome, bool more)
{
	const struct submission *s = (void *)write;

	(void)more;
	if (outcome == ORDER_EXECUTE)
		order_execute(write, s->service->table);
	s->settled(write->owner, outcome);
}

/* Execute it, or submit it. Returns whether the order has taken it. */
static bool
execute_or_submit(struct submission *s, struct writing_result *result)
{
	struct order_write *write = &s->write;

	if (s->service->order == NULL) {
		order_execute(write, s->service->table);
		return false;
	}
	if (write->count == 0)
		return false;
	if (order_submit(s->service->order, write) == 0) {
		result->waits = write;
		return true;
	}
	result->exception = MB_EX_SERVER_DEVICE_FAILURE;
	return false;
}

struct writing_result
writing_submit(const struct service *s, const struct client *who,
    const struct writing *writings, size_t count, writing_settled_fn settled,
    void *owner)
{
	struct writing_result result = {
		.exception = MB_EX_SERVER_DEVICE_FAILURE,
	};
	struct submission *made = make_submission(writings, count);

	if (made == NULL)
		return result;
	made->write.client = *who;
	identity_hold(who->identity);
	made->write.unit = WRITING_UNIT;
	made->write.unrecorded = address_is_simulation(&who->address);
	made->write.settled = submission_settled;
	made->write.owner = owner;
	made->service = s;
	made->settled = settled;
	judge(s, &made->write, &result);
	if (result.exception == MB_EX_NONE && execute_or_submit(made, &result))
		return result;
	identity_release(made->write.client.identity);
	free(made);
	return result;
}
