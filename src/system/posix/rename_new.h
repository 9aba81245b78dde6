/* Rename, replacing nothing. Returns 0, or -1 with errno set: EINVAL or ENOSYS
 * where the file system, or the system, cannot. */
#ifndef POSIX_RENAME_NEW_H
#define POSIX_RENAME_NEW_H

int rename_new(const char *from, const char *to);

#endif
