#include "system/start.h"

#include "api.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "base/exit_status.h"
#include "service.h"

/* Texts are bytes, as on other systems: UTF-8, and lines end with a newline. */
static void
set_texts(void)
{
	_setmode(0, _O_BINARY);
	_setmode(1, _O_BINARY);
	_setmode(2, _O_BINARY);
	SetConsoleOutputCP(CP_UTF8);
}

int
start_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
	WSADATA sockets;

	/* A failure is the caller's to tell, not a dialogue's. */
	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
	    SEM_NOOPENFILEERRORBOX);
	set_texts();
	if (arguments_of_process(&argc, &argv) != 0 ||
	    WSAStartup(MAKEWORD(2, 2), &sockets) != 0) {
		fputs("mbasyncserver: cannot be started by this system\n",
		    stderr);
		return EX_OSERR;
	}
	if (argc > 1 && strcmp(argv[1], "service") == 0)
		return service_main(argc - 1, argv + 1, run);
	return run(argc, argv);
}
