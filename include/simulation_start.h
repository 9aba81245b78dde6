/*
 * The options --simulate and --seed: the simulation, at the start of the
 * server.
 */
#ifndef SIMULATION_START_H
#define SIMULATION_START_H

#include <stdbool.h>

struct options;
struct points;
struct simulation;
struct simulation_world;

/*
 * Make the simulation that the options ask for, with what it needs of files;
 * else *s is NULL. ps may be NULL, and is borrowed.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a log line that
 * says why, and then *s is NULL.
 */
int simulation_start_new(
    const struct options *o, const struct points *ps, struct simulation **s);

/*
 * Begin, and log how many points move. s may be NULL: then nothing happens.
 * Returns an exit status, likewise.
 */
int simulation_start_run(const struct options *o, struct simulation *s,
    const struct simulation_world *world);

#endif
