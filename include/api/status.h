/* The status of the server, its clients and its health, over HTTP. */
#ifndef API_STATUS_H
#define API_STATUS_H

#include <stdbool.h>

struct api;
struct http_request;
struct text_writer;

/* GET /api/status, /api/clients and /healthz */
void api_get_status(struct http_request *request);
void api_get_clients(struct http_request *request);
void api_get_health(struct http_request *request);

/* Add the body of /api/status, which is the data of the event "status" as well.
 */
void
api_write_status(const struct api *api, bool writable, struct text_writer *t);

#endif
