/* Reading the data table over HTTP. */
#ifndef API_TABLE_H
#define API_TABLE_H

struct call;

/* GET /api/registers?address=&quantity=&type=&order= */
void api_get_registers(struct call *call);

/* GET /api/coils?address=&quantity= */
void api_get_coils(struct call *call);

/* GET /api/dump */
void api_get_dump(struct call *call);

#endif
