/*
 * Recorded values of a point, which are played from the first to the last, and
 * then from the first again. Pure.
 */
#ifndef SIMULATION_REPLAY_H
#define SIMULATION_REPLAY_H

#include <stddef.h>
#include <stdint.h>

struct replay;

/* Values of at most so many, and of at most so many bytes. */
#define REPLAY_ROWS_MAX  1000000
#define REPLAY_BYTES_MAX (64 * 1024 * 1024)

/* No values yet, of so many words each. NULL when memory is exhausted. */
struct replay *replay_new(unsigned quantity);

/* Accepts NULL. */
void replay_free(struct replay *r);

/* How many values there are, and how many there may be. */
size_t replay_count(const struct replay *r);
size_t replay_most(const struct replay *r);

/*
 * Add a value, of which there are not yet the most: words, or NULL for the last
 * one again, or zeros. moment is in microseconds, since any time, and not
 * before the last. Returns 0, or -1 when memory is exhausted.
 */
int replay_add(struct replay *r, const uint16_t *words, int64_t moment);

/* The words of value i, to be changed. */
uint16_t *replay_value(struct replay *r, size_t i);

/* Words that were not recorded: each tick leaves them as they are. */
void replay_leave(struct replay *r, unsigned word);

/* The moment of the last value; 0 where there is none. */
int64_t replay_last(const struct replay *r);

/* The value that is played at a tick, from 1 on: one each tick. There is one at
 * least. */
const uint16_t *replay_by_row(const struct replay *r, uint64_t tick);

/*
 * The same by moments: the first value at the first tick, and each other one
 * when its moment is reached, with that many milliseconds between ticks. The
 * last one lasts as long as the one before it did, or if that is no time, until
 * the next tick.
 */
const uint16_t *
replay_by_time(const struct replay *r, unsigned every, uint64_t tick);

/* Make one of these values the words, of which some may be left as they are
 * held. held may be the same as words. */
void replay_put(const struct replay *r, const uint16_t *value,
    const uint16_t *held, uint16_t *words);

#endif
