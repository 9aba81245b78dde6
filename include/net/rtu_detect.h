/*
 * Detects hosts that send Modbus RTU frames over TCP, as an RTU client or a
 * gateway in raw mode does. One CRC may match by chance, so two frames of one
 * host are required, on one connection or on several: most clients send one
 * frame, time out, and connect again.
 *
 * The few hosts that are remembered are searched one by one: that needs no
 * allocated memory, as a set of hosts (base/hosts.h) would.
 */
#ifndef NET_RTU_DETECT_H
#define NET_RTU_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/* Hosts that are remembered: those that sent a frame most recently. */
#define RTU_DETECT_HOSTS 8

/* Frames of one host that are required. */
#define RTU_DETECT_FRAMES 2

/* Milliseconds until a frame is forgotten, and until a host is reported
 * again. */
#define RTU_DETECT_MEMORY_MS (10 * 60 * 1000)

/* All zeros at first. */
struct rtu_detect {
	struct rtu_suspect {
		struct address host;
		size_t frames; /* 0: the entry is not used */
		uint64_t last; /* milliseconds: the most recent frame */
		bool reported;
	} hosts[RTU_DETECT_HOSTS];
};

/*
 * Look for RTU frames in bytes that a host has sent, beginning where a frame
 * would begin. now is in milliseconds.
 *
 * Returns true when the host is to be reported: once for each host while it is
 * remembered.
 */
bool rtu_detect(struct rtu_detect *d, const struct address *host, uint64_t now,
    const uint8_t *bytes, size_t length);

#endif
