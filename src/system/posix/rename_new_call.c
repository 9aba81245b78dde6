/* For a C library without renameat2. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rename_new.h"

#define NOREPLACE 1 /* RENAME_NOREPLACE of linux/fs.h */

int
rename_new(const char *from, const char *to)
{
	return (int)syscall(
	    SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, NOREPLACE);
}
