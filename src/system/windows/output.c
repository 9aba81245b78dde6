#include "system/output.h"

#include "api.h"

#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

/*
 * A console in which text is selected, and a pipe that nobody reads, hold up
 * whoever writes to them. That is a thread here, which writes what the others
 * leave in a queue.
 */
#define QUEUE_MAX (256 * 1024)
#define FLUSH_MS  1000 /* for the last lines, at the end of the process */

struct queue {
	char bytes[QUEUE_MAX]; /* of each line: where it goes, and its text */
	size_t length;
};

static struct {
	SRWLOCK lock;
	CONDITION_VARIABLE changed;
	struct queue queues[2];
	struct queue *filling; /* NULL: there is no thread */
	bool writing;
} out = { .lock = SRWLOCK_INIT, .changed = CONDITION_VARIABLE_INIT };

static int
write_now(enum output where, const char *line, size_t length)
{
	HANDLE to = GetStdHandle(
	    where == OUTPUT_STANDARD ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
	DWORD written;

	return WriteFile(to, line, (DWORD)length, &written, NULL) &&
		written == length ?
	    0 :
	    -1;
}

static void
write_queue(struct queue *q)
{
	for (size_t at = 0; at < q->length;) {
		const char *line = q->bytes + at + 1;
		const char *end = memchr(line, '\n', q->length - at - 1);
		size_t length = (size_t)(end - line) + 1;

		write_now((enum output)q->bytes[at], line, length);
		at += 1 + length;
	}
	q->length = 0;
}

/* Write what is queued, as soon as there is anything. */
static void
write_next(void)
{
	struct queue *full;

	AcquireSRWLockExclusive(&out.lock);
	while (out.filling->length == 0)
		SleepConditionVariableSRW(&out.changed, &out.lock, INFINITE, 0);
	full = out.filling;
	out.filling = &out.queues[full == &out.queues[0]];
	out.writing = true;
	ReleaseSRWLockExclusive(&out.lock);
	write_queue(full);
	AcquireSRWLockExclusive(&out.lock);
	out.writing = false;
	WakeAllConditionVariable(&out.changed);
	ReleaseSRWLockExclusive(&out.lock);
}

static DWORD WINAPI
run(void *arg)
{
	while (arg == NULL)
		write_next();
	return 0;
}

/* Wait for what is in the queue, but not for ever. */
static void
flush(void)
{
	ULONGLONG end = GetTickCount64() + FLUSH_MS, now;

	AcquireSRWLockExclusive(&out.lock);
	while ((out.writing || out.filling->length > 0) &&
	    (now = GetTickCount64()) < end)
		SleepConditionVariableSRW(
		    &out.changed, &out.lock, (DWORD)(end - now), 0);
	ReleaseSRWLockExclusive(&out.lock);
}

void
output_open(void)
{
	HANDLE thread;
	int fd;

	do
		fd = _open("NUL", _O_RDWR | _O_NOINHERIT);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		_close(fd);
	out.filling = &out.queues[0];
	thread = CreateThread(NULL, 0, run, NULL, 0, NULL);
	if (thread == NULL) {
		out.filling = NULL;
		return;
	}
	CloseHandle(thread);
	atexit(flush);
}

/* "<4>text\n", as for the journal of systemd; standard output has no level. */
static int
write_event(const char *line, size_t length)
{
	char text[1100];
	int level = 6;

	if (length > 3 && line[0] == '<' && line[2] == '>') {
		level = line[1] - '0';
		line += 3;
		length -= 3;
	}
	if (length > 0 && line[length - 1] == '\n')
		length--;
	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	memcpy(text, line, length);
	text[length] = '\0';
	service_log(level, text);
	return 0;
}

static int
enqueue(enum output where, const char *line, size_t length)
{
	struct queue *q;
	bool fits;

	AcquireSRWLockExclusive(&out.lock);
	q = out.filling;
	fits = length < QUEUE_MAX - q->length;
	if (fits) {
		q->bytes[q->length] = (char)where;
		memcpy(q->bytes + q->length + 1, line, length);
		q->length += 1 + length;
		WakeAllConditionVariable(&out.changed);
	}
	ReleaseSRWLockExclusive(&out.lock);
	return fits ? 0 : -1;
}

int
output_write(enum output where, const char *line, size_t length)
{
	if (service_is_running())
		return write_event(line, length);
	if (out.filling == NULL)
		return write_now(where, line, length);
	return enqueue(where, line, length);
}

/* The event log is of the same kind. */
bool
output_is_journal(void)
{
	return service_is_running();
}
