/* Hints of the client report, formatted, and who receives them. */
#ifndef REPORT_HINT_H
#define REPORT_HINT_H

#include "report/client_report.h"

struct hint_receiver {
	report_put_hint_fn put;
	void *arg; /* borrowed */
};

/* Pass on a hint, what it is about, and its text, which is cut where it is
 * longer than a sentence with the names of points. */
void hint_put(const struct hint_receiver *to, const struct report_which *which,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
