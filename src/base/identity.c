#include "base/identity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* An identity with its texts behind it. */
struct kept_identity {
	struct identity identity;
	char subject[IDENTITY_NAME_SIZE];
	char issuer[IDENTITY_NAME_SIZE];
	char role[IDENTITY_ROLE_SIZE];
};

void
identities_init(struct identities *all)
{
	LIST_INIT(&all->held);
}

/* FNV-1a, its NUL included. */
static uint32_t
hash_text(uint32_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	while (*text++ != '\0');
	return hash;
}

static bool
has_texts(const struct identity *i, const struct identity *like)
{
	return i->hash == like->hash &&
	    strcmp(i->subject, like->subject) == 0 &&
	    strcmp(i->issuer, like->issuer) == 0 &&
	    strcmp(i->role, like->role) == 0;
}

const struct identity *
identity_of(struct identities *all, const char *subject, const char *issuer,
    const char *role)
{
	struct kept_identity *k = calloc(1, sizeof(*k));
	struct identity *i;

	if (k == NULL)
		return NULL;
	strncpy(k->subject, subject, sizeof(k->subject) - 1);
	strncpy(k->issuer, issuer, sizeof(k->issuer) - 1);
	strncpy(k->role, role, sizeof(k->role) - 1);
	k->identity = (struct identity){
		.subject = k->subject,
		.issuer = k->issuer,
		.role = k->role,
		.hash = hash_text(
		    hash_text(hash_text(2166136261u, k->subject), k->issuer),
		    k->role),
	};
	LIST_FOREACH (i, &all->held, link)
		if (has_texts(i, &k->identity)) {
			free(k);
			return identity_hold(i);
		}
	LIST_INSERT_HEAD(&all->held, &k->identity, link);
	return identity_hold(&k->identity);
}

/* Holders have it const, as only the count ever changes. */
static struct identity *
countable(const struct identity *who)
{
	const union {
		const struct identity *held;
		struct identity *counted;
	} it = { .held = who };

	return it.counted;
}

const struct identity *
identity_hold(const struct identity *who)
{
	struct identity *i = countable(who);

	if (i != NULL)
		i->holders++;
	return who;
}

void
identity_release(const struct identity *who)
{
	struct identity *i = countable(who);

	if (i == NULL || --i->holders != 0)
		return;
	LIST_REMOVE(i, link);
	free(i);
}
