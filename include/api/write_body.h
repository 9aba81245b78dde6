/* The JSON bodies of requests that write: the values to write, and where. */
#ifndef API_WRITE_BODY_H
#define API_WRITE_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "http/body.h"
#include "modbus/modbus.h"
#include "service/writing.h"
#include "table/reference.h"

struct api;

/* At most all registers and all coils. The writings point into the struct. To
 * be all zeros before a body is read. */
struct write_body {
	struct writing writings[2];
	size_t count;
	uint16_t registers[MB_ADDRESSES];
	uint16_t coils[DATATABLE_PACKED_WORDS(MB_ADDRESSES)];
	uint16_t mask; /* of the only writing, if that is one of a bit */
	int bit;       /* likewise */
	char note[REFERENCE_NOTE_MAX]; /* about the address; "": none */
	char error[BODY_ERROR_MAX];
};

/* Read an object, which is borrowed. Returns 0, or -1 with w->error, a sentence
 * for the client. */
typedef int (*write_body_read_fn)(
    const struct api *api, json_t *body, struct write_body *w);

/* {"address":, "values":, "type":, "order":} of PUT /api/registers; the address
 * may be a bit of a register, which takes one value and no type. */
int write_body_read_registers(
    const struct api *api, json_t *body, struct write_body *w);

/* {"address":, "values":} of PUT /api/coils */
int write_body_read_coils(
    const struct api *api, json_t *body, struct write_body *w);

/* A dump, or a part of one, of POST /api/load: {"address":, "registers":,
 * "coils":, "mode":, "seq":} */
int
write_body_read_dump(const struct api *api, json_t *body, struct write_body *w);

#endif
