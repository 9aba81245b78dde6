/*
 * The program as a Windows service: mbasyncserver service install | remove, and
 * what the service control manager starts, mbasyncserver service run.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

/* What is run: as main. */
typedef int (*service_program_fn)(int argc, char **argv);

/* Do what the words behind "service" say: argv[0] is "service". program is the
 * program without a service. Returns an exit status. */
int service_main(int argc, char **argv, service_program_fn program);

/* Whether this process is run by the service control manager. */
bool service_is_running(void);

/* Tell it how far the program is; these do nothing when it has not started the
 * process. */
void service_ready(void);
void service_stopping(void);

/* Write a line into the event log. level is one of syslog's, 0 to 7. */
void service_log(int level, const char *line);

#endif
