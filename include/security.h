/*
 * Modbus/TCP Security, where options ask for it: the certificates, the roles,
 * and the door through which clients come in. Certificates for HTTPS, too.
 */
#ifndef SECURITY_H
#define SECURITY_H

struct api_security;
struct entrance;
struct event_base;
struct identities;
struct options;
struct policy;
struct security;
struct roles;
struct server;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct tls_context;

/*
 * Read the files of the options. Sets *security, to NULL without --tls and
 * --http-tls; then all of the following do nothing.
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
 * With --tls: open the door to a server. Log what the operator should know of
 * the certificates, now and then once a day. Returns an exit status, logged.
 */
int security_start(const struct options *o, struct security *s,
    struct event_base *base, struct server *server);

/* For server_listen: the door, or NULL without one. */
const struct entrance *security_entrance(const struct security *s);

/* With --http-tls: the context of HTTPS, borrowed until the next
 * security_renew; else NULL. */
struct ssl_ctx_st *security_https(const struct security *s);

/* What the files hold. Owned. */
struct security_files {
	struct tls_context *context; /* NULL: neither --tls nor --http-tls */
	struct roles *roles;         /* NULL: no --tls */
};

/*
 * Read the files again, for a reload; a revocation list that has expired is
 * wrong there. Returns 0, or -1 after a line for each kind of file that is
 * wrong; then files holds nothing.
 */
int security_reread(const struct security *s, const struct options *o,
    struct security_files *files);

/*
 * Put them in force, and take them over. Roles hold from each client's next
 * request on. New clients are let in by the new certificates and lists, and
 * those who are connected are asked for again: see server_check_peers.
 */
void security_renew(struct security *s, struct security_files *files);

void security_files_drop(struct security_files *files);

/* Those of its clients, borrowed until it is freed; NULL without it. */
struct identities *security_identities(struct security *s);

/* For the metrics; empty without a door. */
struct api_security security_show(const struct security *s);

/* Close the door; before the server is freed. NULL is fine. */
void security_close_door(struct security *s);

/* After the server was freed. NULL is fine. */
void security_free(struct security *s);

#endif
