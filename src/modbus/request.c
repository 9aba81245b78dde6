#include "modbus/request.h"

enum mb_exception
mb_request_decode(const uint8_t *pdu, size_t length, struct mb_request *r)
{
	const struct mb_function *f = mb_function(pdu[0]);
	enum mb_exception e = MB_EX_ILLEGAL_FUNCTION;

	*r = (struct mb_request){ .function = pdu[0], .row = f };
	if (f != NULL)
		e = f->decode(f, pdu, length, r);
	if (e != MB_EX_NONE)
		*r = (struct mb_request){ .function = pdu[0] };
	return e;
}

const char *
mb_exception_name(enum mb_exception exception)
{
	static const char *const names[] = {
		[MB_EX_NONE] = "ok",
		[MB_EX_ILLEGAL_FUNCTION] = "illegal function",
		[MB_EX_ILLEGAL_DATA_ADDRESS] = "illegal data address",
		[MB_EX_ILLEGAL_DATA_VALUE] = "illegal data value",
		[MB_EX_SERVER_DEVICE_FAILURE] = "server device failure",
		[MB_EX_GATEWAY_TARGET_FAILED] =
		    "gateway target device failed to respond",
	};

	if (exception >= sizeof(names) / sizeof(*names) ||
	    names[exception] == NULL)
		return "unknown exception";
	return names[exception];
}
