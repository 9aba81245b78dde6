/* Read Device Identification, for the rows of modbus/function.h. V1.1b3,
 * clause 6.21. */
#ifndef MODBUS_IDENTIFICATION_H
#define MODBUS_IDENTIFICATION_H

#include "modbus/function.h"

mb_decode_fn mb_decode_identification;
mb_execute_fn mb_execute_identification;
mb_explain_fn mb_explain_identification;

#endif
