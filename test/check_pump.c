#include "net/pump.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

#define PUMPS 2
#define TURNS 20

/* Each byte that is sent is a record. A read receives all that has arrived, and
 * gives one. */
struct records {
	struct transport transport;
	int fd;
	size_t kept;
	unsigned wants_write; /* so many reads */
	unsigned pauses;      /* it was told of */
};

/* What the owner of a pump does, and what has become of it. */
struct owner {
	struct pump *pump;     /* owned */
	struct evbuffer *out;  /* owned */
	struct records *bytes; /* the pump's */
	char name;
	int peer;         /* owned */
	int fd;           /* owned */
	size_t pauses_at; /* behind so many records; 0: never */
	size_t frees_at;  /* likewise */
	size_t read;
	bool ended;
};

static struct event_base *base;
static struct owner owners[PUMPS];
static char order[100]; /* whose record was read */

static enum transport_step
records_read(struct transport *t, void *out, size_t room, size_t *got)
{
	struct records *r = (void *)t;
	char bytes[100];
	ssize_t n;

	ck_assert_uint_ge(room, 1);
	*got = 0;
	if (r->wants_write > 0)
		return r->wants_write--, TRANSPORT_WANTS_WRITE;
	if (r->kept == 0) {
		n = recv(r->fd, bytes, sizeof(bytes), 0);
		if (n == 0)
			return TRANSPORT_EOF;
		if (n < 0)
			return TRANSPORT_WANTS_READ;
		r->kept = (size_t)n;
	}
	r->kept--;
	memset(out, 'r', 1);
	*got = 1;
	return TRANSPORT_DONE;
}

static bool
records_has_kept(const struct transport *t)
{
	return ((const struct records *)(const void *)t)->kept != 0;
}

static void
records_pause(struct transport *t)
{
	((struct records *)(void *)t)->pauses++;
}

static enum transport_step
records_write(struct transport *t, const void *bytes, size_t length)
{
	(void)t;
	(void)bytes;
	(void)length;
	return TRANSPORT_DONE;
}

static enum transport_step
records_shut(struct transport *t)
{
	(void)t;
	return TRANSPORT_DONE;
}

static void
records_free(struct transport *t)
{
	free(t);
}

static const struct transport_methods methods = {
	.read = records_read,
	.has_kept = records_has_kept,
	.pause = records_pause,
	.write = records_write,
	.shut = records_shut,
	.free = records_free,
};

static void
end_pump(struct owner *o)
{
	if (o->pump != NULL)
		pump_free(o->pump);
	o->pump = NULL;
}

static void
readable(void *arg)
{
	static char space[TRANSPORT_RECORD_MAX];
	struct owner *o = arg;
	size_t got;

	switch (pump_receive(o->pump, space, &got)) {
	case TRANSPORT_DONE:
		o->read++;
		strncat(order, &o->name, 1);
		break;
	case TRANSPORT_EOF:
		o->ended = true;
		pump_pause(o->pump);
		break;
	default:
		break;
	}
	if (o->read != 0 && o->read == o->pauses_at)
		pump_pause(o->pump);
	if (o->read != 0 && o->read == o->frees_at)
		end_pump(o);
}

static void
sent(void *arg)
{
	(void)arg;
}

static void
broken(void *arg, int error)
{
	(void)arg;
	ck_abort_msg("broken: %d", error);
}

static const struct pump_events events = {
	.readable = readable,
	.sent = sent,
	.broken = broken,
};

static void
begin_owner(struct owner *o, char name)
{
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*o = (struct owner){ .name = name, .fd = fds[0], .peer = fds[1] };
	o->out = evbuffer_new();
	o->bytes = calloc(1, sizeof(*o->bytes));
	ck_assert(o->out != NULL && o->bytes != NULL);
	o->bytes->transport.methods = &methods;
	o->bytes->fd = o->fd;
	o->pump =
	    pump_new(base, o->fd, &o->bytes->transport, o->out, &events, o);
	ck_assert_ptr_nonnull(o->pump);
	ck_assert_int_eq(pump_read(o->pump), 0);
}

static void
setup(void)
{
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	order[0] = '\0';
	for (int i = 0; i < PUMPS; i++)
		begin_owner(&owners[i], (char)('a' + i));
}

