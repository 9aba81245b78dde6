/* What the system says of its errors. */
#ifndef SYSTEM_ERROR_H
#define SYSTEM_ERROR_H

/* The text of a value of errno, also of one that a socket gave; valid until
 * the next call in the same thread. */
const char *error_text(int error);

#endif
