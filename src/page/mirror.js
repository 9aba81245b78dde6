/*
 * Keeps the model like the server's table: loads all of it, applies changes,
 * and asks who wrote what, since a write of the same value is no change.
 */
import { KINDS } from "./model.js";

const WRITERS_INTERVAL = 1000;     /* ms between requests for the rows that are seen */
const MAP_RATE = 5000;             /* addresses a second whose writers are asked for */
const SLICE = 8;                   /* ms that changes are applied without a pause */
const QUERY_INTERVAL = 2000;       /* ms between other requests, while values change */

export class Mirror {
	/* page: see app.js. seen() returns the ranges whose writers are shown:
	 * [{kind, first, last}]. */
	constructor({ model, feed, frames }, seen) {
		Object.assign(this, { model, feed, frames, seen });
		this.clients = [];
		this.contended = [];
		this.status = null;
		this.queue = [];  /* batches that are not, or not wholly, applied */
		this.applied = 0; /* changes of the first of them that are */
		this.channel = new MessageChannel();
		this.channel.port1.onmessage = () => this.work();
		this.pause = 0; /* ms between requests for the writers of all */
		this.ask = { writers: () => this.askWriters(), map: () => this.askMap(),
			contended: () => this.askContended() };
		this.asked = {}; /* timers, by what they will ask */
		feed.load = (epoch, isCurrent) => this.load(epoch, isCurrent);
		feed.on("changes", (batch) => this.takeChanges(batch));
		feed.on("clients", (clients) => this.takeClients(clients));
		feed.on("status", (status) => this.takeStatus(status));
	}

	/* Load the values, and then, while they are seen, what is known of them. */
	async load(epoch, isCurrent) {
		const { feed, model } = this;
		const [dump, status] = await Promise.all(
			["api/dump", "api/status"].map((path) => feed.request(path)));

		if (!isCurrent()) /* another load has begun since */
			return;
		this.queue.length = this.applied = 0; /* the dump has these */
		model.load(dump, epoch);
		feed.tell("status", status);
		document.body.dataset.loaded = epoch;
		feed.tell("loaded", status);
		this.frames.soon("map", "cell", "values", "changes", "legend");
		this.askWriters();
		this.askMap();
		this.askContended();
		this.askClients();
	}

	takeChanges(batch) {
		this.queue.push(batch);
		if (document.hidden)
			this.apply(Infinity);
		else if (this.queue.length === 1)
			this.work();
		this.later("contended", QUERY_INTERVAL);
	}

	/* Apply some of what is queued; the rest after what the browser has to do. */
	work() {
		this.apply(performance.now() + SLICE);
		if (this.queue.length > 0)
			this.channel.port2.postMessage(null);
	}

	apply(until) {
		const now = Date.now();

		while (this.queue.length > 0) {
			const [batch] = this.queue;
			const change = batch.changes[this.applied++];
			if (change) {
				this.model.applyChange(change, now);
			} else {
				this.queue.shift();
				this.applied = 0;
				this.feed.tell("applied", batch);
			}
			if (performance.now() >= until)
				break;
		}
		this.frames.soon("map", "cell", "values");
	}

	takeClients(clients) {
		this.clients = clients;
		for (const client of clients) {
			client.received = Date.now();
			client.began = this.localTime(client.since);
		}
		this.frames.soon("clients");
	}

	takeContended(rows) {
		this.contended = rows;
		for (const row of rows)
			row.last = this.localTime(row.handover || row.time);
		this.feed.tell("contended", rows);
		this.frames.soon("contended");
	}

	takeStatus(status) {
		this.model.clockSkew = Date.now() - Date.parse(status.time);
		this.status = status;
		this.frames.soon("status");
		/* There may have been writes of the same value, which are no changes. */
		if (status.writes !== this.model.side.registers.writes) {
			this.later("writers", WRITERS_INTERVAL);
			this.later("map", Math.max(WRITERS_INTERVAL, this.pause));
		}
	}

	/* Convert a time of the server to this browser's clock. */
	localTime(time) {
		return Date.parse(time) + this.model.clockSkew;
	}

	/* Ask for something soon, but not for each of many reasons. */
	later(what, interval) {
		this.asked[what] ||= setTimeout(() => {
			this.asked[what] = 0;
			this.ask[what]();
		}, interval);
	}

	/* Ask who wrote what is seen. */
	async askWriters() {
		if (document.hidden || this.feed.state !== "live")
			return;
		try {
			await Promise.all(this.seen().map(async ({ kind, first, last }) =>
				this.model.setWriters(await this.feed.request(`api/writers?kind=${kind}` +
					`&address=${first}&quantity=${last - first + 1}`))));
		} catch {
			return; /* the feed reports a lost connection */
		}
		this.frames.soon("cell", "values");
		if (KINDS.some((kind) => this.model.side[kind].everWritten))
			this.frames.soon("map");
	}

	/* Ask who has written what since the last time: the longer the reply, the
	 * later again. */
	async askMap() {
		if (document.hidden || this.feed.state !== "live")
			return;
		let n = 0;
		try {
			for (const kind of KINDS)
				n += this.model.mergeWriters(kind, await this.feed.request(
					`api/writers/map?kind=${kind}&since=${this.model.side[kind].writes}`),
				Date.now());
		} catch {
			return; /* as above */
		}
		this.pause = n / MAP_RATE * 1000;
		this.frames.soon("map", "cell", "values", "legend", "clients");
	}

	async askClients() {
		try {
			this.feed.tell("clients", await this.feed.request("api/clients"));
		} catch {
			/* as above */
		}
	}

	async askContended() {
		if (document.hidden)
			return;
		try {
			this.takeContended(await this.feed.request("api/contended"));
		} catch {
			/* as above */
		}
	}
}
