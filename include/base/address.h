/*
 * Addresses of clients and listeners. IPv4 is stored as IPv4-mapped IPv6
 * (RFC 4291, 2.5.5.2), so that one form serves to compare, store and print.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/inet.h"

struct address {
	struct in6_addr ip;
	uint32_t scope; /* interface of a link-local address, else 0 */
	uint16_t port;  /* host byte order */
};

/*
 * Parts of the program that write. Their addresses are of the discard prefix
 * (RFC 6666), to which nothing is routed: no connection from one is accepted.
 * As text they are the words "start" and "simulation".
 */
extern const struct address address_start;      /* 100::1, port 0 */
extern const struct address address_simulation; /* 100::2, port 0 */

/* A client that came over a socket of this machine's file system. As text it is
 * the word "unix", without the port. It is not one of the above: rules hold for
 * it. */
#define ADDRESS_UNIX_WORD "unix"
extern const struct address address_unix; /* 100::3, port 0 */

bool address_is_unix(const struct address *a);

/* Whether it is one of the parts that write; the port does not matter. */
bool address_is_internal(const struct address *a);

/* Whether it is that of the simulation, whose writes say nothing that must not
 * be lost. */
bool address_is_simulation(const struct address *a);

/* Room for an address as text: "[ipv6%scope]:port" and its NUL. */
#define ADDRESS_TEXT_MAX 80

/* Room for an IP address as text and its NUL: alone, and as "ip%zone", where a
 * zone is the name or the number of an interface. */
#define ADDRESS_IP_MAX   46
#define ADDRESS_HOST_MAX (ADDRESS_IP_MAX + 1 + 16)

/*
 * Parse "IPV4", "IPV4:PORT", "IPV6", "[IPV6]" or "[IPV6]:PORT", numbers only;
 * IPv6 may have a zone ("fe80::1%eth0"). default_port is used where text has no
 * port. Returns 0, or -1; then a is undefined.
 */
int address_parse(const char *text, uint16_t default_port, struct address *a);

/* The same for an address that must have a port. Returns 0, or -1; then a is
 * undefined. */
int address_parse_with_port(const char *text, struct address *a);

/* Parse "PORT", which is on 127.0.0.1, or an address with a port, as above; the
 * port may be 0. Returns 0, or -1; then a is undefined. */
int address_parse_place(const char *text, struct address *a);

/* Parse "IPV4" or "IPV6" without a port; the port becomes 0. Returns 0, or -1;
 * then a is undefined. */
int address_parse_ip(const char *text, struct address *a);

/* Parse the word of an internal address. Returns 0, or -1; then a is undefined.
 */
int address_parse_internal(const char *text, struct address *a);

/* Parse what address_format writes: an address with or without a port, which
 * becomes 0, or a word. Returns 0, or -1; then a is
 * undefined. */
int address_parse_client(const char *text, struct address *a);

/* The unspecified address, IPv6 or IPv4, with a port: for a listener, every
 * address of this host. */
struct address address_any(uint16_t port);
struct address address_any_ipv4(uint16_t port);

bool address_is_ipv4(const struct address *a);

/* Whether it is a loopback address: 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *a);

/* Whether it can be the address of one machine: it is not the unspecified one,
 * nor one of multicast, nor the broadcast address 255.255.255.255 or another
 * one above 239. */
bool address_is_unicast(const struct address *a);

/* From the result of accept or getsockname: AF_INET or AF_INET6; AF_UNIX is
 * address_unix. Any other family gives the unspecified address. */
struct address address_from_sockaddr(const struct sockaddr_storage *from);

/* For bind: fills to, and returns its length. */
socklen_t
address_to_sockaddr(const struct address *a, struct sockaddr_storage *to);

/*
 * Write a into text, which has room for ADDRESS_TEXT_MAX bytes, as "1.2.3.4:5"
 * or "[::1]:5"; one that has a word as that. Returns text.
 */
const char *address_format(const struct address *a, char *text);

/* The same without the port: "1.2.3.4", "fe80::1%2" or "start". */
const char *address_format_ip(const struct address *a, char *text);

/* Whether two addresses are equal but for the port. */
bool address_same_host(const struct address *a, const struct address *b);

/* A hash of an address without its port. With a secret seed, clients cannot
 * choose addresses that collide. */
uint64_t address_hash(const struct address *a, uint64_t seed);

#endif
