/* The service in the list of the service control manager. */
#ifndef SERVICE_INSTALL_H
#define SERVICE_INSTALL_H

#include "api.h"

#define SERVICE_NAME L"mbasyncserver"

/* Words that the command line of the service begins with, after the program and
 * before its folder and the options: mbasyncserver service run FOLDER. */
#define SERVICE_RUN_WORDS L"service run"

/* Both return an exit status, after a line that says what was done, or why it
 * was not. argv are the options of the service. */
int service_install(int argc, char **argv);
int service_remove(void);

#endif
