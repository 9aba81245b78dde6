#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "party.h"
#include "scratch.h"
#include "suite.h"
#include "tls/context.h"
#include "tls/session.h"
#include "tls/socket.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))
#define ROLE         "\x0c\x08Operator"

/* Many times what a handshake takes; nothing here waits for time. */
#define ROUNDS_MAX 1000

/* --- A clock that can be put forward -------------------------------------- */

static long clock_shift; /* seconds */

/* Stands before libc's for OpenSSL, too. */
time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += clock_shift;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* What OpenSSL asks since 3.2. */
int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec + clock_shift;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

/* --- Server and client in one process --------------------------------------
 */

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static struct party ca, server, hmi;
static struct tls_context *context;
static struct tls_sockets *sockets;
static char cert[200], key[200], ca_file[200];

/* A connection; the client's end is OpenSSL's. */
static int server_fd, client_fd;
static struct tls_session *session;
static SSL_CTX *client_context;
static SSL *client;

static struct tls_context *
context_of(const char *crl)
{
	struct tls_files files = { cert, key, ca_file, crl, false };
	char error[TLS_TEXT_SIZE];
	struct tls_context *c = tls_context_new(&files, error);

	ck_assert_msg(c != NULL, "%s", error);
	return c;
}

static void
begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	clock_shift = 0;
	scratch_begin();
	ca = party_make(
	    (struct party_wish){ .name = "Plant CA", .is_ca = true });
	server = party_make((struct party_wish){ .issuer = &ca,
	    .name = "server",
	    .begins = -PARTY_DAY,
	    .ends = 900 * PARTY_DAY });
	hmi = party_make((struct party_wish){ .issuer = &ca,
	    .name = "HMI 3",
	    .role = ROLE,
	    .role_length = sizeof(ROLE) - 1 });
	snprintf(cert, sizeof(cert), "%s",
	    party_write("server.pem", &server, &ca, NULL));
	snprintf(
	    key, sizeof(key), "%s", party_write_key("server.key", &server));
	snprintf(
	    ca_file, sizeof(ca_file), "%s", party_write("ca.pem", &ca, NULL));
	context = context_of(NULL);
	sockets = tls_sockets_new();
	ck_assert_ptr_nonnull(sockets);
}

/* A client with the certificate of who, or none. */
static SSL_CTX *
client_context_of(const struct party *who, int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	ck_assert_ptr_nonnull(c);
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(c), ca.certificate);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	if (who != NULL) {
		SSL_CTX_use_certificate(c, who->certificate);
		SSL_CTX_use_PrivateKey(c, who->key);
	}
	return c;
}

static void
connect_sockets(void)
{
	int fds[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server_fd = fds[0];
	client_fd = fds[1];
	session = tls_session_new(context, sockets, server_fd);
	ck_assert_ptr_nonnull(session);
}

/* A new connection of the client whose context there is. */
static void
connect_client(SSL_SESSION *resumed)
{
	connect_sockets();
	client = SSL_new(client_context);
	SSL_set_fd(client, client_fd);
	SSL_set_connect_state(client);
	if (resumed != NULL)
		SSL_set_session(client, resumed);
}

static void
disconnect(void)
{
	tls_session_free(session);
	session = NULL;
	SSL_free(client);
	client = NULL;
	close(server_fd);
	close(client_fd);
}

static void
end(void)
{
	if (session != NULL)
		disconnect();
	SSL_CTX_free(client_context);
	client_context = NULL;
	tls_context_free(context);
	tls_sockets_free(sockets);
	party_free(&ca);
	party_free(&server);
	party_free(&hmi);
	scratch_end();
}

/* Take turns until the server is done or has failed. */
static enum tls_step
shake_hands(void)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		enum tls_step step;

		if (client != NULL)
			SSL_do_handshake(client);
		ERR_clear_error();
		step = tls_handshake(session);
		ck_assert_int_ne(step, TLS_EOF);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		if (step == TLS_DONE || step == TLS_FAILED)
			return step;
	}
	ck_abort_msg("the handshake does not end");
}

/* A handshake of who. */
static enum tls_step
shake_hands_of(const struct party *who, int version)
{
	client_context = client_context_of(who, version);
	connect_client(NULL);
	return shake_hands();
}

static void
expect_failure(enum tls_result result, const char *reason)
{
	ck_assert_str_eq(tls_session_reason(session), reason);
	ck_assert_str_eq(tls_result_name(tls_session_result(session)),
	    tls_result_name(result));
}

