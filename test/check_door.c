#include "net/door.h"

#include <event2/event.h>
#include <limits.h>
#include <linux/sockios.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bare_transport.h"
#include "base/identity.h"
#include "one_server.h"

#define CLIENTS_MAX 20
#define STEPS_MAX   200
#define CHECK_MS    250 /* how often the door looks at its deadlines */
#define WHY         "why"

static struct identities identities;
static struct bare_source bare;          /* makes the transports */
static struct transport_methods methods; /* its, but for the handshake */
static const struct transport_methods *bare_methods;
static struct transport_source source;
static struct door_limits limits;
static struct door *door;
static int clients[CLIENTS_MAX];
static size_t client_count;

/* What the transports saw. */
static struct {
	struct transport *steps[STEPS_MAX]; /* whose the first ones were */
	size_t count;
	int fd; /* of the last one that began */
} seen;

static bool write_first; /* each step but the last waits for room to write */
static long long takes;  /* a step: ms */

/* Steady time stands still, but for what a test adds, so that no deadline
 * passes by itself, however slow the machine is. */
static long long passed; /* ms */

int
clock_gettime(clockid_t id, struct timespec *now)
{
	static struct timespec stopped;

	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, id, now);
	if (stopped.tv_sec == 0)
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &stopped);
	*now = stopped;
	now->tv_sec += (time_t)(passed / 1000);
	now->tv_nsec += (long)(passed % 1000) * 1000000;
	if (now->tv_nsec >= 1000000000) {
		now->tv_sec++;
		now->tv_nsec -= 1000000000;
	}
	return 0;
}

static enum transport_step
shake_hands(struct transport *t)
{
	enum transport_step step;

	if (seen.count < STEPS_MAX)
		seen.steps[seen.count] = t;
	seen.count++;
	passed += takes;
	step = bare_methods->shake_hands(t);
	if (step == TRANSPORT_FAILED)
		ck_assert_int_eq(
		    send(seen.fd, WHY, strlen(WHY), 0), (int)strlen(WHY));
	return step == TRANSPORT_WANTS_READ && write_first ?
	    TRANSPORT_WANTS_WRITE :
	    step;
}

static struct transport *
begin(void *arg, int fd)
{
	struct transport *t = bare.source.begin(arg, fd);

	ck_assert_ptr_nonnull(t);
	seen.fd = fd;
	bare_methods = t->methods;
	methods = *t->methods;
	methods.shake_hands = shake_hands;
	t->methods = &methods;
	return t;
}

static void
setup(void)
{
	one_server_begin();
	identities_init(&identities);
	bare_source_init(&bare, &identities);
	source = (struct transport_source){ .begin = begin, .arg = &bare };
	door_limits_init(&limits);
	memset(&seen, 0, sizeof(seen));
	write_first = false;
	client_count = 0;
}

static void
teardown(void)
{
	for (size_t i = 0; i < client_count; i++)
		close(clients[i]);
	door_free(door);
	door = NULL;
	one_server_end();
	ck_assert_uint_eq(bare.freed, bare.begun);
}

/* Plain TCP at its first address, the door at the second one. */
static void
start(void)
{
	struct address where;

	ck_assert_int_eq(address_parse("127.0.0.1", 0, &where), 0);
	server = server_new(base, &config);
	ck_assert_ptr_nonnull(server);
	door = door_new(base, server, &source, &limits);
	ck_assert_ptr_nonnull(door);
	ck_assert_int_eq(server_listen(server, &where, false, NULL), 0);
	ck_assert_int_eq(
	    server_listen(server, &where, false, door_entrance(door)), 0);
	ck_assert_int_eq(server_start(server), 0);
}

static void
turn(void)
{
	ck_assert_int_ge(
	    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

/* Turn the loop until the expression is true; Check ends a test that waits for
 * ever. */
#define await(expression)                                                      \
	do {                                                                   \
		while (!(expression)) {                                        \
			turn();                                                \
			sched_yield();                                         \
		}                                                              \
	} while (0)

/* Turn it some times more, for what must not happen. */
static void
idle(void)
{
	for (int i = 0; i < 100; i++) {
		turn();
		sched_yield();
	}
}

/* Let time pass, and the door look at its deadlines. */
static void
pass(long long ms)
{
	passed += ms + CHECK_MS + 1;
	idle();
}

/* A client at the server's address i: 0 plain, 1 the door. */
static int
dial(size_t i)
{
	struct address where = server_address(server, i);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, length), 0);
	ck_assert_uint_lt(client_count, CLIENTS_MAX);
	clients[client_count++] = fd;
	return fd;
}

/* Send something, and see that it has arrived. */
static void
speak(int fd)
{
	int unacknowledged = 1;

	ck_assert_int_eq(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
	while (unacknowledged > 0)
		ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &unacknowledged), 0);
}

/* So many guests who have said nothing yet. */
static void
invite(size_t count)
{
	size_t before = door_guests(door);

	for (size_t i = 0; i < count; i++)
		dial(1);
	await(door_guests(door) == before + count);
}

