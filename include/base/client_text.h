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

#endif