/* The alert that the client gets, or 0. */
static int
client_alert(void)
{
	char byte;
	int code;

	ERR_clear_error();
	if (SSL_read(client, &byte, 1) > 0)
		return 0;
	code = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
	return code > SSL_AD_REASON_OFFSET ? code - SSL_AD_REASON_OFFSET : 0;
}

static void
expect_read(const char *expected)
{
	char bytes[TLS_RECORD_MAX];
	size_t got;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		enum tls_step step =
		    tls_read(session, bytes, sizeof(bytes), &got);

		if (step == TLS_WANT_READ)
			continue; /* a record that is not data */
		ck_assert_int_eq(step, TLS_DONE);
		ck_assert_uint_eq(got, strlen(expected));
		ck_assert_int_eq(memcmp(bytes, expected, got), 0);
		return;
	}
	ck_abort_msg("nothing comes");
}

static void
expect_client_reads(const char *expected)
{
	char bytes[100];
	int got = SSL_read(client, bytes, sizeof(bytes));

	ck_assert_int_eq(got, (int)strlen(expected));
	ck_assert_int_eq(memcmp(bytes, expected, strlen(expected)), 0);
}

static void
client_writes(const char *text)
{
	ck_assert_int_eq(
	    SSL_write(client, text, (int)strlen(text)), (int)strlen(text));
}

/* --- Who is let in -------------------------------------------------------- */

START_TEST(a_good_client_has_an_identity)
{
	struct identities all;
	const struct identity *who;
	enum tls_role found;
	char serial[IDENTITY_NAME_SIZE];

	ck_assert_int_eq(shake_hands_of(&hmi, versions[_i]), TLS_DONE);
	ck_assert_int_eq(tls_session_result(session), TLS_RESULT_DONE);
	ck_assert_str_eq(tls_session_version(session), _i == 0 ? "1.2" : "1.3");
	ck_assert_uint_gt(strlen(tls_session_serial(session, serial)), 0);
	identities_init(&all);
	who = tls_session_identity(session, &all, &found);
	ck_assert_int_eq(found, TLS_ROLE_GOOD);
	ck_assert_str_eq(who->subject, "CN=HMI 3");
	ck_assert_str_eq(who->issuer, "CN=Plant CA");
	ck_assert_str_eq(who->role, "Operator");
	identity_release(who);
}
END_TEST

/* Clients that are refused, each in both versions. */
static const struct {
	struct party_wish wish; /* issued by the CA */
	bool self_signed, foreign;
	enum tls_result result;
	const char *reason;
	int alert;
} refused[] = {
	{ .wish = { .begins = -2 * PARTY_DAY, .ends = -PARTY_DAY },
	    .result = TLS_RESULT_EXPIRED,
	    .reason = "certificate refused: certificate has expired",
	    .alert = SSL_AD_CERTIFICATE_EXPIRED },
	{ .wish = { .begins = PARTY_DAY, .ends = 2 * PARTY_DAY },
	    .result = TLS_RESULT_OTHER,
	    .reason = "certificate refused: certificate is not yet valid",
	    .alert = SSL_AD_BAD_CERTIFICATE },
	{ .wish = { .usage = "serverAuth" },
	    .result = TLS_RESULT_OTHER,
	    .reason = "certificate refused: unsuitable certificate purpose",
	    .alert = SSL_AD_UNSUPPORTED_CERTIFICATE },
	{ .self_signed = true,
	    .result = TLS_RESULT_UNKNOWN_CA,
	    .reason = "certificate refused: self-signed certificate",
	    .alert = SSL_AD_UNKNOWN_CA },
	{ .foreign = true,
	    .result = TLS_RESULT_UNKNOWN_CA,
	    .reason = "certificate refused: unable to get local issuer "
		      "certificate",
	    .alert = SSL_AD_UNKNOWN_CA },
};

START_TEST(a_bad_certificate_is_refused)
{
	int version = versions[_i % 2];
	struct party other = party_make(
	    (struct party_wish){ .name = "Other CA", .is_ca = true });
	struct party_wish wish = refused[_i / 2].wish;
	struct party who;

	wish.name = "HMI";
	wish.issuer = refused[_i / 2].foreign ? &other :
	    refused[_i / 2].self_signed       ? NULL :
						&ca;
	who = party_make(wish);
	ck_assert_int_eq(shake_hands_of(&who, version), TLS_FAILED);
	expect_failure(refused[_i / 2].result, refused[_i / 2].reason);
	ck_assert_int_eq(client_alert(), refused[_i / 2].alert);
	party_free(&who);
	party_free(&other);
}
END_TEST

