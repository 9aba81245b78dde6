#include "system/activation.h"

/* Windows has no service manager that passes sockets. */
int
activation_take(int most, const char *name, uint32_t *named, char *error)
{
	(void)most;
	(void)name;
	(void)error;
	*named = 0;
	return 0;
}
