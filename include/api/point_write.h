/* Writing points over HTTP. Each request writes all of its values, or none. */
#ifndef API_POINT_WRITE_H
#define API_POINT_WRITE_H

struct http_request;

/* PUT /api/points/NAME {"value":} */
void api_put_point(struct http_request *request);

/* PUT /api/points {"values":{NAME:, ...}} */
void api_put_points(struct http_request *request);

#endif
