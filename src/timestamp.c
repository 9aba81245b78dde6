#include "timestamp.h"

#include <stdio.h>
#include <time.h>

#define SECOND 1000000

/* Seconds and microseconds, of which the latter are never negative. */
static int
split(int64_t moment, time_t *seconds)
{
	int rest = (int)(moment % SECOND);

	*seconds = (time_t)(moment / SECOND);
	if (rest < 0) {
		rest += SECOND;
		(*seconds)--;
	}
	return rest;
}

const char *
timestamp_format(int64_t moment, char *text)
{
	struct tm local = { 0 };
	char seconds[32];
	time_t time;
	int rest = split(moment, &time);

	localtime_r(&time, &local);
	strftime(seconds, sizeof(seconds), "%Y-%m-%d %H:%M:%S", &local);
	snprintf(text, TIMESTAMP_TEXT_MAX, "%s.%03d", seconds, rest / 1000);
	return text;
}
