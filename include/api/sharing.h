/*
 * Replies that pages of other origins may read: those that --http-origin lists.
 * Cross-Origin Resource Sharing, in the Fetch standard. Such a page reads
 * everything; it writes only where that takes the token, which browsers never
 * add by themselves.
 */
#ifndef API_SHARING_H
#define API_SHARING_H

#include <stdbool.h>

struct http_request;

/* Whether a page of a listed origin sends the request. Adds to the reply what
 * caches, and the browser of such a page, have to know. */
bool sharing_begin(struct http_request *request);

/* Whether such a page may write, with the token. */
bool sharing_may_write(const struct http_request *request);

/* Whether a browser asks if such a page may send another request; and the reply
 * to that. */
bool sharing_is_preflight(const struct http_request *request);
void sharing_reply_preflight(struct http_request *request);

#endif
