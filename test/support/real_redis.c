#include "real_redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "suite.h"

#define MOST    4
#define OPTIONS 32
#define LISTENS "Ready to accept connections"

static pid_t processes[MOST];
static size_t count;

/* The engine: $REDIS_SERVER, or one that is installed. NULL: there is none. */
static const char *
program(void)
{
	const char *paths[] = { getenv("REDIS_SERVER"), "/usr/bin/redis-server",
		"/usr/bin/valkey-server" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (paths[i] != NULL && access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

bool
real_redis_is_here(void)
{
	return program() != NULL;
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* A port that was free just now. */
static uint16_t
find_port(void)
{
	struct sockaddr_in bound = loopback(0);
	socklen_t length = sizeof(bound);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert(bind(fd, (struct sockaddr *)&bound, length) == 0);
	ck_assert(getsockname(fd, (struct sockaddr *)&bound, &length) == 0);
	close(fd);
	return ntohs(bound.sin_port);
}

static const char *
log_of(uint16_t port)
{
	static char name[32];

	snprintf(name, sizeof(name), "redis-%u.log", port);
	return name;
}

static _Noreturn void
run(uint16_t port, const char *const *options)
{
	char number[8];
	const char *words[OPTIONS] = { program(), "--bind", "127.0.0.1",
		"--save", "", "--dir", scratch_path(""), "--logfile",
		log_of(port), "--enable-debug-command", "local" };
	size_t n = 11;
	bool tls = false;

	snprintf(number, sizeof(number), "%u", port);
	for (; options != NULL && *options != NULL; options++) {
		words[n++] = *options;
		if (strcmp(*options, "--tls-port") == 0) {
			words[n++] = number;
			tls = true;
		}
	}
	words[n++] = "--port";
	words[n++] = tls ? "0" : number;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv(program(), (char *const *)(uintptr_t)words);
	_exit(127);
}

/* A socket that is connected, or -1. */
static int
dial(uint16_t port)
{
	const struct sockaddr_in to = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Wait until it listens, as its log says; false: it has ended, as the port was
 * taken. */
static bool
await_listening(pid_t pid, uint16_t port)
{
	bool listens = false;

	while (!listens && waitpid(pid, NULL, WNOHANG) == 0) {
		size_t length = 0;
		char *text = scratch_read(log_of(port), &length);

		listens = text != NULL &&
		    memmem(text, length, LISTENS, strlen(LISTENS)) != NULL;
		free(text);
		poll(NULL, 0, 5);
	}
	return listens;
}

uint16_t
real_redis_start(const char *const *options)
{
	for (int i = 0; i < 20; i++) {
		uint16_t port = find_port();
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			run(port, options);
		if (await_listening(pid, port)) {
			ck_assert_uint_lt(count, MOST);
			processes[count++] = pid;
			return port;
		}
	}
	ck_abort_msg("%s does not start", program());
	return 0;
}

void
real_redis_end(void)
{
	while (count > 0) {
		kill(processes[--count], SIGKILL);
		waitpid(processes[count], NULL, 0);
	}
}

const char *
real_redis_say(uint16_t port, const char *command)
{
	static char line[256];
	size_t length = 0;
	int fd = dial(port);

	ck_assert_int_ge(fd, 0);
	snprintf(line, sizeof(line), "%s\r\n", command);
	ck_assert(send(fd, line, strlen(line), MSG_NOSIGNAL) ==
	    (ssize_t)strlen(line));
	while (length < sizeof(line) - 1 &&
	    recv(fd, line + length, 1, 0) == 1 && line[length] != '\r')
		length++;
	line[length] = '\0';
	close(fd);
	return line;
}
