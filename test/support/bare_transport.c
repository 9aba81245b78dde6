#include "bare_transport.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/identity.h"

struct bare_transport {
	struct transport transport;
	struct bare_source *source;
	int fd;
	int steps; /* made; then bytes written of what was not all taken */
};

static enum transport_step
bare_shake_hands(struct transport *t)
{
	struct bare_transport *b = (void *)t;

	if (b->source->steps < 0)
		return TRANSPORT_FAILED;
	if (++b->steps < b->source->steps)
		return TRANSPORT_WANTS_READ;
	b->steps = 0;
	return TRANSPORT_DONE;
}

static const char *
bare_reason(const struct transport *t)
{
	(void)t;
	return "not wanted";
}

static const struct identity *
bare_identity(const struct transport *t, const struct client *who)
{
	const struct bare_transport *b = (const void *)t;

	(void)who;
	return identity_of(b->source->all, BARE_SUBJECT, "", "Operator");
}

static bool
bare_is_still_good(struct transport *t)
{
	const struct bare_transport *b = (const void *)t;

	b->source->asked++;
	return b->source->steps >= 0;
}

static const char *
bare_version(const struct transport *t)
{
	(void)t;
	return "none";
}

static enum transport_step
bare_read(struct transport *t, void *out, size_t room, size_t *got)
{
	struct bare_transport *b = (void *)t;
	ssize_t n = recv(b->fd, out, room, 0);

	*got = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return TRANSPORT_DONE;
	if (n == 0)
		return TRANSPORT_EOF;
	return errno == EAGAIN || errno == EINTR ? TRANSPORT_WANTS_READ :
						   TRANSPORT_FAILED;
}

static bool
bare_has_kept(const struct transport *t)
{
	(void)t;
	return false;
}

/* Whole, or nothing, as TLS does it with one record; here the socket may take a
 * part, and the rest is written when the same bytes come again. */
static enum transport_step
bare_write(struct transport *t, const void *bytes, size_t length)
{
	struct bare_transport *b = (void *)t;
	const char *from = bytes;
	ssize_t n;

	while ((size_t)b->steps < length) {
		n = send(b->fd, from + b->steps, length - (size_t)b->steps,
		    MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ?
			    TRANSPORT_WANTS_WRITE :
			    TRANSPORT_FAILED;
		b->steps += (int)n;
	}
	b->steps = 0;
	return TRANSPORT_DONE;
}

static enum transport_step
bare_shut(struct transport *t)
{
	((struct bare_transport *)(void *)t)->source->shut++;
	return TRANSPORT_DONE;
}

static void
bare_free(struct transport *t)
{
	((struct bare_transport *)(void *)t)->source->freed++;
	free(t);
}

static const struct transport_methods methods = {
	.shake_hands = bare_shake_hands,
	.reason = bare_reason,
	.identity = bare_identity,
	.is_still_good = bare_is_still_good,
	.version = bare_version,
	.read = bare_read,
	.has_kept = bare_has_kept,
	.write = bare_write,
	.shut = bare_shut,
	.free = bare_free,
};

static struct transport *
bare_begin(void *arg, int fd)
{
	struct bare_source *source = arg;
	struct bare_transport *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	source->begun++;
	b->transport.methods = &methods;
	b->source = source;
	b->fd = fd;
	return &b->transport;
}

void
bare_source_init(struct bare_source *b, struct identities *all)
{
	*b = (struct bare_source){
		.source = { .begin = bare_begin, .arg = b },
		.all = all,
		.steps = 1,
	};
}
