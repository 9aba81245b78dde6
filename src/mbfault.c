#include <stdio.h>
#include <stdlib.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "fault/options.h"
#include "fault/program.h"
#include "system/signals.h"
#include "system/start.h"
#include "version.h"

static int
print_help(void)
{
	char *help = fault_options_help();

	if (help == NULL)
		return EX_OSERR;
	fputs(help, stdout);
	free(help);
	return EX_OK;
}

static int
run(int argc, char **argv)
{
	struct fault_options options;
	char error[FAULT_OPTIONS_ERROR_MAX];

	signals_ignore_file_limits(); /* they are no reason to end */
	signals_ignore_closed_pipes();
	if (fault_options_parse(argc, argv, &options, error) != 0) {
		fprintf(stderr, "mbfault: %s\n", error);
		return EX_USAGE;
	}
	if (options.action == FAULT_HELP)
		return print_help();
	if (options.action == FAULT_VERSION) {
		printf("mbfault version %s\n", VERSION);
		return EX_OK;
	}
	log_open();
	log_set_level(options.log_level);
	return fault_program_run(&options);
}

int
main(int argc, char **argv)
{
	return start_main(argc, argv, run);
}
