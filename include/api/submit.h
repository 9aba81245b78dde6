/*
 * What every request that writes does: ask whether it may, take its body, and
 * submit the write by the path of a Modbus client's. Each function replies with
 * the error when there is one.
 */
#ifndef API_SUBMIT_H
#define API_SUBMIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/writing.h"

struct evbuffer;
struct http_request;

/* Bytes of a request's body. */
#define WRITE_BODY_MAX (1024 * 1024)

/* Whether the request may write. Otherwise replies with the error. */
bool api_allows_write(struct http_request *request);

/* Whether the access rules let the client of a request write anything at all.
 * Otherwise replies with the error: as if there were no such function. */
bool api_is_writer(struct http_request *request);

/* Returns the body, an object that the caller owns, or NULL after a reply that
 * says what is wrong. */
json_t *api_take_body(struct http_request *request);

/* JSON as the text of a reply. Takes value over; NULL when it is NULL, as the
 * result of jansson when memory is exhausted, or when it is now. */
struct evbuffer *api_json_text(json_t *value);

/* Submit the write, and reply when it is executed or refused: with reply, which
 * is JSON text and taken over, or with the error. NULL, the reply when memory
 * is exhausted, becomes status 500, and nothing is written. */
void api_submit(struct http_request *request, const struct writing *writings,
    size_t count, struct evbuffer *reply);

/* The same on behalf of an internal client, which the policy is not asked
 * about. */
void api_submit_as(struct http_request *request, const struct client *who,
    const struct writing *writings, size_t count, struct evbuffer *reply);

#endif
