/* The functions that read and write holding and input registers, for the rows
 * of modbus/function.h. V1.1b3, clauses 6.3, 6.4, 6.6, 6.12, 6.16 and 6.17. */
#ifndef MODBUS_REGISTERS_H
#define MODBUS_REGISTERS_H

#include "modbus/function.h"

mb_execute_fn mb_execute_read_registers;
mb_execute_fn mb_execute_write_single_register;
mb_execute_fn mb_execute_write_registers;

mb_decode_fn mb_decode_mask_write;
mb_execute_fn mb_execute_mask_write;

mb_execute_fn mb_execute_read_write;

#endif
