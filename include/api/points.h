/* Reading the points over HTTP. */
#ifndef API_POINTS_H
#define API_POINTS_H

struct http_request;

/* GET /api/points */
void api_get_points(struct http_request *request);

/* GET /api/points/NAME */
void api_get_point(struct http_request *request);

/* GET /api/points.csv: the format of a points file, from which another server
 * starts with the same values. */
void api_get_points_csv(struct http_request *request);

#endif
