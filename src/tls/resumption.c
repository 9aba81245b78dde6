#include "tls/resumption.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

static const unsigned char name[] = "mbaps";

/* The end of a session stands in its tickets, in seconds since 1970. */
static int
keep_end(SSL *ssl, void *arg)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	int64_t end = (int64_t)time(NULL) + SSL_SESSION_get_timeout(session);
	void *kept = NULL;
	size_t length = 0;

	(void)arg;
	if (SSL_SESSION_get0_ticket_appdata(session, &kept, &length) == 1 &&
	    length == sizeof(end))
		return 1; /* resumed: as it was */
	return SSL_SESSION_set1_ticket_appdata(session, &end, sizeof(end));
}

static SSL_TICKET_RETURN
check_end(SSL *ssl, SSL_SESSION *session, const unsigned char *key_name,
    size_t key_name_length, SSL_TICKET_STATUS status, void *arg)
{
	void *kept = NULL;
	size_t length = 0;
	int64_t end;

	(void)ssl;
	(void)key_name;
	(void)key_name_length;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (SSL_SESSION_get0_ticket_appdata(session, &kept, &length) != 1 ||
	    length != sizeof(end))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	memcpy(&end, kept, sizeof(end));
	if ((int64_t)time(NULL) >= end)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE :
					      SSL_TICKET_RETURN_USE_RENEW;
}

int
tls_resumption_limit(SSL_CTX *context)
{
	SSL_CTX_sess_set_cache_size(context, 1024);
	SSL_CTX_set_timeout(context, TLS_RESUMPTION_SECONDS);
	if (SSL_CTX_set_num_tickets(context, 1) != 1 ||
	    SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1) !=
		1 ||
	    SSL_CTX_set_session_ticket_cb(context, keep_end, check_end, NULL) !=
		1)
		return -1;
	return 0;
}

void
tls_resumption_note(SSL *ssl, const X509 *certificate)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	int days, seconds;
	int64_t left;

	if (ASN1_TIME_diff(
		&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
		return;
	left = (int64_t)days * 86400 + seconds;
	if (left < 0)
		left = 0;
	if (left < SSL_SESSION_get_timeout(session))
		SSL_SESSION_set_timeout(session, (long)left);
}
