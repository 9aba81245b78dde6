/*
 * Random numbers that are the same each time: splitmix64 of Steele, Lea and
 * Flood, "Fast Splittable Pseudorandom Number Generators", 2014. Any number of
 * a sequence is computed without those before it. Pure.
 */
#ifndef SIMULATION_NOISE_H
#define SIMULATION_NOISE_H

#include <stdint.h>

/* The sequence of a name. */
uint64_t noise_key(uint64_t seed, const char *name);

/* Its number n, of 64 bits. */
uint64_t noise_at(uint64_t key, uint64_t n);

/* Such a number as one from 0 to most, and as one from 0 to less than 1. */
uint64_t noise_whole(uint64_t noise, uint64_t most);
double noise_real(uint64_t noise);

#endif
