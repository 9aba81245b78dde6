/* What the server and its clients do, over HTTP. */
#ifndef API_STATUS_H
#define API_STATUS_H

#include <stdbool.h>

struct api;
struct http_request;
struct json_text;

/* GET /api/status, /api/clients and /healthz */
void api_get_status(struct http_request *request);
void api_get_clients(struct http_request *request);
void api_get_health(struct http_request *request);

/* The body of the first, as events carry it too. */
void
api_write_status(const struct api *api, bool writable, struct json_text *t);

#endif
