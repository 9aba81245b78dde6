/* mbfault(1): it creates everything, forwards, and frees everything. */
#ifndef FAULT_PROGRAM_H
#define FAULT_PROGRAM_H

#include "fault/options.h"

/* Forward until somebody stops it. Log lines and the lines on standard output
 * say what happens. Returns an exit status. */
int fault_program_run(const struct fault_options *options);

#endif
