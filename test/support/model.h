/*
 * A small model of the server's data table and protocol, with which tests
 * compare the server.
 *
 * Written from the Modbus Application Protocol V1.1b3 and from the design, not
 * from the server: it shares no header, no constant and no idea of storage
 * with it. A coil is a byte, 0 or 1; nothing is packed, shifted or fast. It
 * knows nothing of refusals by policy, of storage that is full (exception 04),
 * or of MBAP headers.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_ADDRESSES 65536
#define MODEL_PDU_MAX   253

struct model {
	bool overlaid;
	const char *revision; /* borrowed; what identifications say
				 of object 2 */
	uint16_t registers[MODEL_ADDRESSES];
	uint8_t coils[MODEL_ADDRESSES]; /* 0 or 1; unused when overlaid */
};

/* A table of zeros, separate or overlaid. */
void model_init(struct model *m, bool overlaid, const char *revision);

/*
 * Answer a request PDU of length 1..253 bytes as the server has to: change the
 * table, if that is what it asks, and write the response PDU, normal or
 * exception, into response, which has room for MODEL_PDU_MAX bytes.
 *
 * Returns the length of the response, 2..253.
 */
size_t model_respond(
    struct model *m, const uint8_t *pdu, size_t length, uint8_t *response);

/* One coil or discrete input, 0 or 1; address 0..65535. */
unsigned model_coil(const struct model *m, uint32_t address);

/* One holding or input register; address 0..65535. */
unsigned model_register(const struct model *m, uint32_t address);

#endif