static void
teardown(void)
{
	for (int i = 0; i < PUMPS; i++) {
		end_pump(&owners[i]);
		evbuffer_free(owners[i].out);
		close(owners[i].fd);
		close(owners[i].peer);
	}
	event_base_free(base);
}

static void
send_records(const struct owner *o, size_t n)
{
	ck_assert_int_eq(send(o->peer, "rrrrrrrr", n, 0), (ssize_t)n);
}

static void
turn(int turns)
{
	for (int i = 0; i < turns; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

START_TEST(kept_records_are_read_though_the_socket_is_silent)
{
	send_records(&owners[0], 5);
	turn(TURNS);
	ck_assert_uint_eq(owners[0].read, 5);
	ck_assert(!owners[0].ended);
}
END_TEST

START_TEST(others_take_turns_with_them)
{
	send_records(&owners[0], 4);
	send_records(&owners[1], 4);
	turn(TURNS);
	ck_assert_uint_eq(strlen(order), 8);
	for (int i = 0; i < 8; i += 2)
		ck_assert_int_ne(order[i], order[i + 1]);
}
END_TEST

START_TEST(a_pause_holds_for_them_too)
{
	struct owner *o = &owners[0];

	o->pauses_at = 2;
	send_records(o, 5);
	turn(TURNS);
	ck_assert_uint_eq(o->read, 2);
	ck_assert_int_eq(pump_read(o->pump), 0);
	turn(TURNS);
	ck_assert_uint_eq(o->read, 5);
}
END_TEST

START_TEST(a_pause_is_told_to_the_transport)
{
	struct owner *o = &owners[0];

	send_records(o, 2);
	turn(TURNS);
	ck_assert_uint_eq(o->bytes->pauses, 0);
	pump_pause(o->pump);
	ck_assert_uint_eq(o->bytes->pauses, 1);
	ck_assert_int_eq(pump_read(o->pump), 0);
	send_records(o, 2);
	turn(TURNS);
	ck_assert_uint_eq(o->read, 4);
	ck_assert_uint_eq(o->bytes->pauses, 1);
}
END_TEST

START_TEST(the_socket_is_waited_for_after_them_and_a_pause)
{
	struct owner *o = &owners[0];

	o->pauses_at = 2;
	send_records(o, 5);
	turn(TURNS);
	ck_assert_int_eq(pump_read(o->pump), 0);
	turn(TURNS);
	send_records(o, 3);
	shutdown(o->peer, SHUT_WR);
	turn(TURNS);
	ck_assert_uint_eq(o->read, 8);
	ck_assert(o->ended);
}
END_TEST

START_TEST(the_end_comes_behind_them)
{
	send_records(&owners[0], 3);
	shutdown(owners[0].peer, SHUT_WR);
	turn(TURNS);
	ck_assert_uint_eq(owners[0].read, 3);
	ck_assert(owners[0].ended);
}
END_TEST

START_TEST(they_go_with_the_pump)
{
	owners[0].frees_at = 2;
	send_records(&owners[0], 5);
	turn(TURNS);
	ck_assert_uint_eq(owners[0].read, 2);
}
END_TEST

/* Nor does a turn last until it is writable. */
START_TEST(they_wait_where_reading_needs_to_write)
{
	struct owner *o = &owners[0];

	o->pauses_at = 1;
	send_records(o, 3);
	turn(TURNS);
	o->pauses_at = 0;
	o->bytes->wants_write = 2;
	ck_assert_int_eq(pump_read(o->pump), 0);
	turn(TURNS);
	ck_assert_uint_eq(o->bytes->wants_write, 0);
	ck_assert_uint_eq(o->read, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pump");
	TCase *tc = tcase_create("kept");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, kept_records_are_read_though_the_socket_is_silent);
	tcase_add_test(tc, others_take_turns_with_them);
	tcase_add_test(tc, a_pause_holds_for_them_too);
	tcase_add_test(tc, a_pause_is_told_to_the_transport);
	tcase_add_test(tc, the_socket_is_waited_for_after_them_and_a_pause);
	tcase_add_test(tc, the_end_comes_behind_them);
	tcase_add_test(tc, they_go_with_the_pump);
	tcase_add_test(tc, they_wait_where_reading_needs_to_write);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
