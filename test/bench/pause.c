#include "pause.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US (30 * 1000 * 1000)
#define STEP_US     20

int
pause_init(struct pause *p, pid_t server)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)server);
	p->server = server;
	p->stat = open(path, O_RDONLY | O_CLOEXEC);
	return p->stat < 0 ? -1 : 0;
}

/* The letter of proc(5), or 0: the process is gone. */
static int
state(const struct pause *p)
{
	char text[256];
	ssize_t length = pread(p->stat, text, sizeof(text) - 1, 0);
	const char *name_end;

	if (length <= 0)
		return 0;
	text[length] = '\0';
	name_end = strrchr(text, ')');
	return name_end == NULL ? 0 : name_end[2];
}

/* Wait until the server's state is one of these. */
static int
wait_for(const struct pause *p, const char *states)
{
	for (int us = 0; us < PATIENCE_US; us += STEP_US) {
		int now = state(p);

		if (now == 0)
			return -1;
		if (strchr(states, now) != NULL)
			return 0;
		usleep(STEP_US);
	}
	return -1;
}

int
pause_begin(struct pause *p)
{
	if (wait_for(p, "S") != 0 || kill(p->server, SIGSTOP) != 0)
		return -1;
	return wait_for(p, "Tt"); /* t: and traced */
}

int
pause_end(const struct pause *p)
{
	return kill(p->server, SIGCONT);
}