static bool
has_ended(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

START_TEST(one_handshake_step_a_turn)
{
	bare.steps = 5;
	start();
	invite(10);
	for (size_t i = 0; i < 10; i++)
		speak(clients[i]);
	while (seen.count < 50) {
		size_t before = seen.count;

		turn();
		ck_assert_uint_le(seen.count, before + 1);
	}
	await(door_guests(door) == 0);
	ck_assert_uint_eq(bare.begun, 10);
	ck_assert_uint_eq(bare.freed, 0);
	ck_assert_uint_eq(counters()->accepted, 10);
}
END_TEST

START_TEST(each_in_turn)
{
	bare.steps = 4;
	start();
	invite(8);
	for (size_t i = 0; i < 8; i++)
		speak(clients[i]);
	await(seen.count == 32);
	for (size_t i = 8; i < 32; i++)
		ck_assert_ptr_eq(seen.steps[i], seen.steps[i - 8]);
	for (size_t i = 0; i < 8; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_ptr_ne(seen.steps[i], seen.steps[k]);
}
END_TEST

START_TEST(who_says_nothing_costs_nothing)
{
	start();
	invite(5);
	idle();
	ck_assert_uint_eq(bare.begun, 0);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(a_guest_may_wait_to_write)
{
	bare.steps = 2;
	write_first = true;
	start();
	invite(1);
	speak(clients[0]);
	await(door_guests(door) == 0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(counters()->accepted, 1);
}
END_TEST

START_TEST(who_is_not_done_in_time_is_dropped)
{
	bare.steps = INT_MAX;
	start();
	invite(2);
	speak(clients[0]); /* takes its steps, and is never done */
	await(seen.count >= 3);
	pass((long long)limits.handshake / 2);
	ck_assert_uint_eq(door_guests(door), 2);
	passed += (long long)limits.handshake / 2;
	await(door_guests(door) == 0);
	await(has_ended(clients[1]));
	ck_assert_uint_eq(bare.freed, 1);
}
END_TEST

START_TEST(who_keeps_a_full_door_waiting_is_dropped_sooner)
{
	limits.guests = 4;
	start();
	invite(3);
	pass((long long)limits.patience);
	ck_assert_uint_eq(door_guests(door), 3); /* nobody is behind them */
	invite(1);
	passed += CHECK_MS + 1; /* the first three have kept us waiting */
	await(door_guests(door) == 1);
	for (size_t i = 0; i < 3; i++)
		await(has_ended(clients[i]));
	ck_assert(!has_ended(clients[3]));
}
END_TEST

/* A step of the handshake that takes long is no fault of those behind it. */
START_TEST(time_in_the_queue_does_not_count)
{
	limits.guests = 4;
	limits.handshake = 1000 * 1000;
	takes = (long long)limits.patience / 2;
	bare.steps = 10;
	start();
	invite(4);
	for (size_t i = 0; i < 4; i++)
		speak(clients[i]);
	await(door_guests(door) == 0);
	ck_assert_uint_eq(counters()->accepted, 4);
}
END_TEST

START_TEST(a_full_door_lets_nobody_in_and_holds_up_no_other)
{
	limits.guests = 3;
	start();
	invite(3);
	dial(1);
	idle();
	ck_assert_uint_eq(door_guests(door), 3);
	dial(0);
	await(counters()->accepted == 1);
	speak(clients[0]); /* one leaves, as a connection */
	await(counters()->accepted == 2);
	await(door_guests(door) == 3);
	dial(1);
	idle();
	ck_assert_uint_eq(door_guests(door), 3);
	pass((long long)limits.patience); /* the others leave otherwise */
	await(door_guests(door) == 1);
}
END_TEST

START_TEST(who_is_refused_has_time_to_read_why)
{
	char text[10];

	bare.steps = -1;
	start();
	invite(1);
	speak(clients[0]);
	await(bare.freed == 1);
	speak(clients[0]);
	idle();
	ck_assert_uint_eq(door_guests(door), 1);
	ck_assert_int_eq(
	    recv(clients[0], text, sizeof(text), 0), (int)strlen(WHY));
	ck_assert_int_eq(memcmp(text, WHY, strlen(WHY)), 0);
	await(has_ended(clients[0]));
	speak(clients[0]);
	idle();
	ck_assert_uint_eq(door_guests(door), 1);
	shutdown(clients[0], SHUT_WR);
	await(door_guests(door) == 0);
	ck_assert_uint_eq(counters()->accepted, 0);
}
END_TEST

START_TEST(who_is_refused_and_stays_is_dropped)
{
	bare.steps = -1;
	start();
	invite(1);
	speak(clients[0]);
	await(bare.freed == 1);
	pass(0);
	ck_assert_uint_eq(door_guests(door), 1);
	pass((long long)limits.leaving);
	ck_assert_uint_eq(door_guests(door), 0);
}
END_TEST

START_TEST(a_stop_waits_for_no_guest)
{
	bare.steps = 100;
	start();
	invite(3); /* silent */
	invite(1);
	speak(clients[3]); /* in the midst of it */
	await(seen.count > 2);
	bare.steps = -1;
	await(bare.freed == 1); /* leaving */
	bare.steps = 100;
	invite(2);
	speak(clients[4]);
	speak(clients[5]); /* queued */
	server_stop(server);
	ck_assert_uint_eq(door_guests(door), 0);
	await(stops == 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("door");
	TCase *tcase = tcase_create("door");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_handshake_step_a_turn);
	tcase_add_test(tcase, each_in_turn);
	tcase_add_test(tcase, who_says_nothing_costs_nothing);
	tcase_add_test(tcase, a_guest_may_wait_to_write);
	tcase_add_test(tcase, who_is_not_done_in_time_is_dropped);
	tcase_add_test(tcase, who_keeps_a_full_door_waiting_is_dropped_sooner);
	tcase_add_test(tcase, time_in_the_queue_does_not_count);
	tcase_add_test(tcase, a_full_door_lets_nobody_in_and_holds_up_no_other);
	tcase_add_test(tcase, who_is_refused_has_time_to_read_why);
	tcase_add_test(tcase, who_is_refused_and_stays_is_dropped);
	tcase_add_test(tcase, a_stop_waits_for_no_guest);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
