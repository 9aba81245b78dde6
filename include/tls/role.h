/*
 * The role of a client, which stands in its certificate: MB-TCP-Security v3.6,
 * It is the extension 1.3.6.1.4.1.50316.802.1, whose
 * content is one UTF8String in DER.
 */
#ifndef TLS_ROLE_H
#define TLS_ROLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/identity.h"

struct x509_st; /* OpenSSL's X509 */

/* What a certificate says of its role; all but the first count as none. */
enum tls_role {
	TLS_ROLE_GOOD,
	TLS_ROLE_NONE,      /* there is no such extension */
	TLS_ROLE_TWICE,     /* there are several */
	TLS_ROLE_MALFORMED, /* there is one, with other content */
};

/*
 * The role in the content of the extension: length bytes, which are the tag of
 * a UTF8String (12), one byte of length, 1 to 64, and that many bytes of UTF-8
 * without control characters, and nothing behind. Pure.
 *
 * role has room for IDENTITY_ROLE_SIZE bytes. Returns 0, or -1; then role is
 * empty.
 */
int tls_role_parse(const uint8_t *content, size_t length, char *role);

/* The role in a certificate. role has room for IDENTITY_ROLE_SIZE bytes, and is
 * empty unless the result is TLS_ROLE_GOOD. */
enum tls_role tls_role_of(const struct x509_st *certificate, char *role);

/* What is wrong with a role, as in the log: "more than one role", "malformed
 * role"; NULL for good ones and none. */
const char *tls_role_fault(enum tls_role found);

#endif
