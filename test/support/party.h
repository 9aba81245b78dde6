/*
 * Certificates for tests: parties, each with a key and a certificate, whom
 * others have issued; revocation lists; both in files of the scratch folder.
 * A test fails where OpenSSL does.
 */
#ifndef PARTY_H
#define PARTY_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTY_DAY 86400L

struct party {
	EVP_PKEY *key;     /* owned */
	X509 *certificate; /* owned */
};

/* What a certificate should be like; all 0 is fine. */
struct party_wish {
	const struct party *issuer; /* NULL: itself */
	const char *name;           /* CN; NULL: the subject is empty */
	long begins,
	    ends; /* seconds from now; both 0: a day before and after */
	bool is_ca;
	const char *usage; /* extendedKeyUsage, as OpenSSL writes it */

	/* The role extension, that many times; 0 is once if there is content.
	 */
	const void *role;
	size_t role_length;
	unsigned roles;
};

struct party party_make(struct party_wish wish);
void party_free(struct party *p);

/* Add a role extension, and sign the certificate again. */
void party_add_role(struct party *p, const struct party *issuer,
    const void *content, size_t length);

/* Write certificates, in this order and up to a NULL, or a key, to a file.
 * Returns its path. */
const char *party_write(const char *file, const struct party *first, ...);
const char *party_write_key(const char *file, const struct party *p);

/* Write an issuer's list, valid from a day ago until ends seconds from now,
 * with one revoked certificate, if revoked is not NULL. Returns its path. */
const char *party_write_list(const char *file, const struct party *issuer,
    long ends, const struct party *revoked);

#endif
