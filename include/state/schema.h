/*
 * The state file: its contents, column by column, and the SQL that defines its
 * tables.
 *
 * It is an SQLite database with pages of 512 bytes, in WAL mode while a server
 * runs. While it runs, and after a crash, FILE-wal exists as well (SQLite's
 * write-ahead log, part of the database); FILE-lock always does (state/lock.h).
 *
 * table meta, one row per key:
 *   mode     'separate' or 'overlaid', the -d of the server
 *   created  when the file was created: microseconds since 1970 in decimal
 *   log      two names of a FILE-wal, each random, with a space behind it. The
 *            first transaction of a log puts its own before the last one's. So
 *            FILE, which is as of the last checkpoint, has the name of its log
 *            in first place, or has the one that the log puts second.
 *   kept     a number, a space, and the CRC-32C of the number in 8 bytes and of
 *            the first name in log: no row from this number on has been
 *            deleted. It is up to 64 above the first row; equal after an
 *            orderly stop. Where it is missing or wrong, it is the first row's:
 *            a server that does not know it has written, and named a log
 *   damage   which rows of the journal were found damaged (state/damage.h);
 *            while it exists, a start checks the whole file
 *   subjects the number of the first row of the journal that has ever had a
 *            subject; missing: none has
 *   blocks   the number of the row of the journal which table block is as of, a
 *            space, and the CRC-32C of the number in 8 bytes, in hexadecimal
 *   unrecorded  likewise the row that table block was as of when values were
 *            last written to it that have no row in the journal: those of a
 *            simulation. Rows behind it have before what the rows up to then
 *            and this table left; up to it, a value may have changed in
 *            between. Missing: never
 *
 * table block, the data table as of an earlier commit, in blocks of 256 bytes,
 * 128 words each, high byte first: the writes of the journal since then are to
 * be applied to it. Every row always exists:
 *   number   0..511 registers 0..65535, block n from register 128 n on;
 *            512..543 coils, only where mode is separate: block 512 + n holds
 *            coils 2048 n .. 2048 n + 2047 as words, coil k of them in bit
 *            k % 16, the least significant first, of word k / 16
 *   data     the 256 bytes
 *   crc      record_block_crc: CRC-32C of number and data
 *
 * table journal, each write of a client, in order, also writes of the value
 * that was there before:
 *   number     1, 2, 3 and so on, never used twice; gaps exist only below the
 *              first row, where old rows have been deleted (key kept); the last
 *              row never is
 *   time       of execution: microseconds since 1970 by the system's clock,
 *              which may have been set back in between
 *   client     address and port in the form of address_format, such as
 *              '192.0.2.1:50000' or '[2001:db8::1]:50000'
 *   connection number of the client's connection in that run of the server
 *   unit       unit identifier of the request
 *   function   function code of the request
 *   kind       0 coils, 1 registers (enum datatable_kind), as requested: in
 *              mode overlaid, coil n is bit n % 16 of register n / 16
 *   address    first address written
 *   quantity   number of items; at most SCHEMA_QUANTITY_MAX
 *   before     the old values: for registers, quantity words, high byte first;
 *              for coils, (quantity + 7) / 8 bytes, the first coil the least
 *              significant bit of the first byte, unused bits 0 (as in a PDU)
 *   after      the new values, likewise
 *   crc        record_journal_crc: CRC-32C of all other columns; of the two
 *              that follow only where one of them is not empty
 *   subject    who the client is by its certificate, as in base/identity.h; ''
 *              for one without
 *   role       the role in it, likewise
 *
 * table age, to know how old rows are, whatever the system's clock shows: a
 * point about once an hour:
 *   elapsed  microseconds for which the file has been served until then, by a
 *            steady clock
 *   time     the system's clock at that moment
 *   number   the last row of the journal at that moment
 *   sum      of the other columns; where it is not, the point does not count
 *
 * Version 2 has no columns subject and role. Version 1 has no table age and no
 * keys log and blocks either, but an index journal_by_address. A server
 * upgrades such a file in place (state/upgrade.h); reading needs no upgrade.
 */
