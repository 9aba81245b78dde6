#include "shared/secure.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/inet.h"

static void
say(char *why, const char *what, const char *detail)
{
	snprintf(why, SECURE_WHY_SIZE, "%s%s%s", what,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

SSL_CTX *
secure_context_new(const char *ca, char *why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int trusts = 0;

	if (context != NULL &&
	    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1)
		trusts = ca != NULL ?
		    SSL_CTX_load_verify_locations(context, ca, NULL) :
		    SSL_CTX_set_default_verify_paths(context);
	if (trusts != 1) {
		say(why, ca != NULL ? ca : "certificates of the system",
		    ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		SSL_CTX_free(context);
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

void
secure_context_free(SSL_CTX *context)
{
	SSL_CTX_free(context);
}

/* The certificate must be of host, and the server is told which is meant. */
static int
expect_host(SSL *ssl, const char *host)
{
	unsigned char ip[sizeof(struct in6_addr)];
	char *name;
	int expects;

	if (inet_pton(AF_INET, host, ip) == 1 ||
	    inet_pton(AF_INET6, host, ip) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	name = strdup(host); /* that of SSL_set_tlsext_host_name is not const */
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	expects = name != NULL && SSL_set1_host(ssl, host) == 1 &&
	    SSL_set_tlsext_host_name(ssl, name) == 1;
	free(name);
	return expects;
}

struct bufferevent *
secure_bufferevent_new_to(
    struct event_base *base, SSL_CTX *context, const char *host)
{
	struct bufferevent *bev = NULL;
	SSL *ssl = SSL_new(context);

	if (ssl != NULL && expect_host(ssl, host) == 1)
		bev = bufferevent_openssl_socket_new(base, -1, ssl,
		    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		SSL_free(ssl);
	ERR_clear_error();
	return bev;
}

bool
secure_explain(struct bufferevent *bev, char *why)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	const char *words;
	unsigned error;
	long verified;

	if (ssl == NULL)
		return false;
	verified = SSL_get_verify_result(ssl);
	error = (unsigned)bufferevent_get_openssl_error(bev);
	words = ERR_reason_error_string(error);
	ERR_clear_error();
	if (verified != X509_V_OK)
		say(why, "certificate refused",
		    X509_verify_cert_error_string(verified));
	else if (error != 0)
		say(why, "TLS failed", words);
	return verified != X509_V_OK || error != 0;
}
