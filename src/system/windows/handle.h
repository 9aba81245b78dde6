/* Files by their names in UTF-8, and descriptors of the C library for them. */
#ifndef HANDLE_H
#define HANDLE_H

#include "api.h"

/* As CreateFileW. Others may do with the file what they like, also remove it.
 * Returns INVALID_HANDLE_VALUE with errno set. */
HANDLE handle_open(const char *path, DWORD access, DWORD how, DWORD flags);

/* Returns a descriptor that owns the handle, or -1 with errno set, also where
 * that is INVALID_HANDLE_VALUE. */
int handle_descriptor(HANDLE file);

/* The handle of a descriptor, borrowed. */
HANDLE handle_of(int fd);

#endif
