#include "modbus/mbap.h"

#include <event2/buffer.h>
#include <string.h>

#include "suite.h"
#include "wire.h"

static struct evbuffer *in;
static uint8_t taken[MB_ADU_MAX]; /* the frame that was taken last */

static void
setup(void)
{
	in = evbuffer_new();
}

static void
teardown(void)
{
	evbuffer_free(in);
}

/* Read Holding Registers 0x006B, 3. */
static const uint8_t read_request[] = { 0x12, 0x34, 0, 0, 0, 6, 0x11, 3, 0,
	0x6B, 0, 3 };

/* Add the bytes in one piece. */
static void
add(const uint8_t *bytes, size_t length)
{
	ck_assert_int_eq(evbuffer_add(in, bytes, length), 0);
}

/* Add each byte in a chain of its own, so that no two are contiguous. */
static void
add_scattered(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		ck_assert_int_eq(
		    evbuffer_add_reference(in, bytes + i, 1, NULL, NULL), 0);
}

/* mbap_take gives result, not a frame, and leaves what is there as it is. */
static void
assert_left_alone(enum mbap_result result)
{
	struct mbap_frame frame;
	uint8_t before[2 * MB_ADU_MAX];
	uint8_t after[2 * MB_ADU_MAX];
	size_t length = evbuffer_get_length(in);

	ck_assert_uint_le(length, sizeof(before));
	evbuffer_copyout(in, before, length);
	ck_assert_int_eq(mbap_take(in, taken, &frame), result);
	ck_assert_uint_eq(evbuffer_get_length(in), length);
	evbuffer_copyout(in, after, length);
	ck_assert_mem_eq(before, after, length);
}

/* mbap_take gives the frame that adu is. */
static void
assert_taken(const uint8_t *adu, size_t length)
{
	struct mbap_frame frame;
	size_t rest = evbuffer_get_length(in) - length;

	memset(&frame, 0xAA, sizeof(frame));
	ck_assert_int_eq(mbap_take(in, taken, &frame), MBAP_READY);
	ck_assert_uint_eq(frame.length, length);
	ck_assert_mem_eq(frame.adu, adu, length);
	ck_assert_uint_eq(
	    mbap_transaction(&frame), (unsigned)(adu[0] << 8 | adu[1]));
	ck_assert_uint_eq(mbap_unit(&frame), adu[6]);
	ck_assert_uint_eq(mbap_pdu_length(&frame), length - 7);
	ck_assert_ptr_eq(mbap_pdu(&frame), frame.adu + 7);
	ck_assert_uint_eq(evbuffer_get_length(in), rest);
}

/* A whole ADU whose PDU has pdu_length bytes, all different from the next's. */
static size_t
build_adu(uint8_t *adu, uint16_t transaction, size_t pdu_length)
{
	for (size_t i = 0; i < pdu_length; i++)
		adu[MB_MBAP_LENGTH + i] = (uint8_t)(transaction + i);
	return wire_header(adu, transaction, (uint8_t)~transaction, pdu_length);
}

START_TEST(empty_buffer_is_partial)
{
	assert_left_alone(MBAP_PARTIAL);
}
END_TEST

START_TEST(takes_a_whole_frame)
{
	add(read_request, sizeof(read_request));
	assert_taken(read_request, sizeof(read_request));
	assert_left_alone(MBAP_PARTIAL);
}
END_TEST

START_TEST(every_prefix_of_a_frame_is_partial_and_stays)
{
	for (size_t i = 0; i < sizeof(read_request); i++) {
		assert_left_alone(MBAP_PARTIAL);
		add(read_request + i, 1);
	}
	assert_taken(read_request, sizeof(read_request));
}
END_TEST

START_TEST(every_prefix_of_the_longest_frame_is_partial_and_stays)
{
	uint8_t adu[MB_ADU_MAX];

	ck_assert_uint_eq(build_adu(adu, 0x0102, MB_PDU_MAX), 260);
	for (size_t i = 0; i < sizeof(adu); i++) {
		assert_left_alone(MBAP_PARTIAL);
		add_scattered(adu + i, 1);
	}
	assert_taken(adu, sizeof(adu));
	ck_assert_uint_eq(evbuffer_get_length(in), 0);
}
END_TEST

