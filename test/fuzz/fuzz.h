/* What the fuzz targets share: the entry point, a check, bytes of the input,
 * and a second opinion on frames. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "modbus/mbap.h"

struct datatable;
struct model;

/* The entry point that libFuzzer and replay.c call: try one input. Returns
 * 0; whatever is wrong with it ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once before. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* End the program unless the expression holds, also where assert is off. */
#define must(expression)                                                       \
	((expression) ? (void)0 : fuzz_fail(#expression, __FILE__, __LINE__))

_Noreturn void fuzz_fail(const char *expression, const char *file, int line);

/* What is left of an input. */
struct input {
	const uint8_t *next;
	size_t left;
};

/* Take one byte; 0 when none is left. */
uint8_t input_byte(struct input *in);

/* Take length bytes, or as many as are left, which length is set to. */
const uint8_t *input_take(struct input *in, size_t *length);

/* A copy of size bytes in a block of exactly that size, so that a sanitizer
 * sees who reads past it; size is at least 1. To be freed. */
void *fuzz_copy(const void *bytes, size_t size);

/*
 * What stands at the front of left bytes of a stream, written from the
 * Messaging Implementation Guide and not from mbap.c. Sets whole to the length
 * of a ready frame's ADU.
 */
enum mbap_result reference_frame(const uint8_t *p, size_t left, size_t *whole);

/* All values of a table are those of a model. */
void check_tables(const struct datatable *table, const struct model *model);

#endif
