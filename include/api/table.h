/* Reading the data table over HTTP. */
#ifndef API_TABLE_H
#define API_TABLE_H

struct http_request;

/* An address, or a point, is required.
 * GET /api/registers?address=&quantity=&type=&order=, or ?point=&type=&order=
 */
void api_get_registers(struct http_request *request);

/* GET /api/coils?address=&quantity=, or ?point= */
void api_get_coils(struct http_request *request);

/* The same, with the address at the end of the path: GET /api/registers/HR42.
 * An address that is none is status 404. */
#define API_REGISTER_PATH "/api/registers/"
#define API_COIL_PATH     "/api/coils/"
void api_get_register(struct http_request *request);
void api_get_coil(struct http_request *request);

/* GET /api/dump */
void api_get_dump(struct http_request *request);

#endif
