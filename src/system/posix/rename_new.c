#include "rename_new.h"

#include <fcntl.h>
#include <stdio.h>

int
rename_new(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
