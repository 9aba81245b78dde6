#include "rtu/transport.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/client.h"
#include "suite.h"

#define READ_10     "\x01\x03\x00\x00\x00\x0A\xC5\xCD"
#define READ_10_ADU "\x00\x00\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0A"
#define SECOND_ADU  "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0A"
#define REPLY_ADU   "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x0A"
#define REPLY       "\x01\x03\x02\x00\x0A\x38\x43"
#define UNKNOWN     "\x01\x41\xC0\x10"
#define MBAP        "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0A"

static struct rtu_source *source;
static struct transport *t;
static int ends[2]; /* ours, the client's */
static uint8_t out[TRANSPORT_RECORD_MAX];
static size_t got;

/* Steady time stands still, but for what a test adds. */
static unsigned passed; /* ms */

int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, now);
	*now = (struct timespec){ .tv_sec = 100 + passed / 1000,
		.tv_nsec = passed % 1000 * 1000000L };
	return 0;
}

static void
setup(void)
{
	const struct client who = { .id = 1, .way = CLIENT_RTU };

	passed = 0;
	source = rtu_source_new();
	ck_assert_ptr_nonnull(source);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	t = rtu_begin(source, ends[0], &who);
	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(source->connections, 1);
	ck_assert_int_eq(t->methods->shake_hands(t), TRANSPORT_DONE);
	ck_assert(t->methods->is_still_good(t));
	ck_assert_ptr_null(t->methods->version(t));
}

static void
teardown(void)
{
	t->methods->free(t);
	ck_assert_uint_eq(source->connections, 0);
	rtu_source_free(source);
	close(ends[0]);
	close(ends[1]);
}

