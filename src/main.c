#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "health/health.h"
#include "journal/journal.h"
#include "naming.h"
#include "options.h"
#include "persistence.h"
#include "program.h"
#include "security.h"
#include "shared_start.h"
#include "system/error.h"
#include "system/signals.h"
#include "system/start.h"
#include "version.h"

static int
print_help(void)
{
	char *help = options_help();

	if (help == NULL)
		return EX_OSERR;
	fputs(help, stdout);
	free(help);
	return EX_OK;
}

/* Returns an exit status. */
static int
check(const struct options *o)
{
	int status = security_check(o);

	if (status == EX_OK)
		status = shared_start_check(o);
	return status == EX_OK ? naming_check(o) : status;
}

/* Whether the clock can be read; says so if not. */
static bool
check_clock(void)
{
	if (clock_can_tell_time())
		return true;
	fprintf(stderr,
	    "mbasyncserver: clock: %s: expected a time before "
	    "2038-01-19T03:14:08Z on this 32-bit machine\n",
	    error_text(errno));
	return false;
}

/* The commands beside the server, which is the one without a name. */
static const struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* returns an exit status */
} commands[] = {
	{ "health", health_main },
	{ "journal", journal_main },
};

/* The command that the first argument names, or NULL. */
static const struct command *
find_command(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* The server. Returns an exit status. */
static int
serve(int argc, char **argv)
{
	struct options options;
	char error[OPTIONS_ERROR_MAX];

	signals_ignore_closed_pipes(); /* standard output may be one */
	if (options_parse(argc, argv, &options, error) != 0) {
		fprintf(stderr, "mbasyncserver: %s\n", error);
		return EX_USAGE;
	}
	options_hide(&options, argc, argv);
	switch (options.action) {
	case OPTIONS_HELP:
		return print_help();
	case OPTIONS_VERSION:
		printf("MBAsyncServer version %s\n", VERSION);
		return EX_OK;
	case OPTIONS_CHECK:
		return check(&options);
	case OPTIONS_CREATE:
	case OPTIONS_RUN:
		break;
	}
	log_open();
	log_set_level(options.log_level);
	return options.action == OPTIONS_CREATE ? persistence_create(&options) :
						  program_run(&options);
}

static int
run(int argc, char **argv)
{
	const struct command *command = find_command(argc, argv);

	signals_ignore_file_limits(); /* they are no reason to end */
	if (!check_clock())
		return EX_OSERR;
	return command != NULL ? command->run(argc - 1, argv + 1) :
				 serve(argc, argv);
}

int
main(int argc, char **argv)
{
	return start_main(argc, argv, run);
}
