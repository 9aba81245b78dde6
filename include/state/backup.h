/*
 * A copy of a state file while a server writes to it: in small steps, between
 * which the store may commit. The copy is a state file of one moment, the last
 * step's, and appears whole or not at all.
 */
#ifndef STATE_BACKUP_H
#define STATE_BACKUP_H

struct backup;
struct store;
struct store_error;

enum backup_state {
	BACKUP_GOES_ON,
	BACKUP_DONE,
	BACKUP_FAILED,
};

/* Begin to copy s to path. What is there is replaced at the end. Returns NULL
 * with why. */
struct backup *
backup_begin(struct store *s, const char *path, struct store_error *why);

/* Copy some more; why is for BACKUP_FAILED. */
enum backup_state backup_step(struct backup *b, struct store_error *why);

/* Free it, done or not; NULL is fine. The store is still open. */
void backup_end(struct backup *b);

#endif
