/* The arguments of a program, of one text. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

/*
 * Split text, of less than 20,000 bytes, into words, which any of separators
 * part. argv becomes the name of the program, the words, of which there are at
 * most 1,100, and NULL; all of it is static, until the next call. Returns argc.
 */
int arguments_split(
    const char *name, const char *text, const char *separators, char ***argv);

#endif
