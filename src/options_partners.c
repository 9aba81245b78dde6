#include "options_partners.h"

#include <stdio.h>

#include "options.h"

const struct command_line_requirement options_requirements[] = {
	{ "tls", "tls-cert", NULL },
	{ "tls", "tls-key", NULL },
	{ "tls", "tls-ca", NULL },
	{ "tls", "roles", NULL },
	{ "tls-cert", "tls", "http-tls" },
	{ "tls-key", "tls", "http-tls" },
	{ "tls-ca", "tls", NULL },
	{ "tls-crl", "tls", NULL },
	{ "roles", "tls", NULL },
	{ "quit-from", "quit", NULL },
	{ "state-init", "state", NULL },
	{ "state-create", "state", NULL },
	{ "state-sync", "state", NULL },
	{ "state-backup", "state", NULL },
	{ "journal-keep", "state", NULL },
	{ "shared-password", "shared", NULL },
	{ "shared-ca", "shared", NULL },
	{ "shared-init", "shared", NULL },
	{ "shared-name", "shared", NULL },
	{ "shared-copies", "shared", NULL },
	{ "shared-timeout", "shared", NULL },
	{ "shared-snapshot", "shared", NULL },
	{ "points-only", "points", NULL },
	{ "simulate", "points", NULL },
	{ "seed", "simulate", NULL },
	{ "http-write", "http", NULL },
	{ "http-token", "http-write", NULL },
	{ "http-tls", "http", NULL },
	{ "http-tls", "tls-cert", NULL },
	{ "http-tls", "tls-key", NULL },
	{ "http-plain-token", "http-token", NULL },
	{ "http-host", "http", NULL },
	{ "http-frame", "http", NULL },
	{ "http-origin", "http", NULL },
	{ "http-recorder", "http", NULL },
};

/* Writing over HTTP from other hosts requires a token, and whoever sends that
 * over the network should know whether others can read it. Returns 0, or -1 and
 * an error. */
static int
check_token(const struct options *o, char *error)
{
	if (!o->http_write || address_is_loopback(&o->http_listen))
		return 0;
	if (o->http_token == NULL) {
		snprintf(error, OPTIONS_ERROR_MAX,
		    "--http-write: requires --http-token FILE, as --http "
		    "reaches beyond loopback");
		return -1;
	}
	if (o->http_tls || o->http_plain_token)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX,
	    "--http-token: requires --http-tls or --http-plain-token, as "
	    "--http reaches beyond loopback");
	return -1;
}

/* The log of the engine is the table's state. Returns 0, or -1 and an error. */
static int
check_shared(const struct options *o, char *error)
{
	const struct options_shared *s = &o->shared;
	const char *why = NULL;

	if (s->text == NULL)
		return 0;
	if (o->state != NULL)
		why = "--shared: not with --state: the engine keeps the table";
	else if (s->password != NULL && s->url.password[0] != '\0')
		why = "--shared-password: the URL of --shared has a password, "
		      "too";
	else if (s->ca != NULL && !s->url.tls)
		why = "--shared-ca: requires --shared rediss://...";
	if (why == NULL)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX, "%s", why);
	return -1;
}

/* Others get the exception, or nothing. Returns 0, or -1 and an error. */
static int
check_units(const struct options *o, char *error)
{
	if (!o->units_twice)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX,
	    "--units-silent: not with --units: others get no answer, or an "
	    "exception");
	return -1;
}

int
options_check_partners(const struct options *o, char *error)
{
	if (check_units(o, error) != 0)
		return -1;
	return check_shared(o, error) != 0 ? -1 : check_token(o, error);
}