START_TEST(a_certificate_is_needed)
{
	ck_assert_int_eq(shake_hands_of(NULL, versions[_i]), TLS_FAILED);
	expect_failure(TLS_RESULT_NO_CERTIFICATE, "no certificate");
	ck_assert_int_eq(client_alert(),
	    _i == 0 ? SSL_AD_HANDSHAKE_FAILURE : SSL_AD_CERTIFICATE_REQUIRED);
}
END_TEST

/* A context with a list of the CA's, in place of the one without. */
static void
use_list(long ends, const struct party *revoked)
{
	tls_context_free(context);
	context = context_of(party_write_list("crl.pem", &ca, ends, revoked));
}

START_TEST(a_revoked_certificate_is_refused)
{
	use_list(PARTY_DAY, &hmi);
	ck_assert_int_eq(shake_hands_of(&hmi, versions[_i]), TLS_FAILED);
	expect_failure(
	    TLS_RESULT_REVOKED, "certificate refused: certificate revoked");
	ck_assert_int_eq(client_alert(), SSL_AD_CERTIFICATE_REVOKED);
}
END_TEST

START_TEST(who_is_not_on_the_list_is_let_in)
{
	use_list(PARTY_DAY, &server);
	ck_assert_int_eq(shake_hands_of(&hmi, versions[_i]), TLS_DONE);
}
END_TEST

START_TEST(an_expired_list_is_named)
{
	use_list(-3600, NULL);
	ck_assert_int_eq(shake_hands_of(&hmi, versions[_i]), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER,
	    "certificate refused: CRL has expired: the list of CN=Plant CA");
}
END_TEST

START_TEST(a_missing_list_is_named)
{
	tls_context_free(context);
	context =
	    context_of(party_write_list("crl.pem", &server, PARTY_DAY, NULL));
	ck_assert_int_eq(shake_hands_of(&hmi, versions[_i]), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER,
	    "certificate refused: unable to get certificate CRL: the list of "
	    "CN=Plant CA");
}
END_TEST

START_TEST(an_older_version_is_refused)
{
	static const int old[] = { TLS1_VERSION, TLS1_1_VERSION };

	ck_assert_int_eq(shake_hands_of(&hmi, old[_i]), TLS_FAILED);
	expect_failure(
	    TLS_RESULT_VERSION, "the client has neither TLS 1.2 nor 1.3");
	ck_assert_int_eq(client_alert(), SSL_AD_PROTOCOL_VERSION);
}
END_TEST

START_TEST(a_client_may_not_trust_us)
{
	client_context = client_context_of(&hmi, versions[_i]);
	SSL_CTX_set_cert_store(client_context, X509_STORE_new());
	connect_client(NULL);
	ck_assert_int_eq(shake_hands(), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER,
	    "the client does not trust our certificate: unknown ca");
}
END_TEST

static const struct {
	const char *bytes;
	size_t length;
	const char *reason;
} junk[] = {
	{ "\0\1\0\0\0\6\1\3\0\0\0\1", 12,
	    "this is not TLS: is it Modbus/TCP?" },
	{ "GET / HTTP/1.1\r\n\r\n", 18, "this is not TLS: it is HTTP" },
};

START_TEST(others_than_clients_of_tls)
{
	connect_sockets();
	ck_assert_int_eq(tls_handshake(session), TLS_WANT_READ);
	ck_assert_int_eq(write(client_fd, junk[_i].bytes, junk[_i].length),
	    (ssize_t)junk[_i].length);
	ck_assert_int_eq(tls_handshake(session), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER, junk[_i].reason);
}
END_TEST

START_TEST(a_client_that_closes)
{
	connect_sockets();
	ck_assert_int_eq(tls_handshake(session), TLS_WANT_READ);
	shutdown(client_fd, SHUT_RDWR);
	ck_assert_int_eq(tls_handshake(session), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER, "the client closed the connection");
}
END_TEST

START_TEST(a_client_that_closes_in_the_middle)
{
	client_context = client_context_of(&hmi, versions[_i]);
	connect_client(NULL);
	SSL_do_handshake(client);
	ck_assert_int_eq(tls_handshake(session), TLS_WANT_READ);
	shutdown(client_fd, SHUT_WR);
	ck_assert_int_eq(tls_handshake(session), TLS_FAILED);
	expect_failure(TLS_RESULT_OTHER, "the client closed the connection");
}
END_TEST