START_TEST(bytes_need_not_be_contiguous)
{
	add_scattered(read_request, sizeof(read_request));
	assert_taken(read_request, sizeof(read_request));
}
END_TEST

START_TEST(takes_one_frame_at_a_time_in_order)
{
	uint8_t adu[5][MB_ADU_MAX];
	static const size_t pdu_lengths[] = { 5, 1, 253, 12, 2 };

	for (uint16_t i = 0; i < 5; i++)
		add(adu[i], build_adu(adu[i], i, pdu_lengths[i]));
	for (uint16_t i = 0; i < 5; i++)
		assert_taken(adu[i], MB_MBAP_LENGTH + pdu_lengths[i]);
	assert_left_alone(MBAP_PARTIAL);
}
END_TEST

START_TEST(takes_scattered_frames_in_order_and_leaves_the_partial_one)
{
	uint8_t adu[3][MB_ADU_MAX];
	static const size_t pdu_lengths[] = { 253, 5, 7 };

	for (uint16_t i = 0; i < 3; i++)
		add_scattered(adu[i], build_adu(adu[i], i, pdu_lengths[i]));
	add(read_request, sizeof(read_request) - 1);
	for (uint16_t i = 0; i < 3; i++)
		assert_taken(adu[i], MB_MBAP_LENGTH + pdu_lengths[i]);
	assert_left_alone(MBAP_PARTIAL);
	add(read_request + sizeof(read_request) - 1, 1);
	assert_taken(read_request, sizeof(read_request));
}
END_TEST

START_TEST(takes_a_frame_that_spans_two_buffers_handed_over)
{
	struct evbuffer *second = evbuffer_new();

	add(read_request, 5);
	evbuffer_add(second, read_request + 5, sizeof(read_request) - 5);
	evbuffer_add(second, read_request, sizeof(read_request));
	assert_left_alone(MBAP_PARTIAL);
	ck_assert_int_eq(evbuffer_add_buffer(in, second), 0);
	assert_taken(read_request, sizeof(read_request));
	assert_taken(read_request, sizeof(read_request));
	ck_assert_uint_eq(evbuffer_get_length(in), 0);
	evbuffer_free(second);
}
END_TEST

START_TEST(a_bad_header_behind_a_frame_is_seen_after_it)
{
	add(read_request, sizeof(read_request));
	add((const uint8_t[]){ 0, 0, 1 }, 3);
	assert_taken(read_request, sizeof(read_request));
	assert_left_alone(MBAP_BAD_PROTOCOL);
}
END_TEST

/* A header with this length, and what it is once six bytes are there. */
static const struct {
	uint16_t length;
	enum mbap_result result;
} lengths[] = {
	{ 0, MBAP_BAD_LENGTH },
	{ 1, MBAP_BAD_LENGTH },
	{ 2, MBAP_PARTIAL },
	{ 254, MBAP_PARTIAL },
	{ 255, MBAP_BAD_LENGTH },
	{ 256, MBAP_BAD_LENGTH },
	{ 258, MBAP_BAD_LENGTH }, /* its low byte alone would do */
	{ 0x0600, MBAP_BAD_LENGTH },
	{ 0x8000, MBAP_BAD_LENGTH },
	{ 0xFF06, MBAP_BAD_LENGTH },
	{ 65535, MBAP_BAD_LENGTH },
};

START_TEST(length_is_judged_once_it_is_there)
{
	uint8_t adu[MB_ADU_MAX] = { 0 };

	adu[4] = (uint8_t)(lengths[_i].length >> 8);
	adu[5] = (uint8_t)lengths[_i].length;
	add(adu, 4);
	assert_left_alone(MBAP_PARTIAL);
	add(adu + 4, 2);
	assert_left_alone(lengths[_i].result);
	add(adu + 6, 1);
	assert_left_alone(lengths[_i].result);
	add(adu + 7, sizeof(adu) - 7);
	if (lengths[_i].result == MBAP_PARTIAL)
		assert_taken(adu, 6U + lengths[_i].length);
	else
		assert_left_alone(lengths[_i].result);
}
END_TEST

