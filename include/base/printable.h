/* Text from outside, as it may stand in a line of ours. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

/* Room for 100 bytes of it, and the NUL. */
#define PRINTABLE_SIZE 101

/*
 * Copy text into out, which has room for PRINTABLE_SIZE bytes: cut, and with a
 * question mark for each control character. Returns out.
 */
const char *printable(const char *text, char *out);

/* Make text one line, whatever the files it names are called: with a question
 * mark for each newline. */
void printable_line(char *text);

#endif
