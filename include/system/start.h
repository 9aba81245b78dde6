/* The start of the process, before anything else is done. */
#ifndef SYSTEM_START_H
#define SYSTEM_START_H

/*
 * Call run with the arguments, once the system is ready for everything else in
 * this folder, and return what it returns: an exit status. Where arguments come
 * in another encoding they are passed in UTF-8; where a service manager calls
 * the program in its own way, so that run is called from its thread. As the
 * first process of a container, signals that would end any other process end
 * this one, too: with exit status 128 + the number of the signal.
 */
int start_main(int argc, char **argv, int (*run)(int argc, char **argv));

#endif