START_TEST(every_result_has_a_name)
{
	for (int i = 0; i < TLS_RESULTS; i++)
		ck_assert_ptr_nonnull(tls_result_name((enum tls_result)i));
}
END_TEST

/* --- Resumption ----------------------------------------------------------- */

/* Say something both ways, so that tickets come, and part in order. Returns the
 * client's session. */
static SSL_SESSION *
talk_and_part(void)
{
	SSL_SESSION *kept;

	/* The end of the client's handshake. */
	SSL_do_handshake(client);
	client_writes("ping");
	expect_read("ping");
	ck_assert_int_eq(tls_write(session, "pong", 4), TLS_DONE);
	expect_client_reads("pong");
	tls_shut(session);
	SSL_shutdown(client);
	kept = SSL_get1_session(client);
	disconnect();
	return kept;
}

/* Connect again, as the client of a session, which is freed. */
static enum tls_result
resume(SSL_SESSION *kept)
{
	connect_client(kept);
	SSL_SESSION_free(kept);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	return tls_session_result(session);
}

/* With tickets in TLS 1.2 and 1.3, and with a session id in TLS 1.2. */
static const struct {
	int version;
	bool ticket;
} ways[] = {
	{ TLS1_2_VERSION, true },
	{ TLS1_2_VERSION, false },
	{ TLS1_3_VERSION, true },
};

static void
first_handshake(int way)
{
	client_context = client_context_of(&hmi, ways[way].version);
	if (!ways[way].ticket)
		SSL_CTX_set_options(client_context, SSL_OP_NO_TICKET);
	connect_client(NULL);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_int_eq(tls_session_result(session), TLS_RESULT_DONE);
}

START_TEST(a_session_is_resumed_by_the_same_identity)
{
	struct identities all;
	const struct identity *who;
	enum tls_role found;

	first_handshake(_i);
	ck_assert_int_eq(resume(talk_and_part()), TLS_RESULT_RESUMED);
	identities_init(&all);
	who = tls_session_identity(session, &all, &found);
	ck_assert_str_eq(who->subject, "CN=HMI 3");
	ck_assert_str_eq(who->role, "Operator");
	identity_release(who);
	ck_assert_ptr_null(tls_session_recheck(session, context));
	ck_assert_int_eq(resume(talk_and_part()), TLS_RESULT_RESUMED);
}
END_TEST

START_TEST(no_session_is_resumed_in_another_context)
{
	SSL_SESSION *kept;

	first_handshake(_i);
	kept = talk_and_part();
	tls_context_free(context);
	context = context_of(NULL);
	ck_assert_int_eq(resume(kept), TLS_RESULT_DONE);
}
END_TEST

START_TEST(a_session_ends_an_hour_after_its_handshake)
{
	SSL_SESSION *kept;

	first_handshake(_i);
	kept = talk_and_part();
	clock_shift = 40 * 60;
	ck_assert_int_eq(resume(kept), TLS_RESULT_RESUMED);
	kept = talk_and_part();
	clock_shift = 80 * 60;
	ck_assert_int_eq(resume(kept), TLS_RESULT_DONE);
}
END_TEST

START_TEST(a_session_ends_with_its_certificate)
{
	struct party brief = party_make((struct party_wish){ .issuer = &ca,
	    .name = "brief",
	    .begins = -PARTY_DAY,
	    .ends = 30 * 60 });
	SSL_SESSION *kept;

	client_context = client_context_of(&brief, ways[_i].version);
	if (!ways[_i].ticket)
		SSL_CTX_set_options(client_context, SSL_OP_NO_TICKET);
	connect_client(NULL);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	kept = talk_and_part();
	/* The client would not offer a session that it takes for too old. */
	SSL_SESSION_set_timeout(kept, PARTY_DAY);
	clock_shift = 31 * 60;
	connect_client(kept);
	SSL_SESSION_free(kept);
	ck_assert_int_eq(shake_hands(), TLS_FAILED);
	expect_failure(
	    TLS_RESULT_EXPIRED, "certificate refused: certificate has expired");
	party_free(&brief);
}
END_TEST

/* --- Data ----------------------------------------------------------------- */

static void
connect_good(int version)
{
	ck_assert_int_eq(shake_hands_of(&hmi, version), TLS_DONE);
	ck_assert_int_eq(SSL_do_handshake(client), 1);
}

