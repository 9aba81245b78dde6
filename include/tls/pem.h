/*
 * Certificates, keys and revocation lists in files, PEM.
 *
 * Each function returns NULL, or what is wrong with the file: the system's
 * words, or what is expected, for an error line behind the file's name. Nothing
 * is ever asked on the terminal. What is set is owned by the caller; after an
 * error nothing is set.
 */
#ifndef TLS_PEM_H
#define TLS_PEM_H

struct evp_pkey_st;       /* OpenSSL's EVP_PKEY */
struct stack_st_X509;     /* STACK_OF(X509) */
struct stack_st_X509_CRL; /* STACK_OF(X509_CRL) */

/* All certificates in the file, in their order, at least one. What else is in
 * it is left out. */
const char *
tls_pem_certificates(const char *path, struct stack_st_X509 **certificates);

/* The first private key in the file, which must not be encrypted, nor for
 * others to read or write (system/private_file.h). */
const char *tls_pem_key(const char *path, struct evp_pkey_st **key);

/* All revocation lists in the file, at least one. */
const char *tls_pem_lists(const char *path, struct stack_st_X509_CRL **lists);

#endif
