/* The command "mbasyncserver health": asks a server whether all is well. */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

/* What the command returns, as Docker expects it, or one of sysexits.h. */
#define HEALTH_GOOD 0
#define HEALTH_BAD  1

/* Run a command line whose argv[0] is "health": print one line on standard
 * output, or one about an error on standard error. Returns an exit status. */
int health_main(int argc, char **argv);

#endif
