#include <assert.h>

#include "fault/rules.h"
#include "modbus/mbap.h"

#define AT_LENGTH_LOW 5
#define AT_UNIT       6
#define AT_FUNCTION   MB_MBAP_LENGTH
#define AT_DATA       (MB_MBAP_LENGTH + 1)

/* Make a byte another one, by any of the 255 differences. */
static void
change_byte(uint8_t *byte, uint64_t random)
{
	*byte = (uint8_t)(*byte ^ (1 + random % UINT8_MAX));
}

static void
change_transaction(uint8_t *adu, uint64_t random)
{
	put16(adu, (uint16_t)(get16(adu) ^ (1 + random % UINT16_MAX)));
}

static void
change_data(uint8_t *adu, size_t length, uint64_t random)
{
	const size_t bytes = length - AT_DATA;

	if (length > AT_DATA)
		change_byte(adu + AT_DATA + random % bytes, random / bytes);
}

void
fault_corrupt(const struct fault_act *act, uint8_t *adu, size_t length)
{
	assert(length >= MB_MBAP_LENGTH + MB_PDU_MIN && length <= MB_ADU_MAX);
	switch (act->part) {
	case FAULT_TRANSACTION:
		change_transaction(adu, act->random);
		break;
	case FAULT_UNIT:
		change_byte(adu + AT_UNIT, act->random);
		break;
	case FAULT_FUNCTION:
		change_byte(adu + AT_FUNCTION, act->random);
		break;
	case FAULT_LENGTH:
		change_byte(adu + AT_LENGTH_LOW, act->random);
		break;
	case FAULT_DATA:
		change_data(adu, length, act->random);
		break;
	case FAULT_PARTS:
		break;
	}
}

size_t
fault_split_at(const struct fault_act *act, size_t length)
{
	assert(length > 1);
	return 1 + act->random % (length - 1);
}

size_t
fault_exception(
    const struct fault_act *act, const struct mbap_frame *request, uint8_t *adu)
{
	size_t length = mbap_put(adu, request, MB_EXCEPTION_SIZE);

	adu[AT_FUNCTION] = mbap_pdu(request)[0] | MB_EXCEPTION_FLAG;
	adu[AT_DATA] = act->exception;
	return length;
}
