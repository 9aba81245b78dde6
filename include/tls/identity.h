/*
 * The identity that a client has by its certificate: subject, issuer and role.
 *
 * Names are written as RFC 4514 says, in printable ASCII: whatever else is in
 * them is escaped ("\0A"). They are cut at IDENTITY_NAME_SIZE - 1 bytes. A
 * certificate without a subject is called "serial 1F40 of CN=Plant CA", with
 * the serial number in hexadecimal.
 */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include "base/identity.h"
#include "tls/role.h"

struct X509_name_st; /* OpenSSL's X509_NAME */

/* A name as text, which has room for IDENTITY_NAME_SIZE bytes; empty for a name
 * without parts. Returns text. */
const char *tls_name(const struct X509_name_st *name, char *text);

/* The serial number of a certificate in hexadecimal, likewise. */
const char *tls_serial(const struct x509_st *certificate, char *text);

/*
 * The identity of the owner of a certificate, one of all, held for the caller.
 * Sets found to what the certificate says of the role. NULL when there is no
 * memory.
 */
const struct identity *tls_identity_of(struct identities *all,
    const struct x509_st *certificate, enum tls_role *found);

#endif