START_TEST(length_above_255_is_seen_in_its_first_byte)
{
	static const uint8_t header[] = { 0, 1, 0, 0, 1 };

	add(header, 4);
	assert_left_alone(MBAP_PARTIAL);
	add(header + 4, 1);
	assert_left_alone(MBAP_BAD_LENGTH);
}
END_TEST

START_TEST(shortest_frame_is_one_byte_of_pdu)
{
	static const uint8_t adu[] = { 0, 1, 0, 0, 0, 2, 0xFF, 0x11 };

	add_scattered(adu, sizeof(adu));
	assert_taken(adu, sizeof(adu));
}
END_TEST

/* A header spoilt by value in byte at is partial until that byte arrives. */
static void
assert_spoilt(size_t at, uint8_t value)
{
	uint8_t adu[] = { 0xFF, 1, 0, 0, 0, 2, 1, 7 };

	adu[at] = value;
	add(adu, at);
	assert_left_alone(MBAP_PARTIAL);
	for (size_t i = at; i < sizeof(adu); i++) {
		add_scattered(adu + i, 1);
		assert_left_alone(MBAP_BAD_PROTOCOL);
	}
	evbuffer_drain(in, sizeof(adu));
}

START_TEST(bad_protocol_is_reported_when_its_byte_arrives)
{
	for (unsigned value = 1; value <= 0xFF; value++) {
		assert_spoilt(2, (uint8_t)value);
		assert_spoilt(3, (uint8_t)value);
	}
}
END_TEST

START_TEST(bad_protocol_byte_is_not_seen_before_it_arrives)
{
	static const uint8_t spoilt[] = { 0xFF, 0xFF, 0, 0xFF };

	for (size_t i = 0; i < 3; i++) {
		add(spoilt + i, 1);
		assert_left_alone(MBAP_PARTIAL);
	}
	add(spoilt + 3, 1);
	assert_left_alone(MBAP_BAD_PROTOCOL);
}
END_TEST

/* The header's bytes that are not there yet may hold anything, such as those
 * of the header that was judged just before. */
START_TEST(a_short_header_is_not_judged_by_the_one_before_it)
{
	static const uint8_t spoilt[] = { 0, 1, 0, 0xFF, 0xFF, 0xFF, 1 };
	struct evbuffer *before = evbuffer_new();
	struct mbap_frame frame;
	enum mbap_result first;
	enum mbap_result second;

	ck_assert_int_eq(evbuffer_add(before, spoilt, sizeof(spoilt)), 0);
	add(read_request, 3);
	first = mbap_take(before, taken, &frame);
	second = mbap_take(in, taken, &frame);
	ck_assert_int_eq(first, MBAP_BAD_PROTOCOL);
	ck_assert_int_eq(second, MBAP_PARTIAL);
	add(read_request + 3, 2);
	first = mbap_take(before, taken, &frame);
	second = mbap_take(in, taken, &frame);
	ck_assert_int_eq(first, MBAP_BAD_PROTOCOL);
	ck_assert_int_eq(second, MBAP_PARTIAL);
	evbuffer_free(before);
}
END_TEST

START_TEST(bad_protocol_goes_before_bad_length)
{
	static const uint8_t high[] = { 0, 1, 1, 0, 0, 0, 1, 7 };
	static const uint8_t low[] = { 0, 1, 0, 1, 0xFF, 0xFF, 1, 7 };

	add(high, sizeof(high));
	assert_left_alone(MBAP_BAD_PROTOCOL);
	evbuffer_drain(in, sizeof(high));
	add_scattered(low, sizeof(low));
	assert_left_alone(MBAP_BAD_PROTOCOL);
}
END_TEST

