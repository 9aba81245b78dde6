#include "security.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/context.h"
#include "base/exit_status.h"
#include "base/identity.h"
#include "base/log.h"
#include "net/door.h"
#include "net/server.h"
#include "options.h"
#include "roles/file.h"
#include "roles/policy.h"
#include "system/error.h"
#include "tls/context.h"
#include "tls/transport.h"

#define DAY_S (24 * 3600)

/* An error line about one of the files, without its event. */
#define ERROR_MAX (ROLES_MESSAGE_MAX + 16)

struct security {
	struct tls_context *context; /* owned */
	struct roles_policy roles;   /* owns its roles, which may be NULL */
	struct identities identities;
	struct tls_source source;
	struct server *server; /* borrowed */
	struct door *door;     /* owned; NULL: closed */
	struct event *daily;   /* owned */
};

static struct tls_context *
read_context(const struct options *o, char *error)
{
	const struct tls_files files = {
		.cert = o->tls_cert,
		.key = o->tls_key,
		.ca = o->tls_ca,
		.crl = o->tls_crl,
		.https = o->http_tls,
	};

	return tls_context_new(&files, error);
}

/* Of a text without its event: one line. */
typedef void (*say_fn)(const char *error);

/* Read all files, and say what is wrong: the first thing, or of each kind. */
static int
read_files(const struct options *o, struct security_files *files, bool each,
    say_fn say)
{
	char error[TLS_TEXT_SIZE], reason[ROLES_MESSAGE_MAX];
	int status = EX_OK;

	*files = (struct security_files){ .context = read_context(o, error) };
	if (files->context == NULL) {
		say(error);
		status = EX_CONFIG;
	}
	if (o->tls_count == 0 || (status != EX_OK && !each))
		return status;
	files->roles = roles_read(o->roles, o->overlay, reason);
	if (files->roles == NULL) {
		char line[ERROR_MAX];

		snprintf(line, sizeof(line), "--roles: %s", reason);
		say(line);
		status = EX_CONFIG;
	}
	if (status != EX_OK)
		security_files_drop(files);
	return status;
}

void
security_files_drop(struct security_files *files)
{
	tls_context_free(files->context);
	roles_free(files->roles);
	*files = (struct security_files){ .context = NULL };
}

static void
say_at_start(const char *error)
{
	log_line(LOG_ERROR, "start: %s", error);
}

static void
say_at_reload(const char *error)
{
	log_line(LOG_ERROR, "reload: %s", error);
}

static void
say_plainly(const char *error)
{
	fprintf(stderr, "%s\n", error);
}

/* Whether there is anything to be read. */
static bool
is_wanted(const struct options *o)
{
	return o->tls_count != 0 || o->http_tls;
}

int
security_read(const struct options *o, struct security **security)
{
	struct security_files files;
	struct security *s;
	int status;

	*security = NULL;
	if (!is_wanted(o))
		return EX_OK;
	status = read_files(o, &files, false, say_at_start);
	if (status != EX_OK)
		return status;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		log_line(LOG_ERROR, "start: --tls-cert: %s", error_text(errno));
		security_files_drop(&files);
		return EX_OSERR;
	}
	s->context = files.context;
	roles_policy_init(&s->roles, files.roles);
	identities_init(&s->identities);
	if (tls_source_init(&s->source, s->context, &s->identities) != 0) {
		log_line(LOG_ERROR, "start: --tls-cert: %s", error_text(errno));
		security_free(s);
		return EX_OSERR;
	}
	*security = s;
	return EX_OK;
}

int
security_check(const struct options *o)
{
	struct security_files files;
	int status;

	if (!is_wanted(o))
		return EX_OK;
	status = read_files(o, &files, false, say_plainly);
	if (status == EX_OK)
		security_files_drop(&files);
	return status;
}

int
security_reread(const struct security *s, const struct options *o,
    struct security_files *files)
{
	char error[TLS_TEXT_SIZE];

	*files = (struct security_files){ .context = NULL };
	if (s == NULL)
		return 0;
	if (read_files(o, files, true, say_at_reload) != EX_OK)
		return -1;
	if (!tls_context_list_expired(files->context, time(NULL), error))
		return 0;
	say_at_reload(error);
	security_files_drop(files);
	return -1;
}

static void
warn(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	log_line(level, "tls: %s", text);
}

/* Now, and again in a day. */
static void
warn_daily(struct security *s)
{
	const struct timeval day = { .tv_sec = DAY_S };

	tls_context_warn(s->context, time(NULL), warn, NULL);
	event_add(s->daily, &day);
}

void
security_renew(struct security *s, struct security_files *files)
{
	if (s == NULL)
		return;
	tls_source_replace(&s->source, files->context);
	tls_context_free(s->context);
	s->context = files->context;
	roles_policy_replace(&s->roles, files->roles);
	if (s->door != NULL)
		server_check_peers(s->server);
	warn_daily(s);
}

struct ssl_ctx_st *
security_https(const struct security *s)
{
	return s == NULL ? NULL : tls_context_https(s->context);
}

const struct policy *
security_policy(struct security *s, const struct policy *next)
{
	if (s == NULL || s->roles.roles == NULL)
		return next;
	s->roles.policy.next = next;
	return &s->roles.policy;
}

static void
daily_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	warn_daily(arg);
}

int
security_start(const struct options *o, struct security *s,
    struct event_base *base, struct server *server)
{
	struct door_limits limits;

	if (s == NULL)
		return EX_OK;
	s->server = server;
	door_limits_init(&limits);
	if (o->tls_count != 0)
		s->door = door_new(base, server, &s->source.source, &limits);
	s->daily = evtimer_new(base, daily_cb, s);
	if (s->daily == NULL || (o->tls_count != 0 && s->door == NULL)) {
		log_line(LOG_ERROR, "start: --tls-cert: %s", error_text(errno));
		return EX_OSERR;
	}
	warn_daily(s);
	return EX_OK;
}

const struct entrance *
security_entrance(const struct security *s)
{
	return s == NULL || s->door == NULL ? NULL : door_entrance(s->door);
}

struct identities *
security_identities(struct security *s)
{
	return s == NULL ? NULL : &s->identities;
}

struct api_security
security_show(const struct security *s)
{
	if (s == NULL || s->door == NULL)
		return (struct api_security){ .door = NULL };
	return (struct api_security){
		.source = &s->source,
		.door = s->door,
		.roles = &s->roles,
	};
}

void
security_close_door(struct security *s)
{
	if (s == NULL)
		return;
	door_free(s->door);
	s->door = NULL;
	if (s->daily != NULL)
		event_free(s->daily);
	s->daily = NULL;
	log_limit_flush(&s->source.role_limit, 1);
}

void
security_free(struct security *s)
{
	if (s == NULL)
		return;
	roles_policy_end(&s->roles);
	tls_source_end(&s->source);
	tls_context_free(s->context);
	free(s);
}
