/*
 * The door of TLS, with anything in front of it: a server on loopback, and one
 * client.
 *
 * Input: flags (below), bytes a segment - 1, then with MUTATED a byte n and n %
 * 16 changes of 4 bytes each (change_take) to what a client sends who shakes
 * hands as he should; then bytes that are sent behind that, or alone.
 *
 * Holds: nobody comes in who has not shaken hands, whatever is sent; with
 * nothing changed everybody with a certificate does; and when the client is
 * gone nothing is left of him.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/log.h"
#include "fuzz.h"
#include "net/door.h"
#include "net/server.h"
#include "party.h"
#include "scratch.h"
#include "table/datatable.h"
#include "tls/context.h"
#include "tls/transport.h"

#define CHANGES_MAX 16
#define TURNS       4 /* from bytes that arrive to the answer */
#define FLIGHTS_MAX 16
#define FLIGHT_MAX  (32 * 1024)
#define HOUR_MS     (3600 * 1000)
#define WAITS_MAX   (60 * 1000) /* of a millisecond */

enum flags {
	MUTATED = 1, /* else only the bytes of the input are sent */
	TLS_1_2 = 2,
	NO_CERTIFICATE = 4,
	RESET = 8, /* at the end; else FIN, and then it is read to the end */
};

enum change_kind {
	CHANGE_XOR,
	CHANGE_INSERT,
	CHANGE_LEAVE_OUT,
	CHANGE_END, /* no byte from there on is sent */
	CHANGE_KINDS
};

struct change {
	size_t at; /* in all that the client sends */
	enum change_kind kind;
	uint8_t value;
};

struct run {
	int fd;
	SSL *ssl;
	BIO *to_client, *from_client; /* the SSL's */
	struct change changes[CHANGES_MAX];
	size_t change_count;
	size_t segment;
	uint64_t accepted; /* by the server, before */
	bool unchanged;    /* what the client sends */
	bool stranger;     /* who has no certificate */
	size_t made;       /* bytes that the client has made */
	bool ended;        /* no more is sent */
	bool read_all;
};

static struct event_base *base;
static struct server *server;
static struct door *door;
static SSL_CTX *clients, *strangers;

/* --- once --------------------------------------------------------------- */

static SSL_CTX *
make_clients(const struct party *own)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	must(context != NULL);
	if (own != NULL)
		must(SSL_CTX_use_certificate(context, own->certificate) == 1 &&
		    SSL_CTX_use_PrivateKey(context, own->key) == 1);
	return context;
}

static struct tls_context *
make_context(void)
{
	struct party ca =
	    party_make((struct party_wish){ .name = "CA", .is_ca = true });
	struct party own =
	    party_make((struct party_wish){ .issuer = &ca, .name = "server" });
	struct party client =
	    party_make((struct party_wish){ .issuer = &ca, .name = "client" });
	char error[TLS_TEXT_SIZE];
	struct tls_files files;
	struct tls_context *context;

	scratch_begin();
	files = (struct tls_files){
		.cert = party_write("server.pem", &own, &ca, NULL),
		.key = party_write_key("server.key", &own),
		.ca = party_write("ca.pem", &ca, NULL),
	};
	context = tls_context_new(&files, error);
	must(context != NULL);
	scratch_end();
	clients = make_clients(&client);
	strangers = make_clients(NULL);
	party_free(&ca);
	party_free(&own);
	party_free(&client);
	return context;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct identities identities;
	static struct tls_source source;
	struct server_config config;
	struct door_limits limits;
	struct address where;

	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_ERROR);
	base = event_base_new();
	server_config_init(&config);
	config.service.table = datatable_new(DATATABLE_SEPARATE);
	server = server_new(base, &config);
	identities_init(&identities);
	must(tls_source_init(&source, make_context(), &identities) == 0);
	door_limits_init(&limits);
	/* Nobody is late, however slow the machine is. */
	limits.handshake = limits.patience = limits.leaving = HOUR_MS;
	door = door_new(base, server, &source.source, &limits);
	must(address_parse("127.0.0.1", 0, &where) == 0);
	must(server_listen(server, &where, false, door_entrance(door)) == 0 &&
	    server_start(server) == 0);
	return 0;
}

/* --- moving bytes ------------------------------------------------------- */

