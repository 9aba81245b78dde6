/*
 * The least that can keep what it acknowledges: our server, with an order that
 * is a bare journal. What durable state costs is measured against it.
 *
 *   journal_server FILE
 *
 * Each write is one record, of the bytes that a row of our journal has
 * (state/schema.h), written by one pwrite into a file whose space was allocated
 * and zeroed before. A thread writes the records of a turn of the loop, or of
 * all turns that have passed while it was busy, and makes them durable with one
 * fdatasync. Then the writes are executed and answered. At its end the journal
 * starts over, so it could not be restored: there is no table on the disk.
 *
 * The system chooses the port, which the first line of output names. SIGTERM
 * ends it.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "modbus/modbus.h"
#include "modbus/request.h"
#include "net/server.h"
#include "service/order.h"
#include "state/record.h"
#include "table/datatable.h"

#define JOURNAL_SIZE (32 << 20)
#define RECORD_MAX   (2 * SCHEMA_VALUES_MAX + 128)

/* Writes gather in one list while those of the other are being committed, which
 * are the thread's until it reports. */
struct journal {
	struct order order;
	struct order_writes gathering;
	struct order_writes committing;
	bool working;         /* a commit is running */
	struct event *submit; /* at the end of this turn */

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool work;
	bool quit;
	int report; /* an eventfd: a commit has ended */

	int fd;
	off_t end; /* of the records; the thread's */
	int64_t number;
};

