#include "security.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/identity.h"
#include "base/log.h"
#include "net/door.h"
#include "options.h"
#include "roles/file.h"
#include "roles/policy.h"
#include "tls/context.h"
#include "tls/transport.h"

#define DAY_S (24 * 3600)

/* An error line about one of the files, without its event. */
#define ERROR_MAX (ROLES_MESSAGE_MAX + 16)

struct security {
	struct tls_context *context; /* owned */
	struct roles_policy roles;   /* owns its roles */
	struct identities identities;
	struct tls_source source;
	struct door *door;   /* owned; NULL: closed */
	struct event *daily; /* owned */
};

/* Read all files. Returns EX_OK, or another status with error. */
static int
read_files(const struct options *o, struct tls_context **context,
    struct roles **roles, char *error)
{
	const struct tls_files files = {
		.cert = o->tls_cert,
		.key = o->tls_key,
		.ca = o->tls_ca,
		.crl = o->tls_crl,
	};
	char reason[ROLES_MESSAGE_MAX > TLS_TEXT_SIZE ? ROLES_MESSAGE_MAX :
							TLS_TEXT_SIZE];

	*context = tls_context_new(&files, reason);
	if (*context == NULL) {
		snprintf(error, ERROR_MAX, "%s", reason);
		return EX_CONFIG;
	}
	*roles = roles_read(o->roles, o->overlay, reason);
	if (*roles == NULL) {
		snprintf(error, ERROR_MAX, "--roles: %s", reason);
		tls_context_free(*context);
		return EX_CONFIG;
	}
	return EX_OK;
}

int
security_read(const struct options *o, struct security **security)
{
	struct security *s = NULL;
	struct tls_context *context;
	struct roles *roles;
	char error[ERROR_MAX];
	int status;

	*security = NULL;
	if (o->tls_count == 0)
		return EX_OK;
	status = read_files(o, &context, &roles, error);
	if (status != EX_OK) {
		log_line(LOG_ERROR, "start: %s", error);
		return status;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		log_line(LOG_ERROR, "start: --tls: %s", strerror(errno));
		tls_context_free(context);
		roles_free(roles);
		return EX_OSERR;
	}
	s->context = context;
	roles_policy_init(&s->roles, roles);
	identities_init(&s->identities);
	tls_source_init(&s->source, s->context, &s->identities);
	*security = s;
	return EX_OK;
}

int
security_check(const struct options *o)
{
	struct tls_context *context;
	struct roles *roles;
	char error[ERROR_MAX];
	int status;

	if (o->tls_count == 0)
		return EX_OK;
	status = read_files(o, &context, &roles, error);
	if (status != EX_OK) {
		fprintf(stderr, "%s\n", error);
		return status;
	}
	tls_context_free(context);
	roles_free(roles);
	return EX_OK;
}

const struct policy *
security_policy(struct security *s, const struct policy *next)
{
	if (s == NULL)
		return next;
	s->roles.policy.next = next;
	return &s->roles.policy;
}

static void
warn(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	log_line(level, "tls: %s", text);
}

static void
daily_cb(evutil_socket_t fd, short what, void *arg)
{
	const struct security *s = arg;

	(void)fd;
	(void)what;
	tls_context_warn(s->context, time(NULL), warn, NULL);
}

int
security_open_door(
    struct security *s, struct event_base *base, struct server *server)
{
	const struct timeval day = { .tv_sec = DAY_S };
	struct door_limits limits;

	door_limits_init(&limits);
	s->door = door_new(base, server, &s->source.source, &limits);
	s->daily = event_new(base, -1, EV_PERSIST, daily_cb, s);
	if (s->door == NULL || s->daily == NULL ||
	    event_add(s->daily, &day) != 0) {
		log_line(LOG_ERROR, "start: --tls: %s", strerror(errno));
		return EX_OSERR;
	}
	tls_context_warn(s->context, time(NULL), warn, NULL);
	return EX_OK;
}

const struct entrance *
security_entrance(const struct security *s)
{
	return s == NULL || s->door == NULL ? NULL : door_entrance(s->door);
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
	tls_context_free(s->context);
	free(s);
}
