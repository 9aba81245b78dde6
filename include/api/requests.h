/* The recorded requests, over HTTP. */
#ifndef API_REQUESTS_H
#define API_REQUESTS_H

struct http_request;

/* GET /api/requests */
void api_get_requests(struct http_request *request);

#endif
