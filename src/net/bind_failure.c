#include "net/bind_failure.h"

#include <errno.h>

#include "base/address.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "system/error.h"

int
bind_failure_at(const char *event, const char *where, int error)
{
	log_line(LOG_ERROR, "%s: %s: %s", event, where, error_text(error));
	if (error == EADDRINUSE)
		return EX_TEMPFAIL;
	return error == EACCES || error == EPERM ? EX_NOPERM : EX_OSERR;
}

int
bind_failure(const char *event, const struct address *where, int error)
{
	char text[ADDRESS_TEXT_MAX];

	return bind_failure_at(event, address_format(where, text), error);
}
