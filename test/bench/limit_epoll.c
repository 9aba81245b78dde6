/*
 * What a Modbus/TCP server can cost at the least: a bare epoll loop that has
 * one response, made beforehand, for whatever is asked.
 *
 *   limit_epoll WORKLOAD
 *
 * It frames requests by the MBAP length alone, copies transaction and unit
 * identifier into the response, and sends once per read. The system chooses
 * the port, which the first line of output names. SIGTERM ends it. A workload
 * whose writes and reads alternate has two kinds of response, and is refused.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workload.h"

#define EVENTS_MAX   1024
#define INPUT_MAX    16384
#define REQUEST_MIN  6 /* bytes, as framed here */
#define REPLIES_MAX  ((INPUT_MAX + FRAME_MAX) / REQUEST_MIN * FRAME_MAX)
#define LENGTH_FIELD 4
#define UNIT_FIELD   6

struct conn {
	int fd;
	size_t partial; /* bytes of a frame that is not complete */
	uint8_t bytes[FRAME_MAX];
};

struct limit {
	int epoll;
	int listener;
	struct frame response;
	uint8_t input[INPUT_MAX + FRAME_MAX];
	uint8_t output[REPLIES_MAX];
};

/* Leave by exit, as what counts under valgrind likes to see. */
static void
stop(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_SUCCESS);
}

static void
take_clients(struct limit *l)
{
	const int on = 1;

	for (;;) {
		struct epoll_event event = { .events = EPOLLIN };
		int fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK);
		struct conn *c;

		if (fd < 0)
			return;
		c = calloc(1, sizeof(*c));
		if (c == NULL) {
			close(fd);
			return;
		}
		c->fd = fd;
		event.data.ptr = c;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void
drop(struct conn *c)
{
	close(c->fd);
	free(c);
}

/* Put a response for every whole request into the output. Returns its length,
 * and sets used to how much of the input it was for. */
static size_t
answer(struct limit *l, size_t length, size_t *used)
{
	const uint8_t *request = l->input;
	const uint8_t *end = l->input + length;
	uint8_t *reply = l->output;

	while (end - request > UNIT_FIELD) {
		ptrdiff_t size = 6 + (request[LENGTH_FIELD] << 8) +
		    request[LENGTH_FIELD + 1];

		if (end - request < size)
			break;
		memcpy(reply, l->response.bytes, l->response.length);
		reply[0] = request[0];
		reply[1] = request[1];
		reply[UNIT_FIELD] = request[UNIT_FIELD];
		reply += l->response.length;
		request += size;
	}
	*used = (size_t)(request - l->input);
	return (size_t)(reply - l->output);
}

static void
serve(struct limit *l, struct conn *c)
{
	size_t length = c->partial;
	size_t used;
	size_t owed;
	ssize_t got;

	if (length != 0)
		memcpy(l->input, c->bytes, length);
	got = recv(c->fd, l->input + length, INPUT_MAX, 0);
	if (got <= 0) {
		drop(c);
		return;
	}
	length += (size_t)got;
	owed = answer(l, length, &used);
	c->partial = length - used;
	if (c->partial > sizeof(c->bytes)) {
		drop(c);
		return;
	}
	if (c->partial != 0)
		memcpy(c->bytes, l->input + used, c->partial);
	if (owed != 0 &&
	    send(c->fd, l->output, owed, MSG_NOSIGNAL) != (ssize_t)owed)
		drop(c);
}

static _Noreturn void
loop(struct limit *l)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int ready = epoll_wait(l->epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == NULL)
				take_clients(l);
			else
				serve(l, events[i].data.ptr);
		}
	}
}

static int
listen_on_loopback(struct limit *l)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN };
	socklen_t size = sizeof(address);

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (l->epoll < 0 || l->listener < 0 ||
	    bind(l->listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(l->listener, SOMAXCONN) != 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->listener, &event) != 0 ||
	    getsockname(l->listener, (struct sockaddr *)&address, &size) != 0)
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	return fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct limit limit;
	static struct workload workload;
	const struct sigaction on_stop = { .sa_handler = stop };
	struct rlimit files;

	if (argc != 2 || workload_init(&workload, argv[1], false) != 0 ||
	    workload_alternates(&workload)) {
		fputs("usage: limit_epoll WORKLOAD\n", stderr);
		workload_list();
		return EXIT_FAILURE;
	}
	limit.response = workload.variants[0].response;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sigaction(SIGTERM, &on_stop, NULL);
	if (listen_on_loopback(&limit) != 0) {
		perror("limit_epoll");
		return EXIT_FAILURE;
	}
	loop(&limit);
}
