/*
 * The roles file: a text that says what roles may do.
 * mbasyncserver-security(7) has the format.
 */
#ifndef ROLES_FILE_H
#define ROLES_FILE_H

#include <limits.h>
#include <stddef.h>

#include "roles/roles.h"
#include "table/datatable.h"

#define ROLES_FILE_MAX (64 * 1024) /* bytes */
#define ROLES_RANGES_MAX                                                       \
	64 /* of each right of a role, those that touch joined                 \
	    */

/* Room for any message about a file, with the longest name. */
#define ROLES_MESSAGE_MAX (PATH_MAX + 256)

/*
 * Read a file for a table of that layout.
 *
 * Returns the roles, to be freed with roles_free; or NULL, and message is one
 * line that says what is wrong, the first such thing:
 * FILE:LINE: "WORD": expected ..., or "FILE": what the system says. message has
 * room for ROLES_MESSAGE_MAX bytes.
 */
struct roles *
roles_read(const char *file, enum datatable_overlay overlay, char *message);

/* The same for a text of length bytes; file is for messages. */
struct roles *roles_read_text(const char *text, size_t length, const char *file,
    enum datatable_overlay overlay, char *message);

#endif
