/*
 * What has really happened in a recording: every write that was committed, as
 * the journal has it in the end, and which of them clients had been told of at
 * each moment.
 *
 * Every connection of the recording has an address of its own. The writes that
 * succeeded on it are, in order, its rows of the journal.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording.h"
#include "state/record.h"
#include "state/store.h"

#define HISTORY_ERROR_MAX 400

struct history;

/* From the state file of the end. NULL after a line on the standard error. */
struct history *history_new(const char *path);
void history_free(struct history *h);

enum datatable_overlay history_overlay(const struct history *h);

/* Before the recording a server has served, and so many writes have been
 * acknowledged. */
void history_go_on(struct history *h, int64_t acknowledged);

/* Play one entry. Returns false after a line on the standard error when a reply
 * can't be: one to a write that is not in the journal. */
bool history_play(
    struct history *h, const struct recording_entry *e, const uint8_t *data);

/* The rows of the journal that must be there, since some client was told of the
 * last of them. */
int64_t history_acknowledged(const struct history *h);

/* Whether any client has been sent anything. */
bool history_serves(const struct history *h);

/* The rows that a finished backup must have, or -1 while there is none. */
int64_t history_backed_up(const struct history *h);

/*
 * Whether a state file holds the first writes of the history, least of them or
 * more, and is what these writes make of a table of zeros. If not, error says
 * why; there is room for HISTORY_ERROR_MAX.
 */
bool history_begins_with(
    struct history *h, struct store *s, int64_t least, char *error);

#endif
