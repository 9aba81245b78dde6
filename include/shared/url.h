/*
 * The value of --shared:
 * redis://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…][/DB], or rediss:// over
 * TLS. USER may be empty. USER and PASSWORD may be percent-encoded; an IPv6
 * address stands in brackets.
 */
#ifndef SHARED_URL_H
#define SHARED_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARED_HOSTS_MAX    8
#define SHARED_HOST_SIZE    256
#define SHARED_SECRET_SIZE  257
#define SHARED_DATABASE_MAX 65535
#define SHARED_DEFAULT_PORT 6379

struct shared_url {
	bool tls;
	char user[SHARED_SECRET_SIZE];     /* empty: none */
	char password[SHARED_SECRET_SIZE]; /* empty: none */
	struct {
		char host[SHARED_HOST_SIZE]; /* without brackets */
		uint16_t port;
	} hosts[SHARED_HOSTS_MAX];
	size_t count; /* at least 1 */
	unsigned database;
};

/* Returns 0, or -1 where text is none; then url is undefined. */
int shared_url_parse(const char *text, struct shared_url *url);

#endif
