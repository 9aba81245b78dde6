#include "simulation/moment.h"

#include <math.h>

#define STEPS 0x1p40

double
moment_sine(const struct moment *m)
{
	static const double pi = 3.14159265358979323846;
	double phase = (double)m->phase / (double)m->period;

	return round((1 + sin(2 * pi * phase)) / 2 * STEPS) / STEPS;
}
