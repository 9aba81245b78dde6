/* Entity tags: RFC 9110, 8.8.3 and 13.1.2. Pure. */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include <stdbool.h>

/*
 * Whether the value of an If-None-Match header, or NULL, names an entity tag:
 * "*" names any, and a list names those in it, compared weakly, so that W/"1"
 * is "1". etag is a strong one with its quotation marks. What is no list names
 * none.
 */
bool etag_is_named(const char *if_none_match, const char *etag);

#endif
