/* A table that many servers share, in the status and in the metrics. */
#ifndef API_SHARED_H
#define API_SHARED_H

struct member;
struct text_writer;

/* Add an object of JSON: the engine, whether writes are possible, and which
 * servers have said that they are there. */
void shared_write_status(struct member *m, struct text_writer *t);

/* Add the metrics. */
void shared_write_metrics(struct member *m, struct text_writer *t);

#endif
