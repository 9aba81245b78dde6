/*
 * insist: end the program unless something holds, loudly. For what is shared
 * with programs that are no suites of Check, whose assertions work only there;
 * in a suite only the test ends, which has its own process.
 */
#ifndef INSIST_H
#define INSIST_H

#include <stdio.h>
#include <stdlib.h>

#define insist(expression)                                                     \
	((expression) ? (void)0 :                                              \
			(fprintf(stderr, "%s:%d: does not hold: %s\n",         \
			     __FILE__, __LINE__, #expression),                 \
			    abort()))

#endif