START_TEST(data_goes_both_ways)
{
	char bytes[10];
	size_t got = 7;

	connect_good(versions[_i]);
	ck_assert_int_eq(
	    tls_read(session, bytes, sizeof(bytes), &got), TLS_WANT_READ);
	ck_assert_uint_eq(got, 0);
	client_writes("request");
	expect_read("request");
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
	expect_client_reads("reply");
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(a_session_outlives_its_context)
{
	connect_good(versions[_i]);
	tls_context_free(context);
	context = NULL;
	client_writes("request");
	expect_read("request");
}
END_TEST

START_TEST(a_request_may_come_with_the_handshake)
{
	client_context = client_context_of(&hmi, versions[_i]);
	connect_client(NULL);
	while (SSL_do_handshake(client) != 1)
		ck_assert_int_ne(tls_handshake(session), TLS_FAILED);
	client_writes("request");
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	expect_read("request");
}
END_TEST

START_TEST(a_record_is_read_in_parts)
{
	char bytes[4];
	size_t got;

	connect_good(versions[_i]);
	client_writes("request");
	ck_assert_int_eq(tls_read(session, bytes, 4, &got), TLS_DONE);
	ck_assert_uint_eq(got, 4);
	ck_assert_uint_eq(tls_pending(session), 3);
	ck_assert_int_eq(tls_read(session, bytes, 4, &got), TLS_DONE);
	ck_assert_uint_eq(got, 3);
	ck_assert_uint_eq(tls_pending(session), 0);
}
END_TEST

START_TEST(the_largest_record_comes_whole)
{
	static char bytes[TLS_RECORD_MAX + 100];
	size_t got;

	connect_good(versions[_i]);
	ck_assert_int_eq(
	    SSL_write(client, bytes, sizeof(bytes)), (int)sizeof(bytes));
	ck_assert_int_eq(
	    tls_read(session, bytes, TLS_RECORD_MAX, &got), TLS_DONE);
	ck_assert_uint_eq(got, TLS_RECORD_MAX);
	ck_assert_uint_eq(tls_pending(session), 0);
	ck_assert_int_eq(
	    tls_read(session, bytes, TLS_RECORD_MAX, &got), TLS_DONE);
	ck_assert_uint_eq(got, 100);
}
END_TEST

/* Whatever was received with the first of them. */
START_TEST(records_of_one_segment_are_read_one_by_one)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	client_writes("one");
	client_writes("two");
	client_writes("three");
	expect_read("one");
	ck_assert(tls_has_kept(session));
	/* Writing does not lose them. */
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
	expect_client_reads("reply");
	expect_read("two");
	expect_read("three");
	ck_assert(!tls_has_kept(session));
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_WANT_READ);
	ck_assert(!tls_has_kept(session));
}
END_TEST

/* What the client sends to the server is taken here, to be sent in pieces. */
static size_t
take_segment(char *bytes, size_t room)
{
	ssize_t n = recv(server_fd, bytes, room, 0);

	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

static void
send_segment(const char *bytes, size_t length)
{
	ck_assert_int_eq(write(client_fd, bytes, length), (ssize_t)length);
}

/* How much of the second record there is: a part of its header, all of it, or
 * some of its body, too. */
static const size_t cuts[] = { 0, 3, 5, 10 };

/* One record, and a part of the next, in a segment; then the rest. */
START_TEST(the_rest_of_a_record_may_come_later)
{
	char bytes[200];
	size_t got, whole, length;

	connect_good(versions[_i % 2]);
	client_writes("one");
	whole = take_segment(bytes, sizeof(bytes));
	client_writes("two");
	length = whole + take_segment(bytes + whole, sizeof(bytes) - whole);
	whole += cuts[_i / 2];
	send_segment(bytes, whole);
	expect_read("one");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
		    tls_read(session, bytes, sizeof(bytes) - length, &got),
		    TLS_WANT_READ);
	ck_assert(!tls_has_kept(session));
	send_segment(bytes + whole, length - whole);
	expect_read("two");
}
END_TEST

START_TEST(more_than_is_received_at_once)
{
	static char text[100 * TLS_AHEAD_MAX / 64];
	size_t records = sizeof(text) / 100;

	connect_good(versions[_i]);
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < records; i++) {
		text[99 + i] = '\0';
		client_writes(text);
		text[99 + i] = 'x';
	}
	for (size_t i = 0; i < records; i++) {
		text[99 + i] = '\0';
		expect_read(text);
		text[99 + i] = 'x';
	}
	ck_assert(!tls_has_kept(session));
}
END_TEST

/* The end in the segment of the last record. */
START_TEST(an_end_behind_data_is_read_after_it)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	client_writes("last");
	SSL_shutdown(client);
	expect_read("last");
	ck_assert(tls_has_kept(session));
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_EOF);
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
}
END_TEST