static void
fail(const char *what)
{
	fprintf(stderr, "journal_server: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void *
must(void *made)
{
	if (made == NULL)
		fail("resources");
	return made;
}

/* The thread ---------------------------------------------------------------*/

/* The values are those of the request; before stands for as many bytes. */
static size_t
encode(struct journal *j, const struct order_write *w,
    const struct order_pdu *pdu, uint8_t *record)
{
	struct mb_request r;
	enum datatable_kind kind;
	uint8_t *to = record;
	char client[ADDRESS_TEXT_MAX];
	size_t size, length;

	mb_request_decode(pdu->bytes, pdu->length, &r);
	kind = r.function == MB_FC_WRITE_SINGLE_COIL ||
		r.function == MB_FC_WRITE_MULTIPLE_COILS ?
	    DATATABLE_COILS :
	    DATATABLE_REGISTERS;
	size = record_size(kind, r.write.quantity);
	address_format(&w->client.address, client);
	length = strlen(client) + 1;
	to = bytes_put(to, (uint64_t)++j->number, 8);
	to = bytes_put(to, (uint64_t)clock_realtime_us(), 8);
	memcpy(to, client, length);
	to = bytes_put(to + length, w->client.id, 8);
	to = bytes_put(to, w->unit, 1);
	to = bytes_put(to, r.function, 1);
	to = bytes_put(to, kind, 1);
	to = bytes_put(to, r.write.address, 2);
	to = bytes_put(to, r.write.quantity, 2);
	memset(to, 0, size);
	to += size;
	memcpy(to, pdu->bytes + pdu->length - size, size);
	to += size;
	to = bytes_put(to, crc32c(0, record, (size_t)(to - record)), 4);
	return (size_t)(to - record);
}

static void
commit(struct journal *j)
{
	uint8_t record[RECORD_MAX];
	const struct order_write *w;

	TAILQ_FOREACH (w, &j->committing, link) {
		for (size_t i = 0; i < w->count; i++) {
			size_t size = encode(j, w, &w->pdus[i], record);

			if (j->end + (off_t)size > JOURNAL_SIZE)
				j->end = 0;
			if (pwrite(j->fd, record, size, j->end) !=
			    (ssize_t)size)
				fail("pwrite");
			j->end += (off_t)size;
		}
	}
	if (fdatasync(j->fd) != 0)
		fail("fdatasync");
}

static void *
run(void *arg)
{
	const uint64_t one = 1;
	struct journal *j = arg;

	for (;;) {
		pthread_mutex_lock(&j->lock);
		while (!j->work && !j->quit)
			pthread_cond_wait(&j->wake, &j->lock);
		if (!j->work)
			break;
		j->work = false;
		pthread_mutex_unlock(&j->lock);
		commit(j);
		if (write(j->report, &one, sizeof(one)) != sizeof(one))
			fail("eventfd");
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* The loop -----------------------------------------------------------------*/

static void
begin_commit(struct journal *j)
{
	if (j->working || TAILQ_EMPTY(&j->gathering))
		return;
	TAILQ_CONCAT(&j->committing, &j->gathering, link);
	j->working = true;
	pthread_mutex_lock(&j->lock);
	j->work = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

static int
submit(void *arg, struct order_write *write)
{
	struct journal *j = arg;

	TAILQ_INSERT_TAIL(&j->gathering, write, link);
	if (!j->working)
		event_active(j->submit, EV_TIMEOUT, 0);
	return 0;
}

static void
submit_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	begin_commit(arg);
}

/* As ours: the next commit begins before the writes of this one are executed.
 */
static void
report_cb(evutil_socket_t fd, short what, void *arg)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);
	struct journal *j = arg;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	TAILQ_CONCAT(&writes, &j->committing, link);
	j->working = false;
	begin_commit(j);
	order_settle(&j->order, &writes, ORDER_EXECUTE);
}

static void
allocate(struct journal *j, const char *path)
{
	/* By page: a larger write would make the kernel keep, dirty and count
	 * larger pieces of the file. */
	static const uint8_t zeros[4096];

	j->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (j->fd < 0)
		fail(path);
	for (off_t at = 0; at < JOURNAL_SIZE; at += (off_t)sizeof(zeros))
		if (pwrite(j->fd, zeros, sizeof(zeros), at) != sizeof(zeros))
			fail(path);
	if (fsync(j->fd) != 0)
		fail(path);
}

static void
stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static pthread_t
start(struct journal *j, struct event_base *base, const char *path)
{
	pthread_t thread;

	TAILQ_INIT(&j->gathering);
	TAILQ_INIT(&j->committing);
	j->order.submit = submit;
	j->order.arg = j;
	j->submit = must(event_new(base, -1, 0, submit_cb, j));
	allocate(j, path);
	j->report = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->wake, NULL);
	errno = pthread_create(&thread, NULL, run, j);
	if (j->report < 0 || errno != 0)
		fail("thread");
	return thread;
}

/* Clients are gone; nobody needs what was not committed. */
static void
end(struct journal *j, pthread_t thread)
{
	pthread_mutex_lock(&j->lock);
	j->quit = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_join(thread, NULL);
	order_settle(&j->order, &j->committing, ORDER_UNKNOWN);
	order_settle(&j->order, &j->gathering, ORDER_UNKNOWN);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->wake);
	event_free(j->submit);
	close(j->report);
	close(j->fd);
}

int
main(int argc, char **argv)
{
	struct event_base *base = must(event_base_new());
	struct event *term = must(evsignal_new(base, SIGTERM, stop_cb, base));
	struct journal j = { .fd = -1 };
	struct server_config config;
	struct server *server;
	struct event *report;
	struct address where;
	pthread_t thread;

	if (argc != 2) {
		fputs("usage: journal_server FILE\n", stderr);
		return EXIT_FAILURE;
	}
	log_set_level(LOG_ERROR);
	thread = start(&j, base, argv[1]);
	report = must(
	    event_new(base, j.report, EV_READ | EV_PERSIST, report_cb, &j));
	server_config_init(&config);
	config.service.table = must(datatable_new(DATATABLE_SEPARATE));
	config.service.order = &j.order;
	server = must(server_new(base, &config));
	if (address_parse("127.0.0.1:0", 0, &where) != 0 ||
	    server_listen(server, &where, false, NULL) != 0 ||
	    server_start(server) != 0 || event_add(term, NULL) != 0 ||
	    event_add(report, NULL) != 0)
		fail("server");
	printf("%u\n", server_address(server, 0).port);
	fflush(stdout);
	event_base_dispatch(base);

	server_free(server);
	event_free(report);
	end(&j, thread);
	datatable_free(config.service.table);
	event_free(term);
	event_base_free(base);
	return EXIT_SUCCESS;
}
