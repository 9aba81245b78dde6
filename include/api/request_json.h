/* A recorded request as JSON. */
#ifndef API_REQUEST_JSON_H
#define API_REQUEST_JSON_H

#include "report/asked.h"
#include "report/recorder.h"

struct api;
struct text_writer;

/* Add an object without a line end; mbasyncserver-http(7) lists its members. */
void api_add_request(struct text_writer *t, const struct api *api,
    const struct recorded *q, const struct asked *a);

#endif
