#include "base/who.h"

#include <stdio.h>
#include <string.h>

/* No interface has this number, so no address has this scope. */
#define SCOPE_OF_KEYS UINT32_MAX

_Static_assert(sizeof(uintptr_t) <= sizeof(struct in6_addr), "fits");

/* An address that stands for an identity, and is none: as long as somebody
 * holds the identity, no other has it. */
static struct address
key_of(const struct identity *identity)
{
	struct address key = { .scope = SCOPE_OF_KEYS };
	const uintptr_t pointer = (uintptr_t)identity;

	memcpy(&key.ip, &pointer, sizeof(pointer));
	return key;
}

/* Not inlined: most clients have none, and no need of room for a key. */
uint32_t __attribute__((noinline))
who_use_identity(struct hosts *h, const struct identity *identity, uint16_t tag)
{
	const struct address key = key_of(identity);

	return hosts_use(h, &key, tag);
}

const char *
who_format(
    const struct address *host, const struct identity *identity, char *text)
{
	char ip[ADDRESS_TEXT_MAX];

	address_format_ip(host, ip);
	if (identity == NULL)
		snprintf(text, WHO_TEXT_MAX, "%s", ip);
	else
		snprintf(text, WHO_TEXT_MAX, "%s (%s)", identity->subject, ip);
	return text;
}
