/*
 * POST /api/backup: copy the state file to the file of --state-backup, and
 * reply when the copy is complete and on stable storage.
 */
#ifndef API_BACKUP_H
#define API_BACKUP_H

struct http_request;

void api_back_up(struct http_request *request);

#endif
