/*
 * The groups of checks. Each runs its checks on a server that has been probed.
 */
#ifndef GROUPS_H
#define GROUPS_H

struct run;

/* Every form, boundary and fault of one function; see functions.c for which. */
void group_function(struct run *r, unsigned function);

/* Diagnostics, Report Server ID and Read Device Identification, which have
 * forms of their own. */
void group_diagnostics(struct run *r, unsigned unused);
void group_server_id(struct run *r, unsigned unused);
void group_identification(struct run *r, unsigned unused);

/* Functions that nobody has, and function codes that nothing may have. */
void group_unknown(struct run *r, unsigned unused);

/* Requests with two faults: which one is answered. */
void group_precedence(struct run *r, unsigned unused);

/* The MBAP header; requests cut in segments; many in one segment. */
void group_header(struct run *r, unsigned unused);
void group_segments(struct run *r, unsigned unused);
void group_pipelining(struct run *r, unsigned unused);
void group_half_close(struct run *r, unsigned unused);

/* Several clients at once. */
void group_interleaving(struct run *r, unsigned unused);
void group_liveness(struct run *r, unsigned unused);
void group_indivisible(struct run *r, unsigned unused);

/* Random requests, answered by the server and by a model. */
void group_differential(struct run *r, unsigned unused);

#endif
