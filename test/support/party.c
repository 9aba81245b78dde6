#include "party.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "insist.h"
#include "scratch.h"

#define ROLE_OID "1.3.6.1.4.1.50316.802.1"

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	insist(e != NULL);
	insist(X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static void
add_role(X509 *x, const void *content, size_t length)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(ROLE_OID, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	insist(ASN1_OCTET_STRING_set(octets, content, (int)length) == 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	insist(e != NULL);
	insist(X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
}

static void
set_names(X509 *x, const struct party_wish *wish)
{
	X509_NAME *name = X509_NAME_new();

	if (wish->name != NULL)
		insist(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			   (const unsigned char *)wish->name, -1, -1, 0) == 1);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x,
	    wish->issuer != NULL ?
		X509_get_subject_name(wish->issuer->certificate) :
		name);
	X509_NAME_free(name);
}

static void
set_dates(X509 *x, const struct party_wish *wish)
{
	bool fixed = wish->begins == 0 && wish->ends == 0;

	X509_gmtime_adj(
	    X509_getm_notBefore(x), fixed ? -PARTY_DAY : wish->begins);
	X509_gmtime_adj(X509_getm_notAfter(x), fixed ? PARTY_DAY : wish->ends);
}

struct party
party_make(struct party_wish wish)
{
	static long serial = 0x1000;
	struct party p = { EVP_EC_gen("P-256"), X509_new() };
	unsigned roles = wish.roles > 0 ? wish.roles : wish.role != NULL;

	insist(p.key != NULL);
	insist(p.certificate != NULL);
	X509_set_version(p.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(p.certificate), serial++);
	set_names(p.certificate, &wish);
	set_dates(p.certificate, &wish);
	X509_set_pubkey(p.certificate, p.key);
	add_extension(p.certificate, NID_basic_constraints,
	    wish.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (wish.usage != NULL)
		add_extension(p.certificate, NID_ext_key_usage, wish.usage);
	for (unsigned i = 0; i < roles; i++)
		add_role(p.certificate, wish.role, wish.role_length);
	insist(X509_sign(p.certificate,
		   wish.issuer != NULL ? wish.issuer->key : p.key,
		   EVP_sha256()) != 0);
	return p;
}

void
party_free(struct party *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->certificate);
}

void
party_add_role(struct party *p, const struct party *issuer, const void *content,
    size_t length)
{
	add_role(p->certificate, content, length);
	insist(X509_sign(p->certificate, issuer->key, EVP_sha256()) != 0);
}

static FILE *
create(const char *path)
{
	FILE *f = fopen(path, "w");

	insist(f != NULL);
	return f;
}

const char *
party_write(const char *file, const struct party *first, ...)
{
	const char *path = scratch_path(file);
	FILE *f = create(path);
	va_list more;

	va_start(more, first);
	for (const struct party *p = first; p != NULL;
	     p = va_arg(more, const struct party *))
		insist(PEM_write_X509(f, p->certificate) == 1);
	va_end(more);
	fclose(f);
	return path;
}

const char *
party_write_key(const char *file, const struct party *p)
{
	const char *path = scratch_path(file);
	FILE *f = create(path);

	insist(fchmod(fileno(f), 0600) == 0);
	insist(PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(f);
	return path;
}

static void
revoke(X509_CRL *list, const struct party *revoked)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -PARTY_DAY);

	X509_REVOKED_set_serialNumber(
	    entry, X509_get_serialNumber(revoked->certificate));
	X509_REVOKED_set_revocationDate(entry, now);
	insist(X509_CRL_add0_revoked(list, entry) == 1);
	ASN1_TIME_free(now);
}

const char *
party_write_list(const char *file, const struct party *issuer, long ends,
    const struct party *revoked)
{
	const char *path = scratch_path(file);
	FILE *f = create(path);
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *begin = X509_gmtime_adj(NULL, -PARTY_DAY);
	ASN1_TIME *end = X509_gmtime_adj(NULL, ends);

	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(
	    list, X509_get_subject_name(issuer->certificate));
	X509_CRL_set1_lastUpdate(list, begin);
	X509_CRL_set1_nextUpdate(list, end);
	if (revoked != NULL)
		revoke(list, revoked);
	insist(X509_CRL_sign(list, issuer->key, EVP_sha256()) != 0);
	insist(PEM_write_X509_CRL(f, list) == 1);
	fclose(f);
	X509_CRL_free(list);
	ASN1_TIME_free(begin);
	ASN1_TIME_free(end);
	return path;
}
