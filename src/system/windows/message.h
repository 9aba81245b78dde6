/* What Windows says of an error. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "api.h"

#define WINDOWS_MESSAGE_MAX 512

/* Returns text, which has room for WINDOWS_MESSAGE_MAX bytes: one line, without
 * a full stop. */
const char *windows_message(DWORD error, char *text);

#endif
