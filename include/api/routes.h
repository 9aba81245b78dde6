/*
 * The routes of the API: methods, paths and the handlers that serve them.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

struct http_request;

/* The first step of every request: check the client, find the handler and call
 * it. request->context is the struct api. */
void api_dispatch(struct http_request *request);

#endif
