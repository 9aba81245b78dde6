/* The simulation over HTTP, where --simulate has started one. */
#ifndef API_SIMULATION_H
#define API_SIMULATION_H

struct http_request;
struct simulation;
struct text_writer;

/* GET and PUT /api/simulation */
void api_get_simulation(struct http_request *request);
void api_put_simulation(struct http_request *request);

/* Add its object, which the status has, too; and its metrics. */
void simulation_write_status(const struct simulation *s, struct text_writer *t);
void
simulation_write_metrics(const struct simulation *s, struct text_writer *t);

#endif
