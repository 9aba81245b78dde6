/* Who wrote what last, over HTTP. */
#ifndef API_WRITERS_H
#define API_WRITERS_H

struct http_request;

/* Addresses that one answer can be asked about, and contended ones listed of
 * each kind. */
#define API_WRITERS_MAX   4096
#define API_CONTENDED_MAX 500

/* GET /api/writers?kind=&address=&quantity= */
void api_get_writers(struct http_request *request);

/* GET /api/contended */
void api_get_contended(struct http_request *request);

/* GET /api/writers/map?kind= */
void api_get_writers_map(struct http_request *request);

#endif
