/*
 * Why an address cannot be listened on: as a line of the log, and as an exit
 * status.
 */
#ifndef NET_BIND_FAILURE_H
#define NET_BIND_FAILURE_H

struct address;

/*
 * Log, as event, that where cannot be listened on, for a system's error.
 * Returns the exit status: EX_TEMPFAIL in use, EX_NOPERM not permitted, else
 * EX_OSERR.
 */
int bind_failure(const char *event, const struct address *where, int error);

/* The same for a place as text. */
int bind_failure_at(const char *event, const char *where, int error);

#endif
