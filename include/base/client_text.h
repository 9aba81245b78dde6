/* A client as log lines name it. */
#ifndef BASE_CLIENT_TEXT_H
#define BASE_CLIENT_TEXT_H

#include "base/address.h"
#include "base/identity.h"

struct client;

/* Room for it, with the NUL. */
#define CLIENT_TEXT_MAX (ADDRESS_TEXT_MAX + 2 + IDENTITY_NAME_SIZE)

/* Format "ADDRESS", or "ADDRESS: SUBJECT" where there is an identity. text has
 * room for CLIENT_TEXT_MAX bytes. Returns text. */
const char *client_format(const struct client *who, char *text);

/* "rtu", "udp" or "unix"; NULL for Modbus/TCP, with and without TLS, and for
 * who came in no way of these. */
const char *client_way_name(uint8_t way);

#endif
