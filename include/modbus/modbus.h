/*
 * Names and numbers of the Modbus Application Protocol Specification V1.1b3
 * and of the Messaging on TCP/IP Implementation Guide V1.0b. No code.
 */
#ifndef MODBUS_MODBUS_H
#define MODBUS_MODBUS_H

/* Function codes, clause 5.1. */
enum mb_function_code {
	MB_FC_READ_COILS = 1,
	MB_FC_READ_DISCRETE_INPUTS = 2,
	MB_FC_READ_HOLDING_REGISTERS = 3,
	MB_FC_READ_INPUT_REGISTERS = 4,
	MB_FC_WRITE_SINGLE_COIL = 5,
	MB_FC_WRITE_SINGLE_REGISTER = 6,
	MB_FC_DIAGNOSTICS = 8,
	MB_FC_WRITE_MULTIPLE_COILS = 15,
	MB_FC_WRITE_MULTIPLE_REGISTERS = 16,
	MB_FC_REPORT_SERVER_ID = 17,
	MB_FC_MASK_WRITE_REGISTER = 22,
	MB_FC_READ_WRITE_MULTIPLE_REGISTERS = 23,
	MB_FC_ENCAPSULATED_INTERFACE = 43,
};

#define MB_FUNCTION_CODES 256 /* values a function code byte can take */

/* Set in the function code of every exception response, clause 4.1. */
#define MB_EXCEPTION_FLAG 0x80

/* Exception codes, clause 7; NONE is the absence of one. */
enum mb_exception {
	MB_EX_NONE = 0,
	MB_EX_ILLEGAL_FUNCTION = 1,
	MB_EX_ILLEGAL_DATA_ADDRESS = 2,
	MB_EX_ILLEGAL_DATA_VALUE = 3,
	MB_EX_SERVER_DEVICE_FAILURE = 4,
	MB_EX_GATEWAY_TARGET_FAILED = 11, /* no such unit identifier here */

	MB_NO_ANSWER = 256, /* is no code: the request gets no reply */
};

/* Every table holds the addresses 0..65535, clause 4.4. */
#define MB_ADDRESSES 65536

/* Quantities in one request, clauses 6.1 to 6.17. */
#define MB_MAX_READ_COILS                 2000
#define MB_MAX_READ_REGISTERS             125
#define MB_MAX_WRITE_COILS                1968
#define MB_MAX_WRITE_REGISTERS            123
#define MB_MAX_READ_WRITE_REGISTERS_READ  125
#define MB_MAX_READ_WRITE_REGISTERS_WRITE 121

/* The only two values of Write Single Coil, clause 6.5. */
#define MB_COIL_OFF 0x0000
#define MB_COIL_ON  0xFF00

/* Diagnostics sub-function, clause 6.8.1. */
#define MB_DIAGNOSTICS_RETURN_QUERY_DATA 0

/* Report Server ID, clause 6.13: ours, which is no number of one of Modicon's
 * controllers, and what says that the server runs. */
#define MB_SERVER_ID        'M'
#define MB_RUN_INDICATOR_ON 0xFF

/* Encapsulated interface, clauses 6.19 and 6.21. */
#define MB_MEI_READ_DEVICE_IDENTIFICATION 14

enum mb_read_device_id {
	MB_READ_DEVICE_ID_BASIC = 1,
	MB_READ_DEVICE_ID_REGULAR = 2,
	MB_READ_DEVICE_ID_EXTENDED = 3,
	MB_READ_DEVICE_ID_ONE_OBJECT = 4,
};

/* Basic and regular identification, as a stream (0x02) and object by object
 * (0x80); there are no extended objects, which would make it 0x83. */
#define MB_CONFORMITY_LEVEL 0x82

enum mb_object_id {
	MB_OBJECT_VENDOR_NAME = 0,
	MB_OBJECT_PRODUCT_CODE = 1,
	MB_OBJECT_REVISION = 2,
	MB_OBJECT_VENDOR_URL = 3,
	MB_OBJECT_PRODUCT_NAME = 4,
};

#define MB_OBJECT_LAST_BASIC   MB_OBJECT_REVISION
#define MB_OBJECT_LAST_REGULAR MB_OBJECT_PRODUCT_NAME

/* Sizes in bytes. An ADU is an MBAP header and a PDU; the length field counts
 * the unit identifier, the header's last byte, and the PDU. */
#define MB_PDU_MIN        1
#define MB_PDU_MAX        253
#define MB_MBAP_LENGTH    7
#define MB_ADU_MAX        (MB_MBAP_LENGTH + MB_PDU_MAX)
#define MB_LENGTH_MIN     (1 + MB_PDU_MIN)
#define MB_LENGTH_MAX     (1 + MB_PDU_MAX)
#define MB_PROTOCOL       0 /* the protocol identifier of Modbus */
#define MB_EXCEPTION_SIZE 2 /* an exception response's PDU */

#endif