/* A record is answered, whatever stands behind it. */
START_TEST(a_forged_record_fails_after_those_before_it)
{
	char bytes[200];
	size_t got, length;

	connect_good(versions[_i]);
	client_writes("good");
	length = take_segment(bytes, sizeof(bytes));
	client_writes("forged");
	length += take_segment(bytes + length, sizeof(bytes) - length);
	bytes[length - 1] ^= 1;
	send_segment(bytes, length);
	expect_read("good");
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
	expect_client_reads("reply");
	ck_assert_int_eq(
	    tls_read(session, bytes, sizeof(bytes), &got), TLS_FAILED);
	ck_assert_int_eq(client_alert(), SSL_AD_BAD_RECORD_MAC);
}
END_TEST

/* What is left over is freed with the session. */
START_TEST(a_session_may_end_with_records_unread)
{
	connect_good(versions[_i]);
	client_writes("one");
	client_writes("two");
	expect_read("one");
	ck_assert(tls_has_kept(session));
}
END_TEST

/* Libevent, for HTTPS, may leave some on the thread's queue. */
START_TEST(errors_of_others_do_not_count)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	ERR_raise(ERR_LIB_USER, 1);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_WANT_READ);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_USER, 1);
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
	expect_client_reads("reply");
}
END_TEST

/* The bytes of a long reply. */
static char
byte_at(size_t i)
{
	return (char)(i * 7 + i / 251);
}

/* A copy of some of them, elsewhere each time. */
static enum tls_step
write_copy(size_t from, size_t length)
{
	char *copy = malloc(length);
	enum tls_step step;

	for (size_t i = 0; i < length; i++)
		copy[i] = byte_at(from + i);
	step = tls_write(session, copy, length);
	free(copy);
	return step;
}

/* Read what has come, which follows read bytes. Returns their sum. */
static size_t
client_reads_all(size_t read)
{
	char bytes[4096];
	int got;

	while ((got = SSL_read(client, bytes, sizeof(bytes))) > 0) {
		bool right = true;

		for (int i = 0; i < got; i++)
			right = bytes[i] == byte_at(read++) && right;
		ck_assert(right);
	}
	ERR_clear_error();
	return read;
}

START_TEST(a_write_is_repeated_from_elsewhere_and_with_more)
{
	size_t length = 10000, written = 0, read = 0;
	int waits = 0;

	connect_good(versions[_i]);
	while (waits < 5) {
		enum tls_step step = write_copy(written, length);

		if (step == TLS_DONE) {
			written += length;
			length = 10000;
			continue;
		}
		ck_assert_int_eq(step, TLS_WANT_WRITE);
		ck_assert_int_eq(write_copy(written, length), TLS_WANT_WRITE);
		read = client_reads_all(read);
		length += 5000;
		waits++;
	}
	ck_assert_int_eq(write_copy(written, length), TLS_DONE);
	ck_assert_uint_eq(client_reads_all(read), written + length);
}
END_TEST

/* A short record is not sent, and more is added: to it, and behind it. */
START_TEST(a_short_write_may_grow)
{
	size_t written = 0, read;

	connect_good(versions[_i]);
	while (write_copy(written, 500) == TLS_DONE)
		written += 500;
	read = client_reads_all(0);
	ck_assert_int_eq(write_copy(written, 20000), TLS_DONE);
	written += 20000;
	read = client_reads_all(read);
	ck_assert_int_eq(write_copy(written, 20000), TLS_DONE);
	written += 20000;
	ck_assert_int_eq(write_copy(written, 1), TLS_DONE);
	ck_assert_uint_eq(client_reads_all(read), written + 1);
}
END_TEST

START_TEST(close_notify_both_ways)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	tls_shut(session);
	ck_assert_int_le(SSL_read(client, &byte, 1), 0);
	ck_assert_int_eq(SSL_get_error(client, 0), SSL_ERROR_ZERO_RETURN);
	/* The other direction goes on, whoever shuts again. */
	client_writes("x");
	tls_shut(session);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_DONE);
	SSL_shutdown(client);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_EOF);
	/* There was one close_notify only. */
	ck_assert_int_eq(recv(client_fd, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(the_end_of_the_stream_is_an_end)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	shutdown(client_fd, SHUT_WR);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_EOF);
	/* What is owed can still be sent. */
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
	expect_client_reads("reply");
}
END_TEST

