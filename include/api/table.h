/* Reading the data table over HTTP. */
#ifndef API_TABLE_H
#define API_TABLE_H

struct http_request;

/* GET /api/registers?address=&quantity=&type=&order= */
void api_get_registers(struct http_request *request);

/* GET /api/coils?address=&quantity= */
void api_get_coils(struct http_request *request);

/* GET /api/dump */
void api_get_dump(struct http_request *request);

#endif
