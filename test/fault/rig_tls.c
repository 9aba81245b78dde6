#include "rig_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "party.h"
#include "rig.h"
#include "scratch.h"
#include "tls/context.h"
#include "tls/transport.h"

static const char role[] = "\x0C\x08Operator";

static struct tls_files files;
static struct tls_source source;
static SSL_CTX *clients;
static unsigned connected;

static void
make_clients(const struct party *ca, const struct party *client)
{
	clients = SSL_CTX_new(TLS_client_method());
	must(clients != NULL);
	must(SSL_CTX_use_certificate(clients, client->certificate) == 1);
	must(SSL_CTX_use_PrivateKey(clients, client->key) == 1);
	must(X509_STORE_add_cert(
		 SSL_CTX_get_cert_store(clients), ca->certificate) == 1);
	SSL_CTX_set_verify(clients, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(clients,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static const char *
keep(size_t which, const char *path)
{
	static char paths[4][256];

	snprintf(paths[which], sizeof(paths[which]), "%s", path);
	return paths[which];
}

void
rig_tls_init(struct identities *identities)
{
	struct party ca =
	    party_make((struct party_wish){ .name = "CA", .is_ca = true });
	struct party server =
	    party_make((struct party_wish){ .issuer = &ca, .name = "server" });
	struct party client = party_make((struct party_wish){ .issuer = &ca,
	    .name = "client",
	    .role = role,
	    .role_length = sizeof(role) - 1 });
	char error[TLS_TEXT_SIZE] = "";
	struct tls_context *context;

	scratch_begin();
	atexit(scratch_end);
	files = (struct tls_files){
		.cert = keep(0, party_write("server.pem", &server, &ca, NULL)),
		.key = keep(1, party_write_key("server.key", &server)),
		.ca = keep(2, party_write("ca.pem", &ca, NULL)),
		.crl =
		    keep(3, party_write_list("crl.pem", &ca, PARTY_DAY, NULL)),
	};
	context = tls_context_new(&files, error);
	if (context == NULL)
		fprintf(stderr, "%s\n", error);
	must(context != NULL);
	must(tls_source_init(&source, context, identities) == 0);
	make_clients(&ca, &client);
	party_free(&ca);
	party_free(&server);
	party_free(&client);
}

bool
rig_tls_on(void)
{
	return clients != NULL;
}

const struct transport_source *
rig_tls_source(void)
{
	return &source.source;
}

const struct tls_files *
rig_tls_files(void)
{
	return &files;
}

SSL *
rig_tls_connect(int fd)
{
	SSL *ssl = SSL_new(clients);

	must(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
	if (connected++ % 2 == 0)
		must(SSL_set_max_proto_version(ssl, TLS1_2_VERSION) == 1);
	SSL_set_connect_state(ssl);
	return ssl;
}

static ssize_t
result(SSL *ssl, int returned)
{
	int error;

	if (returned > 0)
		return returned;
	error = SSL_get_error(ssl, returned);
	ERR_clear_error();
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ?
	    EAGAIN :
	    ECONNRESET;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t
rig_tls_send(SSL *ssl, const void *bytes, size_t length)
{
	return result(ssl, SSL_write(ssl, bytes, (int)length));
}

ssize_t
rig_tls_receive(SSL *ssl, void *bytes, size_t room)
{
	return result(ssl, SSL_read(ssl, bytes, (int)room));
}

void
rig_tls_shut(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

void
rig_tls_free(SSL *ssl)
{
	SSL_free(ssl);
}
