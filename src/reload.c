#include "reload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "diagnostics.h"
#include "options.h"
#include "security.h"

/* What can be reloaded. */
#define KINDS_MAX 4

/* Say what is in force now: "certificates, roles and the token of HTTP". */
static void
log_success(const struct options *o)
{
	const char *names[KINDS_MAX];
	char text[128] = "";
	size_t count = 0;

	if (o->tls_cert != NULL)
		names[count++] = "certificates";
	if (o->tls_crl != NULL)
		names[count++] = "revocation lists";
	if (o->roles != NULL)
		names[count++] = "roles";
	if (o->http_token != NULL)
		names[count++] = "the token of HTTP";
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(text);
		const char *before = i == 0 ? "" :
		    i + 1 == count          ? " and " :
					      ", ";

		snprintf(text + length, sizeof(text) - length, "%s%s", before,
		    names[i]);
	}
	log_line(LOG_INFO, "reload: %s %s in force", text,
	    count == 1 && o->http_token != NULL ? "is" : "are");
}

void
reload(const struct options *o, struct security *security,
    struct diagnostics *diagnostics)
{
	struct diagnostics_token token;
	struct security_files files;
	bool security_read, token_read;

	if (security == NULL && o->http_token == NULL) {
		log_line(LOG_INFO,
		    "reload: nothing to read again: no certificates, roles or "
		    "token");
		return;
	}
	security_read = security_reread(security, o, &files) == 0;
	token_read = diagnostics_reread(diagnostics, &token) == 0;
	if (security_read && token_read) {
		security_renew(security, &files);
		diagnostics_renew(
		    diagnostics, &token, security_https(security));
		log_success(o);
		return;
	}
	security_files_drop(&files);
	log_line(LOG_ERROR, "reload: nothing has changed");
}
