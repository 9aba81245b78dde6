/* A redis-server, or a valkey-server, in the scratch folder, on a free port of
 * IPv4 loopback. It is killed when the test ends, however that ends. */
#ifndef REAL_REDIS_H
#define REAL_REDIS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether it is installed. */
bool real_redis_is_here(void);

/* Start one, whose port is returned, with options, up to a NULL: "--tls-port"
 * takes the port. */
uint16_t real_redis_start(const char *const *options);

/* Kill all of them. */
void real_redis_end(void);

/* Send one a command, words between spaces, and return the first line of its
 * answer. Static. */
const char *real_redis_say(uint16_t port, const char *command);

#endif
