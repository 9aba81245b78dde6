/*
 * The records of the state file (state/schema.h) in memory: blocks and rows of
 * the journal, and the checksums of both. Pure.
 */
#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/identity.h"
#include "state/schema.h"
#include "table/datatable.h"

/* A row of the journal; the columns are explained in state/schema.h. */
struct record_journal {
	int64_t number;
	int64_t time;
	char client[ADDRESS_TEXT_MAX];
	uint64_t connection; /* stored as int64_t */
	uint8_t unit;
	uint8_t function;
	uint8_t kind; /* enum datatable_kind */
	uint16_t address;
	uint16_t quantity;
	uint8_t before[SCHEMA_VALUES_MAX]; /* record_size bytes are used */
	uint8_t after[SCHEMA_VALUES_MAX];
	char subject[IDENTITY_NAME_SIZE]; /* empty: no certificate */
	char role[IDENTITY_ROLE_SIZE];
};

/* The number of bytes of quantity values of a kind. */
unsigned record_size(enum datatable_kind kind, unsigned quantity);

uint32_t record_block_crc(unsigned number, const uint8_t *data);
uint32_t record_journal_crc(const struct record_journal *row);

/* Set or clear its subject and role. */
void
record_set_identity(struct record_journal *row, const struct identity *who);

/* Convert values from the form of the data table (words; coils packed into
 * words) to that of the file, and back. */
void record_pack(enum datatable_kind kind, unsigned quantity,
    const uint16_t *words, uint8_t *bytes);
void record_unpack(enum datatable_kind kind, unsigned quantity,
    const uint8_t *bytes, uint16_t *words);

/* Whether the kind, range and texts of a row from a file are valid. Does not
 * verify its checksum. */
bool record_journal_is_valid(const struct record_journal *row);

#endif
