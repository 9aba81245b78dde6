/* The server: it creates everything, serves, and frees everything. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "options.h"

/* Serve until somebody stops it, or something fails. Log lines and the lines on
 * standard output say what happens. options are copied, but not what they point
 * to. Returns an exit status. */
int program_run(const struct options *options);

#endif
