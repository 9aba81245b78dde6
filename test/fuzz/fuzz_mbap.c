/*
 * Frames out of evbuffers, however the stream is cut.
 *
 * Input: a byte n, whose top bit makes each piece a chain of its own, then
 * n % 128 sizes of pieces, used in turn, then the stream.
 *
 * Holds: whatever the pieces, the frames and the result after each piece are
 * those that the flat bytes say; nothing but a whole frame is ever consumed;
 * and each frame's header, put together again, is the one that came.
 */
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* A stream on its way through a buffer. */
struct stream {
	const uint8_t *bytes;
	size_t arrived; /* of them, in the buffer or taken from it */
	size_t taken;
	struct evbuffer *in;
};

static void
check_frame(const struct mbap_frame *frame, const uint8_t *adu, size_t whole)
{
	uint8_t header[MB_MBAP_LENGTH];

	must(mbap_transaction(frame) == adu[0] * 256U + adu[1]);
	must(mbap_unit(frame) == adu[6]);
	must(frame->length == whole);
	must(memcmp(frame->adu, adu, whole) == 0);
	must(mbap_put(header, frame, mbap_pdu_length(frame)) == whole);
	must(memcmp(header, adu, sizeof(header)) == 0);
}

/* What is in the buffer is what has arrived and was not taken. */
static void
check_rest(const struct stream *s)
{
	uint8_t front[2 * MB_ADU_MAX];
	size_t left = s->arrived - s->taken;

	must(evbuffer_get_length(s->in) == left);
	if (left > sizeof(front))
		left = sizeof(front);
	must(evbuffer_copyout(s->in, front, left) == (ev_ssize_t)left);
	must(memcmp(front, s->bytes + s->taken, left) == 0);
}

/* Take every frame there is. Returns why it ended. */
static enum mbap_result
take_all(struct stream *s)
{
	struct mbap_frame frame, flat;
	uint8_t adu[MB_ADU_MAX];

	for (;;) {
		const uint8_t *p = s->bytes + s->taken;
		size_t left = s->arrived - s->taken;
		size_t whole = 0;
		enum mbap_result expected = reference_frame(p, left, &whole);
		enum mbap_result got = mbap_take(s->in, adu, &frame);

		must(mbap_parse(p, left, &flat) == got);
		must(got != MBAP_READY || flat.adu == p);

		if (expected == MBAP_READY && got == MBAP_READY) {
			check_frame(&frame, p, whole);
			s->taken += whole;
			check_rest(s);
			continue;
		}
		check_rest(s);
		must(got == expected);
		return got;
	}
}

/* Add bytes, by reference as a chain of their own, or where there is room. */
static void
arrive(struct stream *s, size_t size, bool own_chain)
{
	const uint8_t *bytes = s->bytes + s->arrived;

	must((own_chain ?
		     evbuffer_add_reference(s->in, bytes, size, NULL, NULL) :
		     evbuffer_add(s->in, bytes, size)) == 0);
	s->arrived += size;
}

static void
try_cut(const uint8_t *bytes, size_t size, const uint8_t *sizes, size_t n,
    bool own_chains)
{
	struct stream s = { .bytes = bytes, .in = evbuffer_new() };

	must(s.in != NULL);
	for (size_t i = 0; s.arrived < size; i++) {
		size_t piece = n > 0 && sizes[i % n] > 0 ? sizes[i % n] : 1;

		if (piece > size - s.arrived)
			piece = size - s.arrived;
		arrive(&s, piece, own_chains);
		/* Some pieces come together. */
		if (n > 0 && sizes[i % n] % 4 == 3 && s.arrived < size)
			continue;
		take_all(&s);
	}
	evbuffer_free(s.in);
}

static void
try_whole(const uint8_t *bytes, size_t size)
{
	struct stream s = { .bytes = bytes, .in = evbuffer_new() };

	must(s.in != NULL);
	arrive(&s, size, false);
	take_all(&s);
	evbuffer_free(s.in);
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
	struct input in = { data, size };
	uint8_t first = input_byte(&in);
	size_t n = first % 128U;
	const uint8_t *sizes = input_take(&in, &n);

	try_whole(in.next, in.left);
	try_cut(in.next, in.left, sizes, n, first >= 128);
	return 0;
}
