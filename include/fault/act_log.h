/* The log lines of what rules do: limited, each effect apart, so that many of
 * one do not hide another. */
#ifndef FAULT_ACT_LOG_H
#define FAULT_ACT_LOG_H

#include "base/log.h"
#include "fault/rules.h"

struct fault_act_log {
	struct log_limit limits[FAULT_EFFECTS];
};

void fault_act_log_init(struct fault_act_log *log);

/* Room for the text of an act, and its NUL. */
#define FAULT_ACT_TEXT_MAX 200

/* "CLIENT: transaction 7, unit 1, function 3: delay 312 ms, rule 2". text has
 * room for FAULT_ACT_TEXT_MAX bytes. Returns text. */
const char *fault_act_format(const struct fault_request *request,
    const struct fault_act *act, char *text);

void fault_act_log_write(struct fault_act_log *log,
    const struct fault_request *request, const struct fault_act *act);

/* As log_limit_flush. */
void fault_act_log_flush(struct fault_act_log *log, int finally);

#endif
