/* Metrics for Prometheus, in text format 0.0.4. */
#ifndef API_METRICS_H
#define API_METRICS_H

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct api;
struct http_request;
struct text_writer;

/* GET /metrics */
void api_get_metrics(struct http_request *request);

/* Add the metrics to t. */
void metrics_write(const struct api *api, struct text_writer *t);

#endif
