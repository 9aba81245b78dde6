/*
 * Copying a state file while a server writes to it. The thread that uses the
 * store copies it in small steps, and may commit between them; a thread of the
 * backup does what waits for the disk: it flushes each MiB that was copied,
 * before more is copied, and publishes the copy. So a commit never has to wait
 * for more than that.
 *
 * The copy is the state file as of the last step. It appears under its name
 * only when it is complete and on stable storage.
 *
 *   backup_begin → backup_step … → backup_end
 */
#ifndef STATE_BACKUP_H
#define STATE_BACKUP_H

struct backup;
struct store;
struct store_error;

enum backup_state {
	BACKUP_OPENING,    /* the file is being created */
	BACKUP_COPYING,    /* backup_step has something to copy */
	BACKUP_FLUSHING,   /* what was copied is being flushed */
	BACKUP_PUBLISHING, /* the whole copy is, and is then renamed */
	BACKUP_REMOVING,   /* it has failed; what is there is being removed */
	BACKUP_DONE,
	BACKUP_FAILED,
};

/* Called on the thread of the backup when its state has changed. */
typedef void (*backup_wake_fn)(void *arg);

/* Begin to copy s to path. An existing file is replaced at the end. Returns
 * NULL with why. */
struct backup *backup_begin(struct store *s, const char *path,
    backup_wake_fn wake, void *arg, struct store_error *why);

/* In state BACKUP_COPYING, copy the next pages; in others do nothing. Never
 * waits for a flush. Returns the state. */
enum backup_state backup_step(struct backup *b);

/*
 * Free it, before the store is closed. Unless it has ended, it is cancelled, or
 * published if it is BACKUP_PUBLISHING; that waits for the disk. Returns 0 if
 * the backup is done, or -1 with why.
 */
int backup_end(struct backup *b, struct store_error *why);

#endif
