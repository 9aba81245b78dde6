/* Certificates for a rig over TLS: the server's side, and clients. */
#ifndef RIG_TLS_H
#define RIG_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tls/context.h"

struct identities;
struct ssl_st;
struct transport_source;

/* Make certificates, and a context for all servers of the program. */
void rig_tls_init(struct identities *identities);

/* False: rig_tls_init was not called. */
bool rig_tls_on(void);

/* For the door. */
const struct transport_source *rig_tls_source(void);

/* The files of the server. */
const struct tls_files *rig_tls_files(void);

/* A client's connection on a non-blocking socket, in TLS 1.2 or 1.3 in turn.
 * Its handshake is made when it first sends or receives. */
struct ssl_st *rig_tls_connect(int fd);

/* As send and recv; EAGAIN may also mean that the other of them must come
 * first. Any other error is the end. */
ssize_t rig_tls_send(struct ssl_st *ssl, const void *bytes, size_t length);
ssize_t rig_tls_receive(struct ssl_st *ssl, void *bytes, size_t room);

/* Send close_notify. */
void rig_tls_shut(struct ssl_st *ssl);

void rig_tls_free(struct ssl_st *ssl);

#endif
