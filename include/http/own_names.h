/*
 * The names by which this machine is known, made from its host name.
 */
#ifndef HTTP_OWN_NAMES_H
#define HTTP_OWN_NAMES_H

#include <stddef.h>

#define OWN_NAMES_MAX 3

/* Bytes of a host name, including the NUL: HOST_NAME_MAX is 64. */
#define OWN_NAME_MAX 256

struct own_names {
	const char *names[OWN_NAMES_MAX]; /* into text */
	size_t count;
	char text[OWN_NAMES_MAX][OWN_NAME_MAX];
};

/* The names of a machine with that host name: "plc.plant.example" is also
 * "plc", and by multicast DNS "plc.local". None if it is no name that browsers
 * can send. Pure. */
void own_names_make(struct own_names *own, const char *host_name);

/* Those of this machine; none if the system does not tell. */
void own_names_read(struct own_names *own);

#endif
