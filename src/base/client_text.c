#include "base/client_text.h"

#include <stdio.h>

#include "base/client.h"

const char *
client_way_name(uint8_t way)
{
	switch (way) {
	case CLIENT_RTU:
		return "rtu";
	case CLIENT_UDP:
		return "udp";
	case CLIENT_UNIX:
		return "unix";
	default:
		return NULL;
	}
}

const char *
client_format(const struct client *who, char *text)
{
	char address[ADDRESS_TEXT_MAX];

	address_format(&who->address, address);
	if (who->identity == NULL)
		snprintf(text, CLIENT_TEXT_MAX, "%s", address);
	else
		snprintf(text, CLIENT_TEXT_MAX, "%s: %s", address,
		    who->identity->subject);
	return text;
}
