/* The last writer of each address, over HTTP. */
#ifndef API_WRITERS_H
#define API_WRITERS_H

struct http_request;

/* The most addresses of one request, and the most contended addresses listed of
 * each kind. */
#define API_WRITERS_MAX   4096
#define API_CONTENDED_MAX 500

/* GET /api/writers?kind=&address=&quantity=, or ?point= */
void api_get_writers(struct http_request *request);

/* GET /api/contended */
void api_get_contended(struct http_request *request);

/* GET /api/writers/map?kind= */
void api_get_writers_map(struct http_request *request);

#endif
