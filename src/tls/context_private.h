/* A context, for the sources that make up tls/context. */
#ifndef TLS_CONTEXT_PRIVATE_H
#define TLS_CONTEXT_PRIVATE_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/printable.h"
#include "tls/context.h"

struct tls_context {
	SSL_CTX *modbus;                /* owned; NULL: none */
	SSL_CTX *https;                 /* likewise */
	STACK_OF(X509) * chain;         /* owned: --tls-cert */
	STACK_OF(X509) * issuers;       /* owned: --tls-ca; NULL: none */
	STACK_OF(X509_CRL) * lists;     /* owned: --tls-crl; NULL: none */
	char cert_file[PRINTABLE_SIZE]; /* for texts */
	char crl_file[PRINTABLE_SIZE];
};

#endif
