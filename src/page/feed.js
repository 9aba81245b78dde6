/*
 * The connection to the server: values by the API, changes by server-sent
 * events. When the connection is lost it is opened again, and continues after
 * the last event received. If the server does not know that event any more,
 * everything is loaded again.
 */
import { inTab } from "./kept.js";
import { newLine, urlOf } from "./line.js";

const REQUEST_TIMEOUT = 20000; /* ms */
const RELOAD = 1000; /* ms after which a load that failed is tried again */
const TOKEN = "token";

/* A request that failed; message is shown to the user. */
export class Refused extends Error {
	constructor(message, status) {
		super(message);
		this.status = status;
	}
}

export class Feed {
	/* load(epoch, isCurrent), to be set before connect(), loads everything; it
	 * must change nothing once isCurrent() is false. */
	constructor() {
		this.listeners = new Map();
		this.load = null;
		this.known = inTab.get(TOKEN);
		this.state = "connecting";
		this.since = Date.now();
		this.epoch = null;
		this.seq = null;
		this.waiting = null; /* changes received while everything is loaded */
		this.loading = 0;
		this.reason = ""; /* why the connection is lost, a sentence; "": unknown */
	}

	/*
	 * Have take(data) called at each event of that name: "hello", "changes",
	 * "writes", "clients", "status" as the server sends them, "state" (name, since when) when the
	 * connection comes or goes, and whatever else is told.
	 */
	on(name, take) {
		this.listeners.set(name, [...this.listeners.get(name) ?? [], take]);
	}

	tell(name, ...data) {
		this.listeners.get(name)?.forEach((take) => take(...data));
	}

	get token() {
		return this.known;
	}

	set token(token) {
		this.known = token || null;
		inTab.set(TOKEN, this.known);
	}

	/* Send a request to the API. Returns its reply, or throws Refused. */
	async request(path, { method = "GET", body, token = this.token } = {}) {
		const headers = {};

		if (token)
			headers.Authorization = `Bearer ${token}`;
		if (body !== undefined)
			headers["Content-Type"] = "application/json";
		let response, text;
		try {
			response = await fetch(urlOf(path), {
				method, headers, cache: "no-store",
				signal: AbortSignal.timeout(REQUEST_TIMEOUT),
				body: body === undefined ? undefined : JSON.stringify(body),
			});
			text = await response.text();
		} catch {
			throw new Refused("The server does not answer.", 0);
		}
		let reply;
		try {
			reply = JSON.parse(text);
		} catch {
			reply = { error: `The server answered with status ${response.status}.` };
		}
		if (!response.ok)
			throw new Refused(reply.error || `Status ${response.status}.`,
				response.status);
		return reply;
	}

	connect() {
		this.line = newLine((...event) => this.event(...event), () => this.seq);
		this.line.open();
	}

	/* since, of changes: the number of the change before them. */
	event(name, data, since) {
		this.lastEvent = Date.now();
		switch (name) {
		case "hello": this.hello(data); break;
		case "changes": this.take(data, since); break;
		case "gap":
			this.seq = data.seq;
			this.reload();
			break;
		case "lost": this.lost(data); break;
		default: this.tell(name, data);
		}
	}

	hello(hello) {
		if (hello.epoch !== this.epoch || this.seq === null) {
			this.epoch = hello.epoch; /* changes when the server is restarted */
			this.seq = hello.seq;
			this.reload();
		}
		this.reason = "";
		this.tell("hello", hello);
		this.setState("live");
	}

	/* Changes received during the load are newer than the dump or contained in
	 * it; applied in order after it, they lead to the present values. */
	async reload() {
		const load = ++this.loading;

		this.waiting = [];
		try {
			await this.load(this.epoch, () => load === this.loading);
		} catch {
			if (load === this.loading)
				this.again = setTimeout(() => this.reload(), RELOAD);
			return;
		}
		if (load !== this.loading)
			return;
		const waiting = this.waiting;
		this.waiting = null;
		waiting.forEach((batch) => this.tell("changes", batch));
	}

	/* Another tab may have received changes that this one has missed, while the
	 * browser had stopped it. */
	take(batch, since) {
		if (this.seq === null) /* nothing is known that could have changed */
			return;
		const missed = since > this.seq;
		this.seq = batch.seq;
		if (missed)
			this.reload();
		if (this.waiting)
			this.waiting.push(batch);
		else
			this.tell("changes", batch);
	}

	lost(refused) {
		clearTimeout(this.again);
		if (this.waiting) { /* the load is incomplete */
			this.waiting = null;
			this.loading++;
			this.seq = null;
		}
		if (refused)
			this.findReason();
		this.setState("lost");
	}

	/* EventSource does not pass on the error that the server replies with. */
	async findReason() {
		try {
			await this.request("api/status");
			this.reason = "The server answers, but serves no further page: too many are open. ";
		} catch {
			this.reason = "";
		}
		if (this.state === "lost")
			this.tell("state", "lost", this.since);
	}

	setState(state) {
		if (state === this.state)
			return;
		this.state = state;
		this.since = Date.now();
		this.tell("state", state, this.since);
	}
}
