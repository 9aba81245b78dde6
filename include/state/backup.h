/*
 * Copying a state file while a server writes to it, in small steps; the store
 * may commit between them. The copy is the state file as of the last step. It
 * appears under its name only when it is complete.
 */
#ifndef STATE_BACKUP_H
#define STATE_BACKUP_H

struct backup;
struct store;
struct store_error;

enum backup_state {
	BACKUP_IN_PROGRESS,
	BACKUP_DONE,
	BACKUP_FAILED,
};

/* Begin to copy s to path. An existing file is replaced at the end. Returns
 * NULL with why. */
struct backup *
backup_begin(struct store *s, const char *path, struct store_error *why);

/* Copy the next pages; why is set for BACKUP_FAILED. */
enum backup_state backup_step(struct backup *b, struct store_error *why);

/* Free it, complete or not, before the store is closed. Accepts NULL. */
void backup_end(struct backup *b);

#endif
