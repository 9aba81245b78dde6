/* The status of the server, its clients and its health, over HTTP. */
#ifndef API_STATUS_H
#define API_STATUS_H

#include <stdbool.h>
#include <stddef.h>

struct api;
struct http_request;
struct text_writer;

/* GET /api/status, /api/clients and /healthz */
void api_get_status(struct http_request *request);
void api_get_clients(struct http_request *request);
void api_get_health(struct http_request *request);

/* Add the body of /api/status, which is the data of the event "status" as well,
 * with the rates of the latest seconds, at most RATES_SECONDS. */
void api_write_status(const struct api *api, bool writable, size_t seconds,
    struct text_writer *t);

#endif
