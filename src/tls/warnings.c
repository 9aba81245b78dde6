/* What tls/context says of dates, chains and lists. */
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "base/calendar.h"
#include "context_private.h"
#include "tls/identity.h"

#define DAY       86400
#define SOON_DAYS 30

#define MOMENT_SIZE 32

static int64_t
seconds_of(const ASN1_TIME *moment)
{
	struct tm broken_down;

	if (ASN1_TIME_to_tm(moment, &broken_down) != 1)
		return 0; /* expired */
	return calendar_seconds(&broken_down);
}

/* "2026-11-25T10:00:00Z", of text, which has room for MOMENT_SIZE bytes. */
static const char *
format_moment(int64_t moment, char *text)
{
	struct tm broken_down;

	calendar_utc(moment, &broken_down);
	if (strftime(text, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken_down) ==
	    0)
		text[0] = '\0';
	return text;
}

/* INT64_MAX: never. */
static int64_t
next_update(const X509_CRL *list)
{
	const ASN1_TIME *moment = X509_CRL_get0_nextUpdate(list);

	return moment != NULL ? seconds_of(moment) : INT64_MAX;
}

/* Whether there is a list of the same issuer that expires later. */
static bool
is_superseded(const struct tls_context *c, const X509_CRL *list)
{
	for (int i = 0; i < sk_X509_CRL_num(c->lists); i++) {
		const X509_CRL *other = sk_X509_CRL_value(c->lists, i);

		if (X509_CRL_cmp(other, list) == 0 &&
		    next_update(other) > next_update(list))
			return true;
	}
	return false;
}

/* Whether a list has expired, and none is there in its place. */
static bool
is_expired(const struct tls_context *c, const X509_CRL *list, int64_t now)
{
	return next_update(list) <= now && !is_superseded(c, list);
}

static void
say_expired(const struct tls_context *c, const X509_CRL *list, char *text)
{
	char issuer[IDENTITY_NAME_SIZE], moment[MOMENT_SIZE];

	snprintf(text, TLS_TEXT_SIZE,
	    "--tls-crl: \"%s\": the list of %s has expired: %s", c->crl_file,
	    tls_name(X509_CRL_get_issuer(list), issuer),
	    format_moment(next_update(list), moment));
}

bool
tls_context_list_expired(const struct tls_context *c, int64_t now, char *text)
{
	for (int i = 0; i < sk_X509_CRL_num(c->lists); i++) {
		const X509_CRL *list = sk_X509_CRL_value(c->lists, i);

		if (is_expired(c, list, now)) {
			say_expired(c, list, text);
			return true;
		}
	}
	return false;
}

int64_t
tls_context_expiry(const struct tls_context *c)
{
	return seconds_of(X509_get0_notAfter(sk_X509_value(c->chain, 0)));
}

int64_t
tls_context_next_update(const struct tls_context *c)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < sk_X509_CRL_num(c->lists); i++) {
		const X509_CRL *list = sk_X509_CRL_value(c->lists, i);
		int64_t moment = next_update(list);

		if (moment < first && !is_superseded(c, list))
			first = moment;
	}
	return first;
}

/* Whether each certificate of the chain was issued by the next, and the last by
 * itself. */
static bool
reaches_root(STACK_OF(X509) * chain)
{
	int last = sk_X509_num(chain) - 1;

	for (int i = 0; i < last; i++)
		if (X509_check_issued(sk_X509_value(chain, i + 1),
			sk_X509_value(chain, i)) != X509_V_OK)
			return false;
	return X509_self_signed(sk_X509_value(chain, last), 0) == 1;
}

/* Where warnings go. */
struct warner {
	const struct tls_context *context;
	int64_t now;
	tls_warn_fn warn;
	void *arg;
};

static void
warn_of_certificate(const struct warner *w, const char *what, int64_t moment)
{
	char text[TLS_TEXT_SIZE], when[MOMENT_SIZE];

	snprintf(text, sizeof(text), "--tls-cert: \"%s\": the certificate %s%s",
	    w->context->cert_file, what, format_moment(moment, when));
	w->warn(w->arg, LOG_WARN, text);
}

static void
warn_of_dates(const struct warner *w)
{
	const X509 *own = sk_X509_value(w->context->chain, 0);
	int64_t begin = seconds_of(X509_get0_notBefore(own));
	int64_t end = tls_context_expiry(w->context);

	if (w->now < begin)
		warn_of_certificate(w, "is not valid before ", begin);
	if (w->now >= end)
		warn_of_certificate(w, "has expired: ", end);
	else if (end - w->now < (int64_t)SOON_DAYS * DAY)
		warn_of_certificate(w, "expires in less than 30 days: ", end);
}

static void
warn_of_chain(const struct warner *w)
{
	char text[TLS_TEXT_SIZE];

	if (reaches_root(w->context->chain))
		return;
	snprintf(text, sizeof(text),
	    "--tls-cert: \"%s\": the chain does not reach its root: expected "
	    "the certificate, then its issuers, the root last",
	    w->context->cert_file);
	w->warn(w->arg, LOG_WARN, text);
}

static void
warn_of_expired_lists(const struct warner *w)
{
	const struct tls_context *c = w->context;
	char text[TLS_TEXT_SIZE];

	for (int i = 0; i < sk_X509_CRL_num(c->lists); i++) {
		const X509_CRL *list = sk_X509_CRL_value(c->lists, i);

		if (!is_expired(c, list, w->now))
			continue;
		say_expired(c, list, text);
		w->warn(w->arg, LOG_ERROR, text);
	}
}

static bool
has_list(const struct tls_context *c, const X509 *issuer)
{
	for (int i = 0; i < sk_X509_CRL_num(c->lists); i++)
		if (X509_NAME_cmp(
			X509_CRL_get_issuer(sk_X509_CRL_value(c->lists, i)),
			X509_get_subject_name(issuer)) == 0)
			return true;
	return false;
}

static void
warn_of_missing_lists(const struct warner *w)
{
	const struct tls_context *c = w->context;
	char text[TLS_TEXT_SIZE], name[IDENTITY_NAME_SIZE];

	if (c->lists == NULL)
		return;
	for (int i = 0; i < sk_X509_num(c->issuers); i++) {
		const X509 *issuer = sk_X509_value(c->issuers, i);

		if (has_list(c, issuer))
			continue;
		snprintf(text, sizeof(text),
		    "--tls-crl: \"%s\": there is no list of %s: its clients "
		    "are "
		    "refused",
		    c->crl_file, tls_name(X509_get_subject_name(issuer), name));
		w->warn(w->arg, LOG_ERROR, text);
	}
}

void
tls_context_warn(
    const struct tls_context *c, int64_t now, tls_warn_fn warn, void *arg)
{
	struct warner w = { c, now, warn, arg };

	warn_of_chain(&w);
	warn_of_dates(&w);
	warn_of_expired_lists(&w);
	warn_of_missing_lists(&w);
}
