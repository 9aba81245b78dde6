/* What the system says of its errors. */
#ifndef SYSTEM_ERROR_H
#define SYSTEM_ERROR_H

/* The text of a value of errno, also of one that a socket gave; valid until
 * the next call in the same thread. */
const char *error_text(int error);

/* The value of errno for a code of the system, which a library has kept: the
 * same where the system itself sets errno. 0 stays 0. */
int error_of_system(int code);

#endif
