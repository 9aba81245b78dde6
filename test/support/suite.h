/* The end of main in every unit test program. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

/* Run one suite; returns what main returns. */
int suite_run(Suite *suite);

#endif
