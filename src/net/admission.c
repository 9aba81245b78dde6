#include "net/admission.h"

#include "system/socket.h"

static void
admit(void *arg, evutil_socket_t fd, const struct client *who)
{
	const struct admission *a = arg;
	struct transport *transport = a->begin(a->arg, fd, who);

	if (transport != NULL) {
		server_admit(a->server, fd, transport, who);
		return;
	}
	socket_close(fd);
	server_left(a->server, who);
}

/* Nobody is ever inside. */
static void
stop(void *arg)
{
	(void)arg;
}

void
admission_init(struct admission *a, struct server *server, enum client_way way,
    admission_begin_fn begin, void *arg)
{
	*a = (struct admission){
		.entrance = {
			.arg = a,
			.way = (uint8_t)way,
			.come_in = admit,
			.stop = stop,
		},
		.server = server,
		.begin = begin,
		.arg = arg,
	};
}
