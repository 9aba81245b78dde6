/* A directory for the files of one test, removed with its contents at the end.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>

void scratch_begin(void);
void scratch_end(void);

/* A path in it; of a static text, until the next call but three. */
const char *scratch_path(const char *name);

/* The bytes of a file, which the caller frees, or NULL when there is none. */
char *scratch_read(const char *name, size_t *length);
void scratch_write(const char *name, const void *bytes, size_t length);

#endif
