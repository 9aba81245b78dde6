/*
 * The clients, as JSON: the connections that asked last, and of hosts that have
 * none now the last that is known. What is reported of a host comes with its
 * connection that asked last.
 */
#ifndef API_CLIENTS_H
#define API_CLIENTS_H

#include <stdbool.h>

struct api;
struct json_text;

/* Connections that are listed at most. */
#define API_CLIENTS_MAX 128

/* An array of objects. Returns whether it will be another soon though no client
 * does anything more: a rate is to fall, or replies are being read. */
bool api_write_clients(const struct api *api, struct json_text *t);

#endif
