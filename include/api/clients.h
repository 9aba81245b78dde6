/*
 * The clients as JSON: the most recently active connections, and for each host
 * that has no connection now its last one. The report on a host stands at its
 * most recently active connection.
 */
#ifndef API_CLIENTS_H
#define API_CLIENTS_H

#include <stdbool.h>

struct api;
struct text_writer;

/* The most connections that are listed. */
#define API_CLIENTS_MAX 128

/* Add an array of objects. Returns whether it will change without further
 * activity of the clients: rates fall to 0, and unsent bytes are sent. */
bool api_write_clients(const struct api *api, struct text_writer *t);

#endif
