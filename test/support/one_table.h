/* The one data table that a test works on, and who writes to it. */
#ifndef ONE_TABLE_H
#define ONE_TABLE_H

#include "base/client.h"
#include "table/datatable.h"

extern struct datatable *table;
extern const struct client client;           /* number 7 */
extern const struct datatable_writer writer; /* it, unit 17, function 16 */

/* Make the table: a test runs once per overlay, its loop index. */
void start(int overlay);

/* Free it; an unchecked or checked fixture. */
void teardown(void);

/* One item, written by writer and read back. */
void set_register(unsigned address, uint16_t value);
uint16_t get_register(unsigned address);
void set_coil(unsigned address, uint16_t on);
uint16_t get_coil(unsigned address);

#endif
