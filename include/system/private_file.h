/* Files that hold a secret: a token, a private key. */
#ifndef SYSTEM_PRIVATE_FILE_H
#define SYSTEM_PRIVATE_FILE_H

#include <stddef.h>

/* The longest secret that private_file_read_word can read. */
#define PRIVATE_FILE_WORD_MAX 256

/*
 * Open a file for reading. It must be a regular file that others can neither
 * read nor write, and the group cannot write; or a secret of a container, which
 * is root's, has mode 0444 or less, and is on a file system that is mounted
 * read-only. Returns the descriptor, or -1; then why is the system's error, or
 * what is expected of the file.
 */
int private_file_open(const char *path, const char **why);

/*
 * Read a secret, the first line of such a file: least to most, at
 * most PRIVATE_FILE_WORD_MAX, printable characters without a space. word has
 * room for most + 1 bytes.
 *
 * Returns NULL, or why there is none; expected is what is said of another line.
 */
const char *private_file_read_word(const char *path, size_t least, size_t most,
    const char *expected, char *word);

#endif
