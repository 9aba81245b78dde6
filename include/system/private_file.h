/* Files that hold a secret: a token, a private key. */
#ifndef SYSTEM_PRIVATE_FILE_H
#define SYSTEM_PRIVATE_FILE_H

/*
 * Open a file for reading. It must be a regular file that others can neither
 * read nor write, and the group cannot write. Returns the descriptor, or -1;
 * then why is the system's error, or what is expected of the file.
 */
int private_file_open(const char *path, const char **why);

#endif
