/* The command "mbasyncserver journal": queries of a state file's journal. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

/* Run a command line whose argv[0] is "journal": print the result on standard
 * output, or one line about an error on standard error. Returns an exit status.
 */
int journal_main(int argc, char **argv);

#endif
