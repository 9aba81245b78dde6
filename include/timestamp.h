/*
 * Moments, in microseconds since 1970, UTC, and how they are written: ISO 8601,
 * by this system's time zone.
 */
#ifndef TIMESTAMP_H
#define TIMESTAMP_H

#include <stdint.h>

/* Room for a moment as text, with its NUL. */
#define TIMESTAMP_TEXT_MAX 48

/* "2026-11-22 12:46:07.662", as lines of the log begin. Returns text, which has
 * room for TIMESTAMP_TEXT_MAX bytes. */
const char *timestamp_format(int64_t moment, char *text);

#endif
