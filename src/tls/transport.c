#include "tls/transport.h"

#include <event2/util.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/client.h"
#include "base/client_text.h"
#include "tls/context.h"
#include "tls/socket.h"

struct tls_transport {
	struct transport transport;
	struct tls_source *source;   /* borrowed */
	struct tls_session *session; /* owned */
	unsigned generation;         /* of the context it began with */
	const char *bad;             /* why it is no longer good, or NULL */
	bool done;                   /* its handshake */
};

static struct tls_session *
session_of(struct transport *t)
{
	return ((struct tls_transport *)(void *)t)->session;
}

static enum transport_step
step_of(enum tls_step step)
{
	static const enum transport_step steps[] = {
		[TLS_DONE] = TRANSPORT_DONE,
		[TLS_WANT_READ] = TRANSPORT_WANTS_READ,
		[TLS_WANT_WRITE] = TRANSPORT_WANTS_WRITE,
		[TLS_EOF] = TRANSPORT_EOF,
		[TLS_FAILED] = TRANSPORT_FAILED,
	};

	return steps[step];
}

static bool
is_still_good(struct transport *t)
{
	struct tls_transport *own = (void *)t;

	own->bad = tls_session_recheck(own->session, own->source->context);
	return own->bad == NULL;
}

static const char *
version(const struct transport *t)
{
	const struct tls_transport *own = (const void *)t;

	return tls_session_version(own->session);
}

static enum transport_step
shake_hands(struct transport *t)
{
	struct tls_transport *own = (void *)t;
	enum tls_step step = tls_handshake(own->session);

	if (step == TLS_DONE && own->generation != own->source->generation &&
	    !is_still_good(t)) {
		own->source->results[TLS_RESULT_OTHER]++;
		return TRANSPORT_FAILED;
	}
	if (step == TLS_DONE || step == TLS_FAILED)
		own->source->results[tls_session_result(own->session)]++;
	own->done = step == TLS_DONE;
	own->source->connections += own->done;
	return step_of(step);
}

static const char *
reason(const struct transport *t)
{
	const struct tls_transport *own = (const void *)t;

	return own->bad != NULL ? own->bad : tls_session_reason(own->session);
}

/* Log what the operator may want to know of a session that begins. */
static void
log_session(struct tls_source *source, const struct tls_session *session,
    const struct client *who, enum tls_role found)
{
	const char *fault = tls_role_fault(found);
	char serial[IDENTITY_NAME_SIZE];
	char name[CLIENT_TEXT_MAX];

	client_format(who, name);
	if (fault != NULL)
		log_limited(&source->role_limit, LOG_WARN,
		    "role: %s: %s: taken as none", name, fault);
	log_line(LOG_DEBUG, "tls: %s: TLS %s%s, serial %s", name,
	    tls_session_version(session),
	    tls_session_result(session) == TLS_RESULT_RESUMED ? ", resumed" :
								"",
	    tls_session_serial(session, serial));
}

static const struct identity *
identity(const struct transport *t, const struct client *who)
{
	const struct tls_transport *own = (const void *)t;
	struct client named = *who;
	enum tls_role found;

	named.identity =
	    tls_session_identity(own->session, own->source->identities, &found);
	if (named.identity != NULL)
		log_session(own->source, own->session, &named, found);
	return named.identity;
}

static enum transport_step
read_record(struct transport *t, void *out, size_t room, size_t *got)
{
	return step_of(tls_read(session_of(t), out, room, got));
}

static bool
has_kept(const struct transport *t)
{
	const struct tls_transport *own = (const void *)t;

	return tls_has_kept(own->session);
}

static enum transport_step
write_record(struct transport *t, const void *bytes, size_t length)
{
	return step_of(tls_write(session_of(t), bytes, length));
}

static enum transport_step
shut(struct transport *t)
{
	return step_of(tls_shut(session_of(t)));
}

static void
free_session(struct transport *t)
{
	struct tls_transport *own = (void *)t;

	own->source->connections -= own->done;
	tls_session_free(session_of(t));
	free(t);
}

static const struct transport_methods methods = {
	.shake_hands = shake_hands,
	.reason = reason,
	.identity = identity,
	.is_still_good = is_still_good,
	.version = version,
	.read = read_record,
	.has_kept = has_kept,
	.write = write_record,
	.shut = shut,
	.free = free_session,
};

static void
late(void *arg)
{
	struct tls_source *source = arg;

	source->results[TLS_RESULT_LATE]++;
}

static struct transport *
begin(void *arg, evutil_socket_t fd)
{
	struct tls_source *source = arg;
	struct tls_transport *own = calloc(1, sizeof(*own));

	if (own == NULL)
		return NULL;
	own->transport.methods = &methods;
	own->source = source;
	own->generation = source->generation;
	own->session = tls_session_new(source->context, source->sockets, fd);
	if (own->session == NULL) {
		free(own);
		return NULL;
	}
	return (void *)own; /* its first member */
}

int
tls_source_init(struct tls_source *s, const struct tls_context *context,
    struct identities *identities)
{
	*s = (struct tls_source){
		.source = { .begin = begin, .late = late, .arg = s },
		.context = context,
		.sockets = tls_sockets_new(),
		.identities = identities,
		.role_limit.kind = "roles taken as none",
	};
	return s->sockets != NULL ? 0 : -1;
}

void
tls_source_end(struct tls_source *s)
{
	tls_sockets_free(s->sockets);
}

void
tls_source_replace(struct tls_source *s, const struct tls_context *context)
{
	s->context = context;
	s->generation++;
}
