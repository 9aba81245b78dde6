/*
 * RTU frames over a socket.
 *
 * Input: a byte that chooses pieces, then what a client sends.
 *
 * Holds: what the transport reads are whole ADUs, with transaction identifiers
 * that count up; each is a part of the input with a CRC that fits behind it;
 * and in pieces of any size the same is read as in one, unless bytes were
 * dropped. As replies these ADUs become the same frames again, in pieces, too.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/client.h"
#include "base/log.h"
#include "fuzz.h"
#include "modbus/mbap.h"
#include "rtu/transport.h"

#define INPUT_MAX 4000

/* What one reading gave. */
struct reading {
	uint8_t adus[4 * INPUT_MAX];
	size_t length;
	uint64_t dropped;
};

static struct reading whole, pieces;

/* The frames of the ADUs that were read are parts of the input, in order. */
static void
check_frames(const struct reading *r, const uint8_t *input, size_t size)
{
	struct rtu_reply reply = { 0 };
	const uint8_t *adus = r->adus;
	size_t left = r->length;
	struct mbap_frame frame;

	for (uint16_t count = 0; left != 0; count++) {
		uint8_t out[RTU_FRAME_MAX + RTU_FRAMES_GROW];
		const uint8_t *found;
		size_t n;

		must(mbap_parse(adus, left, &frame) == MBAP_READY);
		must(mbap_transaction(&frame) == count);
		n = rtu_from_adus(&reply, adus, 5, out);
		must(n == 0);
		n = rtu_from_adus(&reply, adus + 5, frame.length - 5, out);
		must(n == frame.length - RTU_ADU_GROWS);
		found = memmem(input, size, out, n);
		must(found != NULL);
		size -= (size_t)(found + n - input);
		input = found + n;
		adus += frame.length;
		left -= frame.length;
	}
}

static void
read_all(struct reading *r, const uint8_t *input, size_t size, size_t piece)
{
	const struct client who = { .id = 1, .way = CLIENT_RTU };
	struct rtu_source *source = rtu_source_new();
	struct transport *t;
	int ends[2];

	must(source != NULL);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	t = rtu_begin(source, ends[0], &who);
	must(t != NULL);
	r->length = 0;
	for (size_t at = 0; at < size; at += piece) {
		size_t some = size - at < piece ? size - at : piece;
		uint8_t out[TRANSPORT_RECORD_MAX];
		enum transport_step step;
		size_t got;

		must(send(ends[1], input + at, some, 0) == (ssize_t)some);
		step = t->methods->read(t, out, sizeof(out), &got);
		must(
		    step == (got == 0 ? TRANSPORT_WANTS_READ : TRANSPORT_DONE));
		must(r->length + got <= sizeof(r->adus));
		memcpy(r->adus + r->length, out, got);
		r->length += got;
	}
	r->dropped = source->crc_errors + source->incomplete;
	t->methods->free(t);
	rtu_source_free(source);
	close(ends[0]);
	close(ends[1]);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_level(LOG_ERROR);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX)
		return 0;
	read_all(&whole, data + 1, size - 1, size);
	read_all(&pieces, data + 1, size - 1, 1U + data[0]);
	check_frames(&whole, data + 1, size - 1);
	check_frames(&pieces, data + 1, size - 1);
	if (whole.dropped == 0 && pieces.dropped == 0)
		must(whole.length == pieces.length &&
		    memcmp(whole.adus, pieces.adus, whole.length) == 0);
	return 0;
}