START_TEST(a_client_that_is_gone)
{
	char byte;
	size_t got;

	connect_good(versions[_i]);
	close(client_fd);
	client_fd = -1;
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_FAILED);
	ck_assert_str_eq(tls_session_reason(session), "Broken pipe");
	ck_assert_int_eq(tls_write(session, "reply", 5), TLS_FAILED);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_FAILED);
	tls_shut(session);
}
END_TEST

START_TEST(a_forged_record_ends_it)
{
	static const char record[] = "\x17\x03\x03\x00\x20"
				     "0123456789abcdef0123456789abcdef";
	char byte;
	size_t got;

	connect_good(versions[_i]);
	ck_assert_int_eq(write(client_fd, record, sizeof(record) - 1),
	    (ssize_t)sizeof(record) - 1);
	ck_assert_int_eq(tls_read(session, &byte, 1, &got), TLS_FAILED);
	ck_assert_str_eq(
	    tls_session_reason(session), "decryption failed or bad record mac");
	ck_assert_uint_eq(ERR_peek_error(), 0);
	tls_shut(session);
	ck_assert_int_eq(client_alert(), SSL_AD_BAD_RECORD_MAC);
	ck_assert_int_eq(recv(client_fd, &byte, 1, 0), -1); /* the alert only */
}
END_TEST

START_TEST(keys_are_updated)
{
	connect_good(TLS1_3_VERSION);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED), 1);
		client_writes("request");
		expect_read("request");
		ck_assert_int_eq(tls_write(session, "reply", 5), TLS_DONE);
		expect_client_reads("reply");
	}
}
END_TEST

/* One read takes one record, so that nobody can keep the server busy. */
START_TEST(one_record_a_read_even_without_data)
{
	char bytes[10];
	size_t got;

	connect_good(TLS1_3_VERSION);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    SSL_key_update(client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		ck_assert_int_eq(SSL_do_handshake(client), 1);
	}
	client_writes("request");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
		    tls_read(session, bytes, 10, &got), TLS_WANT_READ);
	ck_assert_int_eq(tls_read(session, bytes, 10, &got), TLS_DONE);
	ck_assert_uint_eq(got, 7);
}
END_TEST

