#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

#include "base/byte_order.h"
#include "base/bytes.h"
#include "system/processor.h"

#define POLYNOMIAL 0x82F63B78 /* reflected */
#define SLICES     8

/* steps[k][b] is what byte b adds to the CRC when k bytes follow it. */
static uint32_t steps[SLICES][256];
static pthread_once_t steps_made = PTHREAD_ONCE_INIT;

static void
make_steps(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		steps[0][b] = crc;
	}
	for (int k = 1; k < SLICES; k++)
		for (uint32_t b = 0; b < 256; b++) {
			uint32_t crc = steps[k - 1][b];

			steps[k][b] = crc >> 8 ^ steps[0][crc & 0xFF];
		}
}

/* The sum of the first four of eight bytes, or of the last four. */
static uint32_t
step4(uint32_t bytes, int following)
{
	return steps[following + 3][bytes & 0xFF] ^
	    steps[following + 2][bytes >> 8 & 0xFF] ^
	    steps[following + 1][bytes >> 16 & 0xFF] ^
	    steps[following][bytes >> 24];
}

uint32_t
crc32c_by_tables(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *b = bytes;

	pthread_once(&steps_made, make_steps);
	crc = ~crc;
	for (; length >= 8; length -= 8, b += 8)
		crc = step4(crc ^ bytes_get32_little(b), 4) ^
		    step4(bytes_get32_little(b + 4), 0);
	for (; length > 0; length--)
		crc = crc >> 8 ^ steps[0][(crc ^ *b++) & 0xFF];
	return ~crc;
}

/* The processor's instruction, for eight bytes in the order of memory and for
 * one. */
#if defined(__x86_64__)
#define HAS_INSTRUCTION __builtin_cpu_supports("sse4.2")
#define TARGET          __attribute__((target("sse4.2")))

TARGET static inline uint32_t
add8(uint32_t crc, uint64_t bytes)
{
	return (uint32_t)__builtin_ia32_crc32di(crc, bytes);
}

TARGET static inline uint32_t
add1(uint32_t crc, uint8_t byte)
{
	return __builtin_ia32_crc32qi(crc, byte);
}
#elif defined(__aarch64__)
#define HAS_INSTRUCTION processor_has_crc32()
#define TARGET

static inline uint32_t
add8(uint32_t crc, uint64_t bytes)
{
	__asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %1"
		: "+r"(crc)
		: "r"(little64(bytes)));
	return crc;
}

static inline uint32_t
add1(uint32_t crc, uint8_t byte)
{
	__asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1"
		: "+r"(crc)
		: "r"(byte));
	return crc;
}
#endif

#ifdef HAS_INSTRUCTION
TARGET static uint32_t
by_instruction(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *b = bytes;
	uint64_t eight;

	crc = ~crc;
	for (; length >= sizeof(eight); length -= sizeof(eight)) {
		memcpy(&eight, b, sizeof(eight));
		crc = add8(crc, eight);
		b += sizeof(eight);
	}
	for (; length > 0; length--)
		crc = add1(crc, *b++);
	return ~crc;
}
#endif

crc32c_fn
crc32c_by_processor(void)
{
#ifdef HAS_INSTRUCTION
	if (HAS_INSTRUCTION)
		return by_instruction;
#endif
	return NULL;
}

static crc32c_fn chosen;
static pthread_once_t is_chosen = PTHREAD_ONCE_INIT;

static void
choose(void)
{
	chosen = crc32c_by_processor();
	if (chosen == NULL)
		chosen = crc32c_by_tables;
}

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t length)
{
	pthread_once(&is_chosen, choose);
	return chosen(crc, bytes, length);
}
