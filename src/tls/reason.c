#include "tls/reason.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "system/error.h"
#include "tls/identity.h"

static enum tls_result
refusal_result(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_RESULT_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return TLS_RESULT_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return TLS_RESULT_UNKNOWN_CA;
	default:
		return TLS_RESULT_OTHER;
	}
}

/* Whether a list is the cause, rather than the certificate. */
static bool
is_of_list(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
		return true;
	default:
		return false;
	}
}

void
tls_reason_refused(struct tls_reason *r, X509_STORE_CTX *x)
{
	int error = X509_STORE_CTX_get_error(x);
	const X509 *certificate = X509_STORE_CTX_get_current_cert(x);
	char issuer[IDENTITY_NAME_SIZE] = "";

	r->result = refusal_result(error);
	if (is_of_list(error) && certificate != NULL)
		tls_name(X509_get_issuer_name(certificate), issuer);
	snprintf(r->text, sizeof(r->text), "certificate refused: %s%s%s",
	    X509_verify_cert_error_string(error),
	    issuer[0] != '\0' ? ": the list of " : "", issuer);
}

static void
set_reason(struct tls_reason *r, enum tls_result result, const char *text)
{
	r->result = result;
	snprintf(r->text, sizeof(r->text), "%s", text);
}

/* Alerts by which a client refuses our certificate: RFC 8446, 6.2. */
static const char *
distrust(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
		return "bad certificate";
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
		return "unsupported certificate";
	case SSL_AD_CERTIFICATE_REVOKED:
		return "certificate revoked";
	case SSL_AD_CERTIFICATE_EXPIRED:
		return "certificate expired";
	case SSL_AD_CERTIFICATE_UNKNOWN:
		return "certificate unknown";
	case SSL_AD_UNKNOWN_CA:
		return "unknown ca";
	default:
		return NULL;
	}
}

/* The client has sent an alert. */
static void
set_alert(struct tls_reason *r, int alert)
{
	const char *why = distrust(alert);

	r->result = TLS_RESULT_OTHER;
	if (why != NULL)
		snprintf(r->text, sizeof(r->text),
		    "the client does not trust our certificate: %s", why);
	else
		snprintf(r->text, sizeof(r->text), "alert of the client: %s",
		    SSL_alert_desc_string_long(alert));
}

static const struct {
	int code; /* of OpenSSL */
	enum tls_result result;
	const char *text;
} sentences[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, TLS_RESULT_NO_CERTIFICATE,
	    "no certificate" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, TLS_RESULT_VERSION,
	    "the client has neither TLS 1.2 nor 1.3" },
	{ SSL_R_VERSION_TOO_LOW, TLS_RESULT_VERSION,
	    "the client has neither TLS 1.2 nor 1.3" },
	{ SSL_R_WRONG_VERSION_NUMBER, TLS_RESULT_OTHER,
	    "this is not TLS: is it Modbus/TCP?" },
	{ SSL_R_HTTP_REQUEST, TLS_RESULT_OTHER, "this is not TLS: it is HTTP" },
	{ SSL_R_NO_SHARED_CIPHER, TLS_RESULT_OTHER,
	    "the client has no cipher in common" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING, TLS_RESULT_OTHER,
	    "the client closed the connection" },
};

/* Since OpenSSL 3.2, that the record layer has failed is said after why. */
static bool
is_of_record_layer(unsigned error)
{
#ifdef SSL_R_RECORD_LAYER_FAILURE
	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_RECORD_LAYER_FAILURE;
#else
	(void)error;
	return false;
#endif
}

/* The last error that says why, or 0. The queue is empty then. */
static unsigned
take_last_error(void)
{
	unsigned last = 0, error;

	while ((error = (unsigned)ERR_get_error()) != 0)
		if (last == 0 || !is_of_record_layer(error))
			last = error;
	return last;
}

void
tls_reason_openssl(struct tls_reason *r)
{
	unsigned error = take_last_error();
	int code = ERR_GET_REASON(error);
	const char *words = ERR_reason_error_string(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
		if (code >= SSL_AD_REASON_OFFSET &&
		    code < SSL_AD_REASON_OFFSET + 256) {
			set_alert(r, code - SSL_AD_REASON_OFFSET);
			return;
		}
		for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences);
		     i++)
			if (sentences[i].code == code) {
				set_reason(
				    r, sentences[i].result, sentences[i].text);
				return;
			}
	}
	set_reason(r, TLS_RESULT_OTHER,
	    words != NULL ? words : "OpenSSL gives no reason");
}

void
tls_reason_socket(struct tls_reason *r, int error)
{
	set_reason(r, TLS_RESULT_OTHER,
	    error != 0 ? error_text(error) :
			 "the client closed the connection");
}
