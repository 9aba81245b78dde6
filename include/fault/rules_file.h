/* Reads a file of rules: one a line, as fault_rules_replace has it. */
#ifndef FAULT_RULES_FILE_H
#define FAULT_RULES_FILE_H

#include "fault/rules.h"

/* Bytes of a text of rules: of a file, or over HTTP. */
#define FAULT_RULES_TEXT_MAX (512 * 1024)

/*
 * Replace all rules by those of a regular file. Returns 0; or -1 with one line
 * in error, which has room for FAULT_RULES_ERROR_MAX bytes and does not name
 * the file, and the rules are as they were.
 */
int fault_rules_read(struct fault_rules *rules, const char *path, char *error);

#endif
