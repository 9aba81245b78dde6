/* The past of a point, or of addresses, over HTTP: the journal of the state
 * file. */
#ifndef API_JOURNAL_H
#define API_JOURNAL_H

struct http_request;

/* GET /api/journal?point= or ?address=&kind=, and &since=&until=&after=&limit=
 */
void api_get_journal(struct http_request *request);

#endif