#ifndef STATE_SCHEMA_H
#define STATE_SCHEMA_H

#include "table/datatable.h"

/* A number as a string of SQL. */
#define SCHEMA_TEXT_OF(number) #number
#define SCHEMA_TEXT(number)    SCHEMA_TEXT_OF(number)

/* In the header of the file: "MBST", and the version of this format. */
#define SCHEMA_APPLICATION_ID 0x4D425354
#define SCHEMA_VERSION        3
#define SCHEMA_OLDEST_VERSION 1
#define SCHEMA_PAGE_SIZE      512

#define SCHEMA_BLOCK_SIZE      256
#define SCHEMA_BLOCK_WORDS     (SCHEMA_BLOCK_SIZE / 2)
#define SCHEMA_REGISTER_BLOCKS 512
#define SCHEMA_COIL_BLOCKS     32
#define SCHEMA_BLOCKS          (SCHEMA_REGISTER_BLOCKS + SCHEMA_COIL_BLOCKS)

/* The largest quantity of a write to the data table, and the most bytes of its
 * values. A Modbus request writes at most 246 bytes. */
#define SCHEMA_QUANTITY_MAX DATATABLE_WRITE_MAX
#define SCHEMA_VALUES_MAX   (2 * SCHEMA_QUANTITY_MAX)

#define SCHEMA_META                                                            \
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) "       \
	"STRICT, WITHOUT ROWID"

#define SCHEMA_BLOCK                                                           \
	"CREATE TABLE block (number INTEGER PRIMARY KEY, "                     \
	"data BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"

/* The columns of version 3 are added to those before, so that an upgrade writes
 * no row: SQLite's text of the table is then this one. */
#define SCHEMA_JOURNAL_BEFORE_3 SCHEMA_JOURNAL_COLUMNS ") STRICT"
#define SCHEMA_SUBJECT          "subject TEXT NOT NULL DEFAULT ''"
#define SCHEMA_ROLE             "role TEXT NOT NULL DEFAULT ''"
#define SCHEMA_JOURNAL                                                         \
	SCHEMA_JOURNAL_COLUMNS ", " SCHEMA_SUBJECT ", " SCHEMA_ROLE ") STRICT"

#define SCHEMA_JOURNAL_COLUMNS                                                 \
	"CREATE TABLE journal (number INTEGER PRIMARY KEY, "                   \
	"time INTEGER NOT NULL, client TEXT NOT NULL, "                        \
	"connection INTEGER NOT NULL, unit INTEGER NOT NULL, "                 \
	"function INTEGER NOT NULL, kind INTEGER NOT NULL, "                   \
	"address INTEGER NOT NULL, quantity INTEGER NOT NULL, "                \
	"before BLOB NOT NULL, after BLOB NOT NULL, crc INTEGER NOT NULL"

#define SCHEMA_AGE                                                             \
	"CREATE TABLE age (elapsed INTEGER PRIMARY KEY, "                      \
	"time INTEGER NOT NULL, number INTEGER NOT NULL, "                     \
	"sum INTEGER NOT NULL) STRICT"

/* Version 1 only. */
#define SCHEMA_JOURNAL_INDEX                                                   \
	"CREATE INDEX journal_by_address ON journal (kind, address)"

/* In SQL, a new name for a log and its space: SCHEMA_LOG_NAME_SIZE characters.
 */
#define SCHEMA_LOG_NAME      "lower(hex(randomblob(8))) || ' '"
#define SCHEMA_LOG_NAME_SIZE 17

/* Give the log another name, before that of the log before. */
#define SCHEMA_RENAME_LOG                                                      \
	"UPDATE meta SET value = " SCHEMA_LOG_NAME                             \
	" || substr(value, 1, " SCHEMA_TEXT(                                   \
	    SCHEMA_LOG_NAME_SIZE) ") WHERE key = 'log'"

#define SCHEMA_MODE_SEPARATE "separate"
#define SCHEMA_MODE_OVERLAID "overlaid"

#endif