START_TEST(put_writes_the_header_of_the_reply_and_nothing_else)
{
	static const uint8_t request[] = { 0xAB, 0xCD, 0, 0, 0, 2, 0x7F, 7 };
	static const uint8_t expected[] = { 0xAB, 0xCD, 0, 0, 0, 0xFE, 0x7F,
		0xAA };
	const struct mbap_frame frame = { request, sizeof(request), 0 };
	uint8_t adu[MB_MBAP_LENGTH + 1];

	memset(adu, 0xAA, sizeof(adu));
	ck_assert_uint_eq(mbap_put(adu, &frame, 253), 260);
	ck_assert_mem_eq(adu, expected, sizeof(expected));
}
END_TEST

START_TEST(resize_corrects_the_length_and_nothing_else)
{
	uint8_t adu[MB_MBAP_LENGTH + 1];
	static const uint8_t expected[] = { 0xAB, 0xCD, 0, 0, 0, 3, 0x7F,
		0xAA };

	memset(adu, 0xAA, sizeof(adu));
	wire_header(adu, 0xABCD, 0x7F, 253);
	ck_assert_uint_eq(mbap_resize(adu, 2), 9);
	ck_assert_mem_eq(adu, expected, sizeof(expected));
}
END_TEST

START_TEST(what_was_put_is_taken_for_every_length)
{
	uint8_t adu[MB_ADU_MAX];

	for (uint16_t i = MB_PDU_MIN; i <= MB_PDU_MAX; i++) {
		size_t length = build_adu(adu, (uint16_t)(i * 257), i);

		ck_assert_uint_eq(length, MB_MBAP_LENGTH + (size_t)i);
		add(adu, length);
		assert_taken(adu, length);
	}
}
END_TEST

START_TEST(what_was_resized_is_taken_for_every_length)
{
	uint8_t adu[MB_ADU_MAX];

	build_adu(adu, 0xFFFF, MB_PDU_MAX);
	for (size_t i = MB_PDU_MIN; i <= MB_PDU_MAX; i++) {
		add(adu, mbap_resize(adu, i));
		assert_taken(adu, MB_MBAP_LENGTH + i);
	}
}
END_TEST

static TCase *
taking(void)
{
	TCase *tc = tcase_create("taking");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, empty_buffer_is_partial);
	tcase_add_test(tc, takes_a_whole_frame);
	tcase_add_test(tc, every_prefix_of_a_frame_is_partial_and_stays);
	tcase_add_test(
	    tc, every_prefix_of_the_longest_frame_is_partial_and_stays);
	tcase_add_test(tc, bytes_need_not_be_contiguous);
	tcase_add_test(tc, takes_one_frame_at_a_time_in_order);
	tcase_add_test(
	    tc, takes_scattered_frames_in_order_and_leaves_the_partial_one);
	tcase_add_test(tc, takes_a_frame_that_spans_two_buffers_handed_over);
	tcase_add_test(tc, a_bad_header_behind_a_frame_is_seen_after_it);
	tcase_add_loop_test(tc, length_is_judged_once_it_is_there, 0,
	    (int)(sizeof(lengths) / sizeof(lengths[0])));
	tcase_add_test(tc, length_above_255_is_seen_in_its_first_byte);
	tcase_add_test(tc, shortest_frame_is_one_byte_of_pdu);
	tcase_add_test(tc, bad_protocol_is_reported_when_its_byte_arrives);
	tcase_add_test(tc, bad_protocol_byte_is_not_seen_before_it_arrives);
	tcase_add_test(tc, a_short_header_is_not_judged_by_the_one_before_it);
	tcase_add_test(tc, bad_protocol_goes_before_bad_length);
	return tc;
}

static TCase *
putting(void)
{
	TCase *tc = tcase_create("putting");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, put_writes_the_header_of_the_reply_and_nothing_else);
	tcase_add_test(tc, resize_corrects_the_length_and_nothing_else);
	tcase_add_test(tc, what_was_put_is_taken_for_every_length);
	tcase_add_test(tc, what_was_resized_is_taken_for_every_length);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("mbap");

	suite_add_tcase(suite, taking());
	suite_add_tcase(suite, putting());
	return suite_run(suite);
}
