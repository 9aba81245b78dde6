#include "system/start.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static void
end(int number)
{
	_exit(128 + number);
}

/*
 * Linux gives the first process of a container, whose number is 1, no signal
 * that would act by default (pid_namespaces(7)): let each that is not ignored
 * end it at once, with the status that a shell reports. Whoever catches one of
 * them later replaces that, and restores it when done.
 */
static void
end_first_process_by_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	const struct sigaction ending = { .sa_handler = end };
	struct sigaction old;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			sigaction(numbers[i], &ending, NULL);
}

int
start_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
	if (getpid() == 1)
		end_first_process_by_signals();
	return run(argc, argv);
}
