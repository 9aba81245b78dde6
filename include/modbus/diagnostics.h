/* Diagnostics, for the rows of modbus/function.h. V1.1b3, clause 6.8. */
#ifndef MODBUS_DIAGNOSTICS_H
#define MODBUS_DIAGNOSTICS_H

#include "modbus/function.h"

mb_decode_fn mb_decode_diagnostics;
mb_execute_fn mb_execute_diagnostics;
mb_explain_fn mb_explain_diagnostics;

#endif
