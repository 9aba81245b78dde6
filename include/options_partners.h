/*
 * Which options need which others: the rows that command_line_parse checks, and
 * what depends on values.
 */
#ifndef OPTIONS_PARTNERS_H
#define OPTIONS_PARTNERS_H

#include "base/command_line.h"

struct options;

#define OPTIONS_REQUIREMENTS 35

extern const struct command_line_requirement
    options_requirements[OPTIONS_REQUIREMENTS];

/*
 * Check what the options require of one another, once all have their values.
 * Returns 0, or -1 with one line in error, which has room for OPTIONS_ERROR_MAX
 * bytes.
 */
int options_check_partners(const struct options *o, char *error);

#endif
