#include "simulation/noise.h"

#include <math.h>

uint64_t
noise_at(uint64_t key, uint64_t n)
{
	uint64_t z = key + n * UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

uint64_t
noise_key(uint64_t seed, const char *name)
{
	uint64_t key = noise_at(seed, 1);

	for (; *name != '\0'; name++)
		key = noise_at(key ^ (unsigned char)*name, 1);
	return key;
}

/* The high 64 bits of a product. */
static uint64_t
high_product(uint64_t a, uint64_t b)
{
	uint64_t a_low = (uint32_t)a, a_high = a >> 32;
	uint64_t b_low = (uint32_t)b, b_high = b >> 32;
	uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
	uint64_t other = a_low * b_high + (uint32_t)middle;

	return a_high * b_high + (middle >> 32) + (other >> 32);
}

uint64_t
noise_whole(uint64_t noise, uint64_t most)
{
	return most == UINT64_MAX ? noise : high_product(noise, most + 1);
}

double
noise_real(uint64_t noise)
{
	return ldexp((double)(noise >> 11), -53);
}
