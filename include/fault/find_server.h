/* Finds the server that --to names. */
#ifndef FAULT_FIND_SERVER_H
#define FAULT_FIND_SERVER_H

#include "base/address.h"

struct fault_options;

/* Look up its address, which may take as long as the system's names do. Returns
 * an exit status: EX_OK; or, logged, EX_UNAVAILABLE where the name has none, or
 * EX_USAGE where it is this program itself. */
int fault_find_server(const struct fault_options *options, struct address *to);

#endif
