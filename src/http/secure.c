#include "http/secure.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/*
 * Whether there is memory for the two evbuffers of a bufferevent. libevent
 * crashes if it finds none in bufferevent_openssl_socket_new. What is freed
 * here is at hand there.
 */
static bool
is_memory_at_hand(void)
{
	struct evbuffer *input = evbuffer_new();
	struct evbuffer *output = evbuffer_new();
	bool both = input != NULL && output != NULL;

	if (input != NULL)
		evbuffer_free(input);
	if (output != NULL)
		evbuffer_free(output);
	return both;
}

struct bufferevent *
secure_bufferevent_new(struct event_base *base, SSL_CTX *context)
{
	struct bufferevent *bev = NULL;
	SSL *ssl = SSL_new(context);

	if (ssl != NULL && is_memory_at_hand())
		bev = bufferevent_openssl_socket_new(base, -1, ssl,
		    BUFFEREVENT_SSL_ACCEPTING,
		    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (bev == NULL)
		SSL_free(ssl);
	ERR_clear_error();
	return bev;
}

void
secure_bufferevent_wake(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (SSL_pending(ssl) > 0 && (bufferevent_get_enabled(bev) & EV_READ))
		event_active(&bev->ev_read, EV_READ, 0);
}

void
secure_bufferevent_say_end(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}
