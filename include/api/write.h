/*
 * Writing the data table over HTTP, where --http-write allows it. Each request
 * writes all of its values, or none.
 */
#ifndef API_WRITE_H
#define API_WRITE_H

struct http_request;

/* PUT /api/registers and /api/coils */
void api_put_registers(struct http_request *request);
void api_put_coils(struct http_request *request);

/* POST /api/reset and /api/load */
void api_reset(struct http_request *request);
void api_load(struct http_request *request);

#endif
