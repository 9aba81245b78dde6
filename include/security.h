/*
 * Modbus/TCP Security, where options ask for it: the certificates, the roles,
 * and the door through which clients come in.
 */
#ifndef SECURITY_H
#define SECURITY_H

struct entrance;
struct event_base;
struct options;
struct policy;
struct security;
struct server;

/*
 * Read the files of the options. Sets *security, to NULL without --tls.
 * Returns an exit status of sysexits.h: EX_OK, or another one, logged.
 */
int security_read(const struct options *o, struct security **security);

/* Check the files, and print what is wrong to standard error. Returns an exit
 * status. */
int security_check(const struct options *o);

/* The roles as a policy that is asked before next; next itself without
 * security. */
const struct policy *
security_policy(struct security *s, const struct policy *next);

/*
 * Open the door to a server, and log what the operator should know of the
 * certificates, now and then once a day. Returns an exit status.
 */
int security_open_door(
    struct security *s, struct event_base *base, struct server *server);

/* For server_listen: the door, or NULL without one. */
const struct entrance *security_entrance(const struct security *s);

/* Close the door; before the server is freed. NULL is fine. */
void security_close_door(struct security *s);

/* After the server was freed. NULL is fine. */
void security_free(struct security *s);

#endif
