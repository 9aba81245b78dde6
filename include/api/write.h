/*
 * Writing the data table over HTTP, where --http-write allows it. Each call
 * writes all that it says, or nothing.
 */
#ifndef API_WRITE_H
#define API_WRITE_H

#include <stdbool.h>

struct call;

/* PUT /api/registers and /api/coils */
void api_put_registers(struct call *call);
void api_put_coils(struct call *call);

/* POST /api/reset and /api/load */
void api_reset(struct call *call);
void api_load(struct call *call);

/* Whether who calls may write, as far as the call itself shows. */
bool api_may_write(const struct call *call);

#endif
