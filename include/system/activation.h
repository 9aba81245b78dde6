/*
 * Socket activation: sockets that a service manager has opened and passed to
 * this process, sd_listen_fds(3). LISTEN_FDS is their number, LISTEN_PID the
 * process that they are for, and LISTEN_FDNAMES has their names.
 */
#ifndef SYSTEM_ACTIVATION_H
#define SYSTEM_ACTIVATION_H

#include <stdint.h>

/* The first descriptor that is passed; the others follow it. */
#define ACTIVATION_FIRST_FD 3

/* Room for any error text of activation_take. */
#define ACTIVATION_ERROR_MAX 300

/* The most sockets that activation_take can take. */
#define ACTIVATION_MAX 32

/*
 * Take the sockets that were passed to this process, and unset the variables.
 * To be called once, before any other descriptor is opened and kept. Each must
 * be a listening TCP socket, IPv4 or IPv6; it becomes close-on-exec.
 *
 * Returns how many there are, 0 to most, or -1 with one line in error, which
 * has room for ACTIVATION_ERROR_MAX bytes: it names the variable or the
 * descriptor and what was expected, and has no newline. Sets a bit of *named,
 * 1 << i for the i-th, for each socket with this name. most is at most
 * ACTIVATION_MAX.
 */
int activation_take(int most, const char *name, uint32_t *named, char *error);

#endif
