#include "rig_rtu.h"

#include <string.h>

#include "net/admission.h"
#include "rig.h"
#include "rtu/transport.h"

#define BEFORE_UNIT 6 /* bytes of an MBAP header */

static bool on;
static struct rtu_source *source; /* owned */
static struct admission admission;

void
rig_rtu_init(void)
{
	on = true;
}

bool
rig_rtu_on(void)
{
	return on;
}

const struct entrance *
rig_rtu_begin(struct server *server)
{
	source = rtu_source_new();
	if (source == NULL)
		return NULL;
	admission_init(&admission, server, CLIENT_RTU, rtu_begin, source);
	return &admission.entrance;
}

void
rig_rtu_end(void)
{
	must(source == NULL || source->connections == 0);
	rtu_source_free(source);
	source = NULL;
}

/* MODBUS over Serial Line V1.02, 6.2.2, bit by bit. */
static uint16_t
crc_of(const uint8_t *bytes, size_t length)
{
	unsigned crc = 0xFFFF;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
	}
	return (uint16_t)crc;
}

size_t
rig_rtu_frame(uint8_t *adu, size_t length)
{
	uint16_t crc;

	length -= BEFORE_UNIT;
	memmove(adu, adu + BEFORE_UNIT, length);
	crc = crc_of(adu, length);
	adu[length] = (uint8_t)crc;
	adu[length + 1] = (uint8_t)(crc >> 8);
	return length + 2;
}
