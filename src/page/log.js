/*
 * The list of the latest writes, from the events "writes" of the server. What
 * is missing in it is an entry as well. An entry has an id and a time, and is
 * one of:
 *
 *   a write     {kind, address, quantity, values, changed, client, subject,
 *               unit, function}, the first VALUES values; a subject only of
 *               a client with a certificate
 *   a summary   {writes, values, ranges, client, subject} of writes that are
 *               too many to be listed
 *   a gap       {missed}, the number of writes that the page was not sent, as
 *               it was not connected or received too slowly
 */
const ENTRIES = 300;
const VALUES = 125;

export class WriteLog {
	constructor(feed) {
		this.entries = []; /* the oldest first */
		this.version = 0;
		this.count = 0;
		this.epoch = null;
		this.next = null; /* the number of the write that comes next, or null */
		feed.on("hello", (hello) => this.begin(hello));
		feed.on("writes", (event) => this.take(event));
	}

	/* The stream begins, perhaps again: what was written until then is not sent.
	 * writes is missing where the stream goes on, in another tab. */
	begin({ epoch, writes }) {
		if (epoch !== this.epoch) { /* the server was restarted */
			this.epoch = epoch;
			this.entries.length = 0;
			this.next = null;
			this.version++;
		}
		if (writes !== undefined)
			this.expect(writes + 1, null);
	}

	/* The next write is the one of that number. */
	expect(number, time) {
		if (this.next !== null && number > this.next)
			this.add({ missed: number - this.next, time });
		this.next = Math.max(this.next ?? 0, number);
	}

	take({ number, writes, more }) {
		const end = number + writes.length;

		this.expect(number, writes[0].time);
		writes.slice(Math.min(writes.length, this.next - number)).forEach((write) =>
			this.add({ ...write, quantity: write.values.length,
				values: write.values.slice(0, VALUES) }));
		this.next = Math.max(this.next, end);
		if (more && end + more.writes > this.next) {
			this.add(more);
			this.next = end + more.writes;
		}
	}

	add(entry) {
		this.entries.push({ ...entry, id: this.count++ });
		if (this.entries.length > ENTRIES)
			this.entries.shift();
		this.version++;
	}
}