START_TEST(a_renegotiation_is_refused)
{
	char bytes[10];
	size_t got;
	enum tls_step step;

	connect_good(TLS1_2_VERSION);
	ck_assert_int_eq(SSL_renegotiate(client), 1);
	SSL_do_handshake(client);
	step = tls_read(session, bytes, sizeof(bytes), &got);
	ck_assert_int_ne(step, TLS_DONE);
	SSL_do_handshake(client);
	ck_assert_int_eq(
	    ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
	ERR_clear_error();
}
END_TEST

/* --- Reload --------------------------------------------------------------- */

START_TEST(a_certificate_is_verified_again)
{
	struct tls_context *newer;

	connect_good(versions[_i]);
	ck_assert_ptr_null(tls_session_recheck(session, context));
	newer = context_of(party_write_list("crl.pem", &ca, PARTY_DAY, &hmi));
	ck_assert_str_eq(
	    tls_session_recheck(session, newer), "certificate revoked");
	tls_context_free(newer);
	newer =
	    context_of(party_write_list("crl.pem", &ca, PARTY_DAY, &server));
	ck_assert_ptr_null(tls_session_recheck(session, newer));
	tls_context_free(newer);
	/* Another CA. */
	party_write("ca.pem", &server, NULL);
	newer = context_of(NULL);
	ck_assert_str_eq(tls_session_recheck(session, newer),
	    "unable to get local issuer certificate");
	tls_context_free(newer);
	/* It works on. */
	client_writes("request");
	expect_read("request");
}
END_TEST

/* What the client has sent of its issuers is kept, but for the root. */
START_TEST(a_certificate_behind_an_intermediate_is_verified_again)
{
	struct party area = party_make((struct party_wish){
	    .issuer = &ca, .name = "Area CA", .is_ca = true });
	struct party other =
	    party_make((struct party_wish){ .issuer = &area, .name = "HMI 4" });

	client_context = client_context_of(&other, versions[_i]);
	ck_assert_int_eq(
	    SSL_CTX_add1_chain_cert(client_context, area.certificate), 1);
	ck_assert_int_eq(
	    SSL_CTX_add1_chain_cert(client_context, ca.certificate), 1);
	connect_client(NULL);
	ck_assert_int_eq(shake_hands(), TLS_DONE);
	ck_assert_ptr_null(tls_session_recheck(session, context));
	party_free(&other);
	party_free(&area);
}
END_TEST

START_TEST(a_certificate_is_verified_as_a_clients)
{
	struct party other = party_make((struct party_wish){
	    .issuer = &ca, .name = "client", .usage = "clientAuth" });

	ck_assert_int_eq(shake_hands_of(&other, versions[_i]), TLS_DONE);
	ck_assert_ptr_null(tls_session_recheck(session, context));
	clock_shift = 2 * PARTY_DAY;
	ck_assert_str_eq(
	    tls_session_recheck(session, context), "certificate has expired");
	party_free(&other);
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, end);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("tls_session");
	TCase *tc = add_case(suite, "handshake");

	tcase_add_loop_test(tc, a_good_client_has_an_identity, 0, 2);
	tcase_add_loop_test(
	    tc, a_bad_certificate_is_refused, 0, 2 * COUNT(refused));
	tcase_add_loop_test(tc, a_certificate_is_needed, 0, 2);
	tcase_add_loop_test(tc, a_revoked_certificate_is_refused, 0, 2);
	tcase_add_loop_test(tc, who_is_not_on_the_list_is_let_in, 0, 2);
	tcase_add_loop_test(tc, an_expired_list_is_named, 0, 2);
	tcase_add_loop_test(tc, a_missing_list_is_named, 0, 2);
	tcase_add_loop_test(tc, an_older_version_is_refused, 0, 2);
	tcase_add_loop_test(tc, a_client_may_not_trust_us, 0, 2);
	tcase_add_loop_test(tc, others_than_clients_of_tls, 0, COUNT(junk));
	tcase_add_test(tc, a_client_that_closes);
	tcase_add_loop_test(tc, a_client_that_closes_in_the_middle, 0, 2);
	tcase_add_test(tc, every_result_has_a_name);

	tc = add_case(suite, "resumption");
	tcase_add_loop_test(
	    tc, a_session_is_resumed_by_the_same_identity, 0, COUNT(ways));
	tcase_add_loop_test(
	    tc, no_session_is_resumed_in_another_context, 0, COUNT(ways));
	tcase_add_loop_test(
	    tc, a_session_ends_an_hour_after_its_handshake, 0, COUNT(ways));
	tcase_add_loop_test(
	    tc, a_session_ends_with_its_certificate, 0, COUNT(ways));

	tc = add_case(suite, "data");
	tcase_add_loop_test(tc, data_goes_both_ways, 0, 2);
	tcase_add_loop_test(tc, a_session_outlives_its_context, 0, 2);
	tcase_add_loop_test(tc, a_request_may_come_with_the_handshake, 1, 2);
	tcase_add_loop_test(tc, a_record_is_read_in_parts, 0, 2);
	tcase_add_loop_test(tc, the_largest_record_comes_whole, 0, 2);
	tcase_add_loop_test(
	    tc, records_of_one_segment_are_read_one_by_one, 0, 2);
	tcase_add_loop_test(
	    tc, the_rest_of_a_record_may_come_later, 0, 2 * COUNT(cuts));
	tcase_add_loop_test(tc, more_than_is_received_at_once, 0, 2);
	tcase_add_loop_test(tc, an_end_behind_data_is_read_after_it, 0, 2);
	tcase_add_loop_test(
	    tc, a_forged_record_fails_after_those_before_it, 0, 2);
	tcase_add_loop_test(tc, a_session_may_end_with_records_unread, 0, 2);
	tcase_add_loop_test(tc, errors_of_others_do_not_count, 0, 2);
	tcase_add_loop_test(
	    tc, a_write_is_repeated_from_elsewhere_and_with_more, 0, 2);
	tcase_add_loop_test(tc, a_short_write_may_grow, 0, 2);
	tcase_add_loop_test(tc, close_notify_both_ways, 0, 2);
	tcase_add_loop_test(tc, the_end_of_the_stream_is_an_end, 0, 2);
	tcase_add_loop_test(tc, a_client_that_is_gone, 0, 2);
	tcase_add_loop_test(tc, a_forged_record_ends_it, 0, 2);
	tcase_add_test(tc, keys_are_updated);
	tcase_add_test(tc, one_record_a_read_even_without_data);
	tcase_add_test(tc, a_renegotiation_is_refused);

	tc = add_case(suite, "reload");
	tcase_add_loop_test(tc, a_certificate_is_verified_again, 0, 2);
	tcase_add_loop_test(
	    tc, a_certificate_behind_an_intermediate_is_verified_again, 0, 2);
	tcase_add_loop_test(tc, a_certificate_is_verified_as_a_clients, 0, 2);
	return suite_run(suite);
}
