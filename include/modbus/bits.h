/* The functions that read and write coils and discrete inputs, for the rows of
 * modbus/function.h. V1.1b3, clauses 6.1, 6.2, 6.5 and 6.11. */
#ifndef MODBUS_BITS_H
#define MODBUS_BITS_H

#include "modbus/function.h"

mb_execute_fn mb_execute_read_coils;

mb_decode_fn mb_decode_write_single_coil;
mb_execute_fn mb_execute_write_single_coil;
mb_explain_fn mb_explain_write_single_coil;

mb_execute_fn mb_execute_write_coils;

#endif
