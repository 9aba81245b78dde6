/*
 * Decode and execute, against the model.
 *
 * Input: one byte, whose bit 0 chooses the overlaid table, then requests: a
 * byte for the length of the PDU, and the PDU. The last may be cut short.
 *
 * Holds: every PDU has a response of 2 to 253 bytes, the model's; observers
 * are told of exactly the writes that were done, with what was before and
 * after; the recorder has each as it was, and packets of it; and the tables
 * are the same in the end.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/client.h"
#include "fuzz.h"
#include "modbus/execute.h"
#include "modbus/request.h"
#include "model.h"
#include "report/asked.h"
#include "report/pcapng.h"
#include "report/recorder.h"
#include "table/datatable.h"
#include "version.h"
#include "wire.h"

static struct model model;
static struct datatable *table;
static struct recorder *recorder;
static struct pcapng *capture;
static const struct client client = { .id = 1 };

/* The last write that the observer was told of. */
static struct {
	bool told;
	enum datatable_kind kind;
	unsigned address;
	unsigned quantity;
	uint16_t after[DATATABLE_WRITE_MAX];
} told;

/* Item i of what a change or a read says: a coil of packed words, or a word. */
static unsigned
item(enum datatable_kind kind, const uint16_t *words, unsigned i)
{
	return kind == DATATABLE_COILS ?
	    (unsigned)words[i / 16] >> i % 16 & 1U :
	    words[i];
}

static unsigned
model_item(enum datatable_kind kind, unsigned address)
{
	return kind == DATATABLE_COILS ? model_coil(&model, address) :
					 model_register(&model, address);
}

/* Comes while the model has not been asked yet, and so is as it was before. */
static void
note_change(void *arg, const struct datatable_change *change)
{
	(void)arg;
	must(!told.told);
	told.told = true;
	told.kind = change->kind;
	told.address = change->address;
	told.quantity = change->quantity;
	must(change->quantity >= 1 && change->quantity <= DATATABLE_WRITE_MAX);
	must(change->address + change->quantity <= MODEL_ADDRESSES);
	for (unsigned i = 0; i < change->quantity; i++)
		must(item(change->kind, change->before, i) ==
		    model_item(change->kind, change->address + i));
	memcpy(told.after, change->after,
	    sizeof(*told.after) *
		(change->kind == DATATABLE_COILS ?
			DATATABLE_PACKED_WORDS(change->quantity) :
			change->quantity));
}

static void
check_told_after(void)
{
	for (unsigned i = 0; i < told.quantity; i++)
		must(item(told.kind, told.after, i) ==
		    model_item(told.kind, told.address + i));
}

static void
check_decoded(const struct mb_request *r, const uint8_t *pdu, size_t length)
{
	must(r->function == pdu[0]);
	must(r->read.address + r->read.quantity <= MB_ADDRESSES);
	must(r->write.address + r->write.quantity <= MB_ADDRESSES);
	if (r->data != NULL)
		must(r->data > pdu && r->data + r->data_length <= pdu + length);
}

static size_t
respond(const uint8_t *pdu, size_t length, uint8_t *response)
{
	const struct datatable_writer writer = { &client, 1, pdu[0] };
	struct mb_request r;
	enum mb_exception e = mb_request_decode(pdu, length, &r);

	told.told = false;
	if (e != MB_EX_NONE)
		return mb_put_exception(pdu[0], e, response);
	check_decoded(&r, pdu, length);
	length = mb_execute(&r, table, &writer, response);
	must(told.told == mb_request_writes(&r));
	return length;
}

static void
record(const uint8_t *pdu, size_t length, const uint8_t *response, size_t got)
{
	struct tap tap = recorder_tap(recorder);
	uint8_t adu[MB_ADU_MAX];
	const struct mbap_frame frame = { adu, wire_header(adu, 1, 1, length),
		0 };
	struct mb_request r;
	enum mb_exception e = mb_request_decode(
	    memcpy(adu + MB_MBAP_LENGTH, pdu, length), length, &r);

	tap.exchanged(tap.arg,
	    &(struct exchange){ &client, &frame, e == MB_EX_NONE ? &r : NULL, e,
		response, got });
}

/* What was recorded last is this, and can be shown. */
static void
check_recorded(
    const uint8_t *pdu, size_t length, const uint8_t *response, size_t got)
{
	struct recorder_cursor c = { .id = 0 };
	uint8_t packets[PCAPNG_BYTES_MAX];
	uint16_t words[ASKED_WORDS_MAX];
	char reason[ASKED_REASON_MAX];
	struct recorded q;
	struct asked a;

	must(recorder_previous(recorder, &c));
	q = recorder_read(recorder, &c);
	must(mbap_pdu_length(&q.frame) == length);
	must(memcmp(mbap_pdu(&q.frame), pdu, length) == 0);
	must(q.response_length == got);
	must(memcmp(q.response, response, got) == 0);
	must((q.before != NULL) == told.told);
	for (unsigned i = 0; told.told && i < told.quantity; i++)
		must(item(told.kind, q.after, i) ==
		    item(told.kind, told.after, i));
	a = asked_decode(&q);
	must(a.decoded == (q.exception == MB_EX_NONE));
	asked_reason(&a, &q, NULL, NULL, false, reason);
	must((reason[0] == '\0') == a.decoded);
	must(asked_values(&a, &q, words) == (a.decoded && a.reads));
	must(pcapng_add(capture, &q, packets) != 0);
}

/* The blocks have exactly the sizes that are promised. */
static void
try_pdu(const uint8_t *bytes, size_t length)
{
	uint8_t *pdu = fuzz_copy(bytes, length);
	uint8_t *response = malloc(MB_PDU_MAX);
	uint8_t expected[MODEL_PDU_MAX];
	size_t got, want;

	must(response != NULL);
	got = respond(pdu, length, response);
	want = model_respond(&model, pdu, length, expected);
	must(got >= MB_EXCEPTION_SIZE && got <= MB_PDU_MAX);
	must(got == want && memcmp(response, expected, got) == 0);
	if (told.told)
		check_told_after();
	record(pdu, length, response, got);
	check_recorded(pdu, length, response, got);
	free(response);
	free(pdu);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct datatable_observer observer = { .changed = note_change };
	struct input in = { data, size };
	bool overlaid = input_byte(&in) & 1;
	bool wrote = false;

	model_init(&model, overlaid, VERSION);
	table =
	    datatable_new(overlaid ? DATATABLE_OVERLAID : DATATABLE_SEPARATE);
	must(table != NULL);
	datatable_observe(table, &observer);
	recorder = recorder_new(table, RECORDER_BYTES_MIN);
	capture = pcapng_new();
	must(recorder != NULL && capture != NULL);
	while (in.left > 1) {
		size_t length = 1U + input_byte(&in) % MB_PDU_MAX;
		const uint8_t *pdu = input_take(&in, &length);

		try_pdu(pdu, length);
		wrote |= told.told;
	}
	if (wrote)
		check_tables(table, &model);
	pcapng_free(capture);
	recorder_free(recorder);
	datatable_free(table);
	return 0;
}
