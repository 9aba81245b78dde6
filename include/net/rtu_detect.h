/*
 * Finds out which hosts send Modbus RTU frames over TCP, as a serial master or
 * a gateway in raw mode does. One CRC may fit by chance, so that it takes two
 * frames of one host, in one connection or in several: most clients send one,
 * wait for its answer in vain, and connect again.
 *
 * So few hosts are remembered that they are searched one by one: that takes no
 * memory that has to be allocated, as a set of hosts (base/hosts.h) would.
 */
#ifndef NET_RTU_DETECT_H
#define NET_RTU_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/* Hosts that are remembered: those that were suspected last. */
#define RTU_DETECT_HOSTS 8

/* Frames of one host that are needed. */
#define RTU_DETECT_FRAMES 2

/* Milliseconds until a frame is forgotten, and until a host is reported
 * again. */
#define RTU_DETECT_MEMORY_MS (10 * 60 * 1000)

/* All zeros at first. */
struct rtu_detect {
	struct rtu_suspect {
		struct address host;
		size_t frames; /* 0: none */
		uint64_t last; /* milliseconds: when one was seen */
		bool reported;
	} hosts[RTU_DETECT_HOSTS];
};

/*
 * Look at bytes that a host has sent, from where a frame begins. now is in
 * milliseconds.
 *
 * Returns whether to report that it sends RTU: true once for each host, as long
 * as it is remembered.
 */
bool rtu_detect(struct rtu_detect *d, const struct address *host, uint64_t now,
    const uint8_t *bytes, size_t length);

#endif
