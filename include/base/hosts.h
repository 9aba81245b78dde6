/*
 * A bounded set of hosts: IP addresses, whatever the port. Each has a number,
 * by which the owner of the set keeps what it knows of the host in an array of
 * its own.
 *
 * The set knows in which order its hosts were active. It evicts none by itself:
 * when it is full, its owner evicts the least recently active one, or refuses
 * the new one.
 *
 * A host may be in the set several times, each time with another tag, for
 * owners that distinguish more than the host. Others give 0.
 *
 * Numbers are from 0 to below the maximum. They are given out in ascending
 * order, but those of removed hosts, the last removed first, before any other.
 * So, as long as each removal is followed by an addition, the numbers in use
 * are those below hosts_count.
 *
 * Memory: 64 bytes for each host up to 65,536, and 56 for each more, allocated
 * by hosts_new and by nothing else; the system provides the pages as they are
 * first used. Each call takes constant time on average, and clients cannot
 * choose addresses that change that.
 */
#ifndef BASE_HOSTS_H
#define BASE_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct hosts;

/* No host has this number. */
#define HOSTS_NONE UINT32_MAX

/* An empty set for max hosts, 1 to below HOSTS_NONE. Returns NULL when there is
 * no memory. */
struct hosts *hosts_new(uint32_t max);

/* NULL is fine. */
void hosts_free(struct hosts *h);

/* How many hosts there are. */
uint32_t hosts_count(const struct hosts *h);

/* The number of a host, or HOSTS_NONE. */
uint32_t
hosts_find(const struct hosts *h, const struct address *a, uint16_t tag);

/*
 * Find a host, or add it if there is room, and make it the most recently active
 * one. Returns its number, or HOSTS_NONE when it is new and the set is full.
 * Fastest for the host that is the most recently active one already.
 */
uint32_t hosts_use(struct hosts *h, const struct address *a, uint16_t tag);

/* Make the host with a number the most recently active one. */
void hosts_touch(struct hosts *h, uint32_t number);

/* The address of the host with a number, its port 0. */
struct address hosts_address(const struct hosts *h, uint32_t number);

/* Remove the host with a number. */
void hosts_remove(struct hosts *h, uint32_t number);

/* Remove the least recently active host of a set that is not empty. Returns the
 * number that it had. */
uint32_t hosts_evict(struct hosts *h);

#endif
