#include "system/start.h"

int
start_main(int argc, char **argv, int (*run)(int argc, char **argv))
{
	return run(argc, argv);
}
