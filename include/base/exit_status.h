/*
 * Exit statuses of the program, which scripts and service managers read: those
 * of BSD's sysexits.h, which not every system has. A status that is not EX_OK
 * also says, within the program, of what kind a failure is.
 */
#ifndef BASE_EXIT_STATUS_H
#define BASE_EXIT_STATUS_H

#define EX_OK          0
#define EX_USAGE       64 /* the command line is wrong */
#define EX_DATAERR     65 /* a file is damaged, or its contents are wrong */
#define EX_UNAVAILABLE 69 /* what is needed is not there, such as an engine */
#define EX_OSERR       71 /* the system has no memory, no descriptor */
#define EX_IOERR       74 /* the disk has failed */
#define EX_TEMPFAIL    75 /* it is in use: an address, a state file */
#define EX_NOPERM      77 /* permission is missing */
#define EX_CONFIG      78 /* a file or an option does not fit */

#endif
