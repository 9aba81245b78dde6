/*
 * HTTPS: bufferevents that speak TLS, for evhttp, and what libevent 2.1.12
 * needs to be helped with.
 */
#ifndef HTTP_SECURE_H
#define HTTP_SECURE_H

struct bufferevent;
struct event_base;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* One that has no descriptor yet, and then waits for the client's handshake. It
 * holds the context. NULL when there is no memory. */
struct bufferevent *
secure_bufferevent_new(struct event_base *base, struct ssl_ctx_st *context);

/*
 * Go on reading. libevent stops in the middle of a record when a rate limit or
 * its input's high mark is reached; then it waits for the socket, but what is
 * left of the record is in OpenSSL.
 */
void secure_bufferevent_wake(struct bufferevent *bev);

/* Tell the client that nothing more is sent; the output is empty. */
void secure_bufferevent_say_end(struct bufferevent *bev);

#endif