static void
put(const void *bytes, size_t length)
{
	ck_assert_int_eq(
	    send(ends[1], bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

#define PUT(text) put(text, sizeof(text) - 1)

static enum transport_step
take(void)
{
	enum transport_step step = t->methods->read(t, out, sizeof(out), &got);

	ck_assert(!t->methods->has_kept(t));
	return step;
}

#define assert_taken(text)                                                     \
	do {                                                                   \
		ck_assert_int_eq(take(), TRANSPORT_DONE);                      \
		ck_assert_uint_eq(got, sizeof(text) - 1);                      \
		ck_assert_mem_eq(out, text, sizeof(text) - 1);                 \
	} while (0)

static void
assert_nothing_taken(void)
{
	ck_assert_int_eq(take(), TRANSPORT_WANTS_READ);
	ck_assert_uint_eq(got, 0);
}

START_TEST(reads_requests_as_adus)
{
	assert_nothing_taken();
	PUT(READ_10);
	assert_taken(READ_10_ADU);
	PUT(READ_10);
	assert_taken(SECOND_ADU);
	ck_assert_uint_eq(source->requests, 2);
}
END_TEST

START_TEST(reads_a_frame_byte_by_byte)
{
	for (size_t i = 0; i < sizeof(READ_10) - 2; i++) {
		put(&READ_10[i], 1);
		assert_nothing_taken();
		passed += RTU_SILENCE_MS;
	}
	put(&READ_10[sizeof(READ_10) - 2], 1);
	assert_taken(READ_10_ADU);
}
END_TEST

START_TEST(reads_frames_that_arrive_together)
{
	PUT(READ_10 READ_10 "\x01\x03");
	assert_taken(READ_10_ADU SECOND_ADU);
	PUT("\x00\x00\x00\x0A\xC5\xCD");
	ck_assert_int_eq(take(), TRANSPORT_DONE);
	ck_assert_uint_eq(got, 12);
	ck_assert_uint_eq(source->requests, 3);
}
END_TEST

START_TEST(a_read_of_the_shortest_frames_fits)
{
	uint8_t all[RTU_RECEIVE_MAX + 8];

	PUT("\x01\x41\xC0");
	assert_nothing_taken();
	all[0] = 0x10;
	for (size_t i = 1; i + 4 <= sizeof(all); i += 4)
		memcpy(all + i, UNKNOWN, 4);
	put(all, sizeof(all));
	ck_assert_int_eq(take(), TRANSPORT_DONE);
	ck_assert_uint_eq(got, (1 + RTU_RECEIVE_MAX / 4 - 1) * 8);
}
END_TEST

START_TEST(reads_an_unknown_function)
{
	PUT(UNKNOWN);
	assert_taken("\x00\x00\x00\x00\x00\x02\x01\x41");
}
END_TEST

/* Its CRC fits before its last byte, which is 0. */
#define ENDS_IN_0     "\x01\x64\x01\xCB\x00"
#define ENDS_IN_0_ADU "\x00\x00\x00\x00\x00\x02\x01\x64"

START_TEST(the_last_byte_of_a_crc_may_be_0)
{
	PUT(ENDS_IN_0 READ_10);
	assert_taken(ENDS_IN_0_ADU SECOND_ADU);
	ck_assert_uint_eq(source->crc_errors, 0);
}
END_TEST

START_TEST(the_last_byte_of_a_crc_may_come_late)
{
	put(ENDS_IN_0, sizeof(ENDS_IN_0) - 2);
	assert_taken(ENDS_IN_0_ADU);
	PUT("\0");
	assert_nothing_taken();
	PUT(READ_10);
	assert_taken(SECOND_ADU);
	ck_assert_uint_eq(source->crc_errors, 0);
}
END_TEST

START_TEST(a_wrong_crc_drops_what_has_arrived)
{
	PUT("\x01\x03\x00\x00\x00\x0A\xC5\xCE" READ_10);
	assert_nothing_taken();
	ck_assert_uint_eq(source->crc_errors, 1);
	PUT(READ_10);
	assert_taken(READ_10_ADU);
}
END_TEST

START_TEST(a_wrong_crc_keeps_the_frames_before_it)
{
	PUT(READ_10 "\x01\x03\x00\x00\x00\x0A\xC5\xCE");
	assert_taken(READ_10_ADU);
	ck_assert_uint_eq(source->crc_errors, 1);
}
END_TEST

START_TEST(silence_ends_a_frame)
{
	PUT("\x01\x03\x00");
	assert_nothing_taken();
	passed += RTU_SILENCE_MS + 1;
	PUT(READ_10);
	assert_taken(READ_10_ADU);
	ck_assert_uint_eq(source->incomplete, 1);
	ck_assert_uint_eq(source->crc_errors, 0);
}
END_TEST

START_TEST(less_silence_ends_a_frame_of_unknown_length)
{
	PUT("\x01\x41\xC0\x00");
	assert_nothing_taken();
	passed += RTU_SILENCE_OPEN_MS + 1;
	PUT(READ_10);
	assert_taken(READ_10_ADU);
	ck_assert_uint_eq(source->incomplete, 1);
}
END_TEST

START_TEST(frames_of_modbus_tcp_are_no_requests)
{
	PUT(MBAP);
	assert_nothing_taken();
	ck_assert_uint_eq(source->crc_errors, 1);
	ck_assert_uint_eq(source->mbap_limit.written, 1);
	ck_assert_uint_eq(source->dropped_limit.written, 0);
}
END_TEST

START_TEST(tells_the_end)
{
	PUT("\x01\x03\x00");
	shutdown(ends[1], SHUT_WR);
	assert_nothing_taken();
	ck_assert_int_eq(take(), TRANSPORT_EOF);
	ck_assert_uint_eq(source->incomplete, 1);
	ck_assert_int_eq(t->methods->shut(t), TRANSPORT_DONE);
}
END_TEST

START_TEST(writes_replies_as_frames)
{
	static const char replies[] = REPLY_ADU REPLY_ADU;
	char frames[64];

	/* As a record may end: within an ADU. */
	ck_assert_int_eq(t->methods->write(t, replies, 14), TRANSPORT_DONE);
	ck_assert_int_eq(
	    t->methods->write(t, replies + 14, sizeof(replies) - 1 - 14),
	    TRANSPORT_DONE);
	ck_assert_int_eq(recv(ends[1], frames, sizeof(frames), 0), 14);
	ck_assert_mem_eq(frames, REPLY REPLY, 14);
}
END_TEST

/* Write all, as a pump does, and read now and then. Returns the number of bytes
 * that arrived, which are compared with REPLY. */
static size_t
write_until_done(const void *bytes, size_t length)
{
	enum transport_step step = TRANSPORT_WANTS_WRITE;
	size_t total = 0, waits = 0;

	while (step == TRANSPORT_WANTS_WRITE) {
		char some[1000];
		ssize_t n;

		step = t->methods->write(t, bytes, length);
		waits += step == TRANSPORT_WANTS_WRITE;
		while ((n = recv(ends[1], some, sizeof(some), 0)) > 0)
			for (ssize_t i = 0; i < n; i++, total++)
				ck_assert_int_eq(some[i], REPLY[total % 7]);
	}
	ck_assert_int_eq(step, TRANSPORT_DONE);
	ck_assert_uint_ge(waits, 1);
	return total;
}

START_TEST(writes_the_rest_when_the_socket_has_room)
{
	enum {
		REPLIES = 1400
	};
	static char replies[REPLIES * 11];
	int least = 1;

	for (size_t i = 0; i < REPLIES; i++)
		memcpy(replies + i * 11, REPLY_ADU, 11);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	ck_assert_uint_eq(
	    write_until_done(replies, sizeof(replies)), REPLIES * 7);
}
END_TEST

/* While replies wait, the connection may have stopped reading: the silence was
 * not the client's. */
/* For whatever reason: replies that are not read, or writes that are not safe
 * yet. */
START_TEST(a_pause_is_no_silence)
{
	PUT("\x01\x03\x00\x00");
	assert_nothing_taken();
	t->methods->pause(t);
	passed += RTU_SILENCE_MS + 1;
	PUT("\x00\x0A\xC5\xCD");
	assert_taken(READ_10_ADU);
	PUT("\x01\x03\x00\x00");
	assert_nothing_taken();
	passed += RTU_SILENCE_MS + 1;
	PUT(READ_10);
	assert_taken(SECOND_ADU);
}
END_TEST

START_TEST(a_lost_connection_fails)
{
	close(ends[1]);
	ends[1] = -1;
	ck_assert_int_eq(t->methods->write(t, REPLY_ADU, 11), TRANSPORT_FAILED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rtu_transport");
	TCase *tc = tcase_create("rtu_transport");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_requests_as_adus);
	tcase_add_test(tc, reads_a_frame_byte_by_byte);
	tcase_add_test(tc, reads_frames_that_arrive_together);
	tcase_add_test(tc, a_read_of_the_shortest_frames_fits);
	tcase_add_test(tc, reads_an_unknown_function);
	tcase_add_test(tc, the_last_byte_of_a_crc_may_be_0);
	tcase_add_test(tc, the_last_byte_of_a_crc_may_come_late);
	tcase_add_test(tc, a_wrong_crc_drops_what_has_arrived);
	tcase_add_test(tc, a_wrong_crc_keeps_the_frames_before_it);
	tcase_add_test(tc, silence_ends_a_frame);
	tcase_add_test(tc, less_silence_ends_a_frame_of_unknown_length);
	tcase_add_test(tc, frames_of_modbus_tcp_are_no_requests);
	tcase_add_test(tc, tells_the_end);
	tcase_add_test(tc, writes_replies_as_frames);
	tcase_add_test(tc, writes_the_rest_when_the_socket_has_room);
	tcase_add_test(tc, a_pause_is_no_silence);
	tcase_add_test(tc, a_lost_connection_fails);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
