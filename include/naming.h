/*
 * The options --points and --check: read the points file at the start, or tell
 * what is in it.
 */
#ifndef NAMING_H
#define NAMING_H

struct options;
struct points;

/*
 * Read the points file, if the options name one; else *points is NULL. Errors
 * and warnings are logged, also those that only these options make.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after lines that say
 * why, and then *points is NULL.
 */
int naming_read(const struct options *o, struct points **points);

/*
 * Check the files that the options name, and print the points as they were
 * understood on standard output, which gets nothing else. Errors and warnings
 * are printed on standard error.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after lines that say
 * why.
 */
int naming_check(const struct options *o);

#endif
