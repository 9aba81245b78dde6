/* External text, made safe for a line of log or an error message. */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

/* Room for 100 bytes of text and the NUL. */
#define PRINTABLE_SIZE 101

/*
 * Copy text into out, which has room for PRINTABLE_SIZE bytes: truncated, and
 * with each control character replaced by a question mark. Returns out.
 */
const char *printable(const char *text, char *out);

/* Replace each newline in text, as file names may contain, by a question
 * mark. */
void printable_line(char *text);

#endif
