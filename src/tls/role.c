#include "tls/role.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/escape.h"

#define TAG_UTF8_STRING 0x0c
#define HEADER_LENGTH   2

/* 1.3.6.1.4.1.50316.802.1 in DER, without its tag and length. Bytes are
 * compared, so that OpenSSL's table of objects, which is the process's, needs
 * no entry. */
static const uint8_t role_oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x89,
	0x0c, 0x86, 0x22, 0x01 };

int
tls_role_parse(const uint8_t *content, size_t length, char *role)
{
	size_t name_length;

	role[0] = '\0';
	if (length <= HEADER_LENGTH || content[0] != TAG_UTF8_STRING)
		return -1;
	/* The long form of a length has the top bit, and so is too long. */
	name_length = content[1];
	if (name_length != length - HEADER_LENGTH ||
	    name_length >= IDENTITY_ROLE_SIZE ||
	    !text_is_printable(
		(const char *)content + HEADER_LENGTH, name_length, ""))
		return -1;
	memcpy(role, content + HEADER_LENGTH, name_length);
	role[name_length] = '\0';
	return 0;
}

static bool
is_role(X509_EXTENSION *extension)
{
	const ASN1_OBJECT *oid = X509_EXTENSION_get_object(extension);

	return OBJ_length(oid) == sizeof(role_oid) &&
	    memcmp(OBJ_get0_data(oid), role_oid, sizeof(role_oid)) == 0;
}

enum tls_role
tls_role_of(const X509 *certificate, char *role)
{
	const ASN1_OCTET_STRING *content = NULL;
	int count = X509_get_ext_count(certificate);

	role[0] = '\0';
	for (int i = 0; i < count; i++) {
		X509_EXTENSION *extension = X509_get_ext(certificate, i);

		if (!is_role(extension))
			continue;
		if (content != NULL)
			return TLS_ROLE_TWICE;
		content = X509_EXTENSION_get_data(extension);
	}
	if (content == NULL)
		return TLS_ROLE_NONE;
	if (tls_role_parse(ASN1_STRING_get0_data(content),
		(size_t)ASN1_STRING_length(content), role) != 0)
		return TLS_ROLE_MALFORMED;
	return TLS_ROLE_GOOD;
}

const char *
tls_role_fault(enum tls_role found)
{
	switch (found) {
	case TLS_ROLE_TWICE:
		return "more than one role";
	case TLS_ROLE_MALFORMED:
		return "malformed role";
	case TLS_ROLE_GOOD:
	case TLS_ROLE_NONE:
		break;
	}
	return NULL;
}
