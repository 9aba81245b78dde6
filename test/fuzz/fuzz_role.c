/*
 * The role extension of a certificate.
 *
 * Input: the content of the extension.
 *
 * Holds: it is a role exactly if OpenSSL's decoder of DER finds a UTF8String in
 * it of 1 to 64 bytes, encoding that gives the same bytes, and none of its
 * characters, as OpenSSL reads them, is a control character, a surrogate or
 * past Unicode. Then these bytes are the role.
 */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "tls/role.h"

#define LENGTH_MAX 64

static bool
is_allowed(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) &&
	    !(code >= 0xd800 && code <= 0xdfff) && code <= 0x10ffff;
}

/* Whether all characters are allowed; in UCS-4 OpenSSL writes each as 4 bytes.
 */
static bool
are_allowed(const ASN1_UTF8STRING *string)
{
	ASN1_STRING *wide = NULL;
	bool good = ASN1_mbstring_copy(&wide, ASN1_STRING_get0_data(string),
			ASN1_STRING_length(string), MBSTRING_UTF8,
			B_ASN1_UNIVERSALSTRING) > 0;
	const unsigned char *p = good ? ASN1_STRING_get0_data(wide) : NULL;
	int count = good ? ASN1_STRING_length(wide) / 4 : 0;

	for (int i = 0; i < count; i++, p += 4)
		if (!is_allowed((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			(uint32_t)p[2] << 8 | p[3]))
			good = false;
	ASN1_STRING_free(wide);
	return good;
}

/* Whether encoding the string gives these bytes. */
static bool
is_encoded_so(
    const ASN1_UTF8STRING *string, const uint8_t *content, size_t size)
{
	unsigned char *again = NULL;
	int length = i2d_ASN1_UTF8STRING(string, &again);
	bool same = length >= 0 && (size_t)length == size &&
	    memcmp(again, content, size) == 0;

	OPENSSL_free(again);
	return same;
}

static ASN1_UTF8STRING *
decode(const uint8_t *content, size_t size)
{
	const unsigned char *next = content;
	ASN1_UTF8STRING *string = d2i_ASN1_UTF8STRING(NULL, &next, (long)size);

	if (string != NULL && ASN1_STRING_length(string) >= 1 &&
	    ASN1_STRING_length(string) <= LENGTH_MAX &&
	    is_encoded_so(string, content, size) && are_allowed(string))
		return string;
	ASN1_UTF8STRING_free(string);
	return NULL;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char role[IDENTITY_ROLE_SIZE] = "?";
	ASN1_UTF8STRING *expected = decode(data, size);

	if (tls_role_parse(data, size, role) == 0) {
		must(expected != NULL);
		must(strlen(role) == (size_t)ASN1_STRING_length(expected));
		must(memcmp(role, ASN1_STRING_get0_data(expected),
			 strlen(role)) == 0);
	} else {
		must(expected == NULL);
		must(role[0] == '\0');
	}
	ASN1_UTF8STRING_free(expected);
	ERR_clear_error();
	return 0;
}
