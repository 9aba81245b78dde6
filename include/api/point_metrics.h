/* The values of points as metrics for Prometheus. */
#ifndef API_POINT_METRICS_H
#define API_POINT_METRICS_H

struct http_request;

/* GET /metrics/points */
void api_get_point_metrics(struct http_request *request);

#endif
