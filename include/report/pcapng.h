/*
 * Recorded requests as a capture, as Wireshark and tshark read it: pcapng, with
 * packets of TCP or UDP over IP, version 4 or 6, that are made up.
 *
 * Each connection of TCP begins with a handshake, and has sequence numbers
 * without gaps, also where not all of its requests are passed. What is known is
 * the client's address and port. The server's address is the loopback address
 * where the client's is one, else 192.0.2.1 or 2001:db8::1 (RFC 5737, RFC
 * 3849); its port is 502, which Wireshark takes for Modbus. Request and
 * response have the time of the response.
 *
 * draft-ietf-opsawg-pcapng; RFC 768, 791, 8200, 9293.
 */
#ifndef REPORT_PCAPNG_H
#define REPORT_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "report/recorder.h"

struct pcapng;

/* NULL when memory is exhausted. */
struct pcapng *pcapng_new(void);

/* Accepts NULL. */
void pcapng_free(struct pcapng *p);

/* The most bytes that one call writes. */
#define PCAPNG_BYTES_MAX 2048

/* Write the beginning of the file into out, which has room for PCAPNG_BYTES_MAX
 * bytes. Returns the length. */
size_t pcapng_begin(uint8_t *out);

/* Write the packets of a request and its response, likewise. Returns 0 when
 * memory is exhausted. */
size_t pcapng_add(struct pcapng *p, const struct recorded *q, uint8_t *out);

#endif
