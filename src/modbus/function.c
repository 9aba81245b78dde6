#include "modbus/function.h"

#include "modbus/bits.h"
#include "modbus/diagnostics.h"
#include "modbus/identification.h"
#include "modbus/range.h"
#include "modbus/registers.h"
#include "modbus/server_id.h"

const struct mb_function mb_functions[MB_FUNCTION_CODES] = {
	[MB_FC_READ_COILS] = {
		.name = "Read Coils",
		.decode = mb_decode_read,
		.execute = mb_execute_read_coils,
		.length = 5, .read_at = 1,
		.kind = DATATABLE_COILS, .most_read = MB_MAX_READ_COILS,
	},
	[MB_FC_READ_DISCRETE_INPUTS] = {
		.name = "Read Discrete Inputs",
		.decode = mb_decode_read,
		.execute = mb_execute_read_coils,
		.length = 5, .read_at = 1,
		.kind = DATATABLE_COILS, .most_read = MB_MAX_READ_COILS,
	},
	[MB_FC_READ_HOLDING_REGISTERS] = {
		.name = "Read Holding Registers",
		.decode = mb_decode_read,
		.execute = mb_execute_read_registers,
		.length = 5, .read_at = 1,
		.kind = DATATABLE_REGISTERS, .most_read = MB_MAX_READ_REGISTERS,
	},
	[MB_FC_READ_INPUT_REGISTERS] = {
		.name = "Read Input Registers",
		.decode = mb_decode_read,
		.execute = mb_execute_read_registers,
		.length = 5, .read_at = 1,
		.kind = DATATABLE_REGISTERS, .most_read = MB_MAX_READ_REGISTERS,
	},
	[MB_FC_WRITE_SINGLE_COIL] = {
		.name = "Write Single Coil",
		.decode = mb_decode_write_single_coil,
		.execute = mb_execute_write_single_coil,
		.explain = mb_explain_write_single_coil,
		.length = 5,
		.kind = DATATABLE_COILS, .most_written = 1,
	},
	[MB_FC_WRITE_SINGLE_REGISTER] = {
		.name = "Write Single Register",
		.decode = mb_decode_write_single,
		.execute = mb_execute_write_single_register,
		.length = 5,
		.kind = DATATABLE_REGISTERS, .most_written = 1,
	},
	[MB_FC_DIAGNOSTICS] = {
		.name = "Diagnostics",
		.decode = mb_decode_diagnostics,
		.execute = mb_execute_diagnostics,
		.explain = mb_explain_diagnostics,
		.length = 3, .longer = true,
	},
	[MB_FC_WRITE_MULTIPLE_COILS] = {
		.name = "Write Multiple Coils",
		.decode = mb_decode_write_multiple,
		.execute = mb_execute_write_coils,
		.length = 6, .longer = true, .write_at = 1,
		.kind = DATATABLE_COILS, .most_written = MB_MAX_WRITE_COILS,
	},
	[MB_FC_WRITE_MULTIPLE_REGISTERS] = {
		.name = "Write Multiple Registers",
		.decode = mb_decode_write_multiple,
		.execute = mb_execute_write_registers,
		.length = 6, .longer = true, .write_at = 1,
		.kind = DATATABLE_REGISTERS,
		.most_written = MB_MAX_WRITE_REGISTERS,
	},
	[MB_FC_REPORT_SERVER_ID] = {
		.name = "Report Server ID",
		.decode = mb_decode_server_id,
		.execute = mb_execute_server_id,
		.length = 1,
	},
	[MB_FC_MASK_WRITE_REGISTER] = {
		.name = "Mask Write Register",
		.decode = mb_decode_mask_write,
		.execute = mb_execute_mask_write,
		.length = 7,
		.kind = DATATABLE_REGISTERS, .most_written = 1,
	},
	[MB_FC_READ_WRITE_MULTIPLE_REGISTERS] = {
		.name = "Read/Write Multiple Registers",
		.decode = mb_decode_read_write,
		.execute = mb_execute_read_write,
		.length = 10, .longer = true, .read_at = 1, .write_at = 5,
		.kind = DATATABLE_REGISTERS,
		.most_read = MB_MAX_READ_WRITE_REGISTERS_READ,
		.most_written = MB_MAX_READ_WRITE_REGISTERS_WRITE,
	},
	[MB_FC_ENCAPSULATED_INTERFACE] = {
		.name = "Read Device Identification",
		.decode = mb_decode_identification,
		.execute = mb_execute_identification,
		.explain = mb_explain_identification,
		.length = 4,
	},
};
