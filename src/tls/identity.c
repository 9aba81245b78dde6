#include "tls/identity.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

const char *
tls_name(const X509_NAME *name, char *text)
{
	BIO *out = BIO_new(BIO_s_mem());
	int length = 0;

	if (out != NULL &&
	    X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0)
		length = BIO_read(out, text, IDENTITY_NAME_SIZE - 1);
	text[length > 0 ? length : 0] = '\0';
	BIO_free(out);
	ERR_clear_error();
	return text;
}

const char *
tls_serial(const X509 *certificate, char *text)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	size_t length = (size_t)ASN1_STRING_length(serial);

	if (length > (IDENTITY_NAME_SIZE - 1) / 2)
		length = (IDENTITY_NAME_SIZE - 1) / 2;
	text[0] = '\0';
	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02X", bytes[i]);
	return text;
}

/* What to call the owner of a certificate without a subject. */
static void
name_by_serial(const X509 *certificate, const char *issuer, char *subject)
{
	char serial[IDENTITY_NAME_SIZE];
	char text[sizeof("serial  of ") + 2 * IDENTITY_NAME_SIZE];

	snprintf(text, sizeof(text), "serial %s of %s",
	    tls_serial(certificate, serial), issuer);
	snprintf(
	    subject, IDENTITY_NAME_SIZE, "%.*s", IDENTITY_NAME_SIZE - 1, text);
}

const struct identity *
tls_identity_of(
    struct identities *all, const X509 *certificate, enum tls_role *found)
{
	char subject[IDENTITY_NAME_SIZE], issuer[IDENTITY_NAME_SIZE];
	char role[IDENTITY_ROLE_SIZE];

	tls_name(X509_get_subject_name(certificate), subject);
	tls_name(X509_get_issuer_name(certificate), issuer);
	if (subject[0] == '\0')
		name_by_serial(certificate, issuer, subject);
	*found = tls_role_of(certificate, role);
	return identity_of(all, subject, issuer, role);
}
