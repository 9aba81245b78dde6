/*
 * A server made with libmodbus for many clients, in the way its documentation
 * shows (modbus_tcp_accept and modbus_receive under select), for
 * scripts/scoreboard: four tables of 65,536 items, and a port that the system
 * chooses and that the first line of output names.
 */
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE_ITEMS 65536
#define BACKLOG     32

struct peer {
	modbus_t *context;         /* owned */
	modbus_mapping_t *mapping; /* owned */
	int listener;
	int highest;
	fd_set open;
};

static void
print_port(int listener)
{
	struct sockaddr_in address = { .sin_port = 0 };
	socklen_t size = sizeof(address);

	if (getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

static void
take_client(struct peer *p)
{
	int fd = accept(p->listener, NULL, NULL);

	if (fd < 0)
		return;
	if (fd >= FD_SETSIZE) {
		close(fd);
		return;
	}
	FD_SET(fd, &p->open);
	if (fd > p->highest)
		p->highest = fd;
}

/* Receive one request and reply to it; close when that fails. */
static void
serve_client(struct peer *p, int fd)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	int length;

	modbus_set_socket(p->context, fd);
	length = modbus_receive(p->context, query);
	if (length > 0)
		modbus_reply(p->context, query, length, p->mapping);
	else if (length == -1) {
		close(fd);
		FD_CLR(fd, &p->open);
	}
}

static void
serve(struct peer *p)
{
	for (;;) {
		fd_set ready = p->open;

		if (select(p->highest + 1, &ready, NULL, NULL, NULL) < 0)
			return;
		for (int fd = 0; fd <= p->highest; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == p->listener)
				take_client(p);
			else
				serve_client(p, fd);
		}
	}
}

int
main(void)
{
	struct peer p = { .context = modbus_new_tcp("127.0.0.1", 0) };

	/* Without it, a client that resets its connection ends the server. */
	signal(SIGPIPE, SIG_IGN);
	p.mapping = modbus_mapping_new(
	    TABLE_ITEMS, TABLE_ITEMS, TABLE_ITEMS, TABLE_ITEMS);
	if (p.context == NULL || p.mapping == NULL)
		return EXIT_FAILURE;
	p.listener = modbus_tcp_listen(p.context, BACKLOG);
	if (p.listener < 0)
		return EXIT_FAILURE;
	p.highest = p.listener;
	FD_ZERO(&p.open);
	FD_SET(p.listener, &p.open);
	print_port(p.listener);
	serve(&p);
	modbus_mapping_free(p.mapping);
	modbus_free(p.context);
	return EXIT_FAILURE;
}
