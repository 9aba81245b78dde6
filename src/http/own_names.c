#include "http/own_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/guard.h"
#include "system/process.h"

/* Add the first length bytes of name and a suffix, unless it is a name
 * already. */
static void
add(struct own_names *own, const char *name, size_t length, const char *suffix)
{
	char *text = own->text[own->count];

	if (snprintf(text, OWN_NAME_MAX, "%.*s%s", (int)length, name, suffix) >=
		OWN_NAME_MAX ||
	    !guard_is_name(text))
		return;
	for (size_t i = 0; i < own->count; i++)
		if (strcasecmp(own->names[i], text) == 0)
			return;
	own->names[own->count++] = text;
}

void
own_names_make(struct own_names *own, const char *host_name)
{
	size_t label = strcspn(host_name, ".");

	own->count = 0;
	if (label == 0 || strlen(host_name) >= OWN_NAME_MAX)
		return;
	add(own, host_name, strlen(host_name), "");
	add(own, host_name, label, "");
	add(own, host_name, label, ".local");
}

void
own_names_read(struct own_names *own)
{
	char host_name[OWN_NAME_MAX];

	own->count = 0;
	if (process_host_name(host_name, sizeof(host_name)) == 0)
		own_names_make(own, host_name);
}
