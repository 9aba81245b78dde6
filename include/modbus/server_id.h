/*
 * Report Server ID, for the rows of modbus/function.h. V1.1b3, clause 6.13,
 * which leaves the length of the server ID to the device. Here it is one byte,
 * so that the run indicator is the second one, where libmodbus, and who is
 * built on it, look for it; a text with name and version follows.
 */
#ifndef MODBUS_SERVER_ID_H
#define MODBUS_SERVER_ID_H

#include "modbus/function.h"

mb_decode_fn mb_decode_server_id;
mb_execute_fn mb_execute_server_id;

#endif