static void
turn(void)
{
	for (int i = 0; i < TURNS; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Give what the server has sent to the client. Returns whether there was
 * any. */
static bool
receive(struct run *r)
{
	uint8_t bytes[4096];
	ssize_t n;
	bool any = false;

	while ((n = recv(r->fd, bytes, sizeof(bytes), 0)) > 0) {
		if (r->to_client != NULL)
			must(BIO_write(r->to_client, bytes, (int)n) == n);
		any = true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		r->read_all = true;
	return any;
}

/* Send bytes in segments. Whoever has closed gets no more. */
static void
send_segments(struct run *r, const uint8_t *bytes, size_t length)
{
	while (length > 0 && !r->read_all) {
		size_t most = length < r->segment ? length : r->segment;
		ssize_t n = send(r->fd, bytes, most, 0);

		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		} else if (errno != EAGAIN && errno != EINTR) {
			return;
		}
		turn();
		receive(r);
	}
}

static void
change_take(struct input *in, struct change *c)
{
	c->at = (size_t)(input_byte(in) << 8);
	c->at |= input_byte(in);
	c->kind = input_byte(in) % CHANGE_KINDS;
	c->value = input_byte(in);
}

/* Add one byte of the client's, as changed, to those to be sent. */
static void
change(struct run *r, uint8_t byte, uint8_t *out, size_t *length)
{
	bool left_out = false;

	for (size_t i = 0; i < r->change_count; i++) {
		const struct change *c = &r->changes[i];

		if (c->at != r->made)
			continue;
		if (c->kind == CHANGE_XOR)
			byte ^= c->value;
		else if (c->kind == CHANGE_INSERT)
			out[(*length)++] = c->value;
		left_out |= c->kind == CHANGE_LEAVE_OUT;
		r->ended |= c->kind == CHANGE_END;
	}
	r->made++;
	if (!left_out && !r->ended)
		out[(*length)++] = byte;
}

/* What the client has to send, changed. Returns whether there was any. */
static bool
send_flight(struct run *r)
{
	static uint8_t made[FLIGHT_MAX];
	static uint8_t out[FLIGHT_MAX + CHANGES_MAX];
	int n = BIO_read(r->from_client, made, sizeof(made));
	size_t length = 0;

	if (n <= 0 || r->ended)
		return false;
	for (int i = 0; i < n; i++)
		change(r, made[i], out, &length);
	send_segments(r, out, length);
	return true;
}

static bool
has_come_in(const struct run *r)
{
	return server_counters(server)->accepted > r->accepted;
}

/* Whether something is still to come: what has been sent arrives at once, but
 * not always on a busy machine. */
static bool
is_owed(const struct run *r)
{
	bool done = SSL_is_init_finished(r->ssl);

	if (r->read_all)
		return false;
	return r->unchanged ? !done || (!r->stranger && !has_come_in(r)) :
			      has_come_in(r) && !done;
}

static void
shake_hands(struct run *r)
{
	int flights = 0, waits = 0;

	while (flights < FLIGHTS_MAX && waits < WAITS_MAX) {
		bool moved;

		SSL_do_handshake(r->ssl);
		ERR_clear_error();
		moved = send_flight(r);
		turn();
		moved |= receive(r);
		if (moved) {
			flights++;
			continue;
		}
		if (!is_owed(r))
			return;
		poll(&(struct pollfd){ r->fd, POLLIN, 0 }, 1, 1);
		waits++;
	}
}

/* --- one client --------------------------------------------------------- */

static void
connect_client(struct run *r)
{
	const struct address where = server_address(server, 0);
	struct sockaddr_storage to;
	socklen_t length = address_to_sockaddr(&where, &to);
	const int on = 1;

	r->fd = socket(to.ss_family, SOCK_STREAM, 0);
	must(r->fd >= 0);
	must(connect(r->fd, (struct sockaddr *)&to, length) == 0);
	must(fcntl(r->fd, F_SETFL, O_NONBLOCK) == 0);
	setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	turn();
}

static void
begin_tls(struct run *r, unsigned flags)
{
	r->ssl = SSL_new(flags & NO_CERTIFICATE ? strangers : clients);
	must(r->ssl != NULL);
	r->to_client = BIO_new(BIO_s_mem());
	r->from_client = BIO_new(BIO_s_mem());
	SSL_set_bio(r->ssl, r->to_client, r->from_client);
	SSL_set_connect_state(r->ssl);
	if (flags & TLS_1_2)
		SSL_set_max_proto_version(r->ssl, TLS1_2_VERSION);
}

/* The client goes, and the server forgets him. */
static void
leave(struct run *r, unsigned flags)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (flags & RESET)
		setsockopt(
		    r->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	else
		shutdown(r->fd, SHUT_WR);
	for (int i = 0; !(flags & RESET) && !r->read_all; i++) {
		must(i < WAITS_MAX);
		turn();
		if (!receive(r) && !r->read_all)
			poll(&(struct pollfd){ r->fd, POLLIN, 0 }, 1, 1);
	}
	SSL_free(r->ssl);
	close(r->fd);
	for (int i = 0;
	     door_guests(door) > 0 || server_counters(server)->connections > 0;
	     i++) {
		must(i < WAITS_MAX);
		event_base_loop(base, EVLOOP_ONCE);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const unsigned flags = input_byte(&in);
	struct run r = { .segment = 1U + input_byte(&in),
		.accepted = server_counters(server)->accepted,
		.stranger = flags & NO_CERTIFICATE };
	bool came_in, done;

	connect_client(&r);
	if (flags & MUTATED) {
		r.change_count = input_byte(&in) % CHANGES_MAX;
		for (size_t i = 0; i < r.change_count; i++)
			change_take(&in, &r.changes[i]);
		r.unchanged = r.change_count == 0;
		begin_tls(&r, flags);
		shake_hands(&r);
	}
	done = r.ssl != NULL && SSL_is_init_finished(r.ssl);
	came_in = has_come_in(&r);
	must(done || !came_in);
	must(!came_in || !r.stranger);
	if (r.unchanged)
		must(came_in == !r.stranger);
	if (!r.ended)
		send_segments(&r, in.next, in.left);
	if (!(flags & MUTATED))
		must(!has_come_in(&r));
	leave(&r, flags);
	return 0;
}
