#include "system/error.h"

#include <string.h>

const char *
error_text(int error)
{
	return strerror(error);
}

int
error_of_system(int code)
{
	return code;
}
