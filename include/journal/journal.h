/* "mbasyncserver journal": what the journal of a state file tells. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

/* Do what the command line asks, argv[0] being "journal"; print the answer on
 * standard output, and what went wrong on standard error, in a line. Returns an
 * exit status. */
int journal_main(int argc, char **argv);

#endif
