/*
 * The connection to the server: values by the API, changes by server-sent
 * events. When the connection is lost it is opened again, and continues after
 * the last event received. If the server does not know that event any more,
 * everything is loaded again.
 */

const RETRY_FIRST = 300, RETRY_MOST = 3000; /* ms */
const SILENCE_MAX = 6000; /* ms without an event; the server sends one every second */
const REQUEST_TIMEOUT = 20000; /* ms */
const TOKEN = "mbasyncserver-token";

/* A request that failed; message is shown to the user. */
export class Refused extends Error {
	constructor(message, status) {
		super(message);
		this.status = status;
	}
}

export class Feed {
	/* on: {state, reload, changes, clients, status}, each a function.
	 * reload(epoch, isCurrent) must change nothing once isCurrent() is false. */
	constructor(on) {
		this.on = on;
		this.state = "connecting";
		this.since = Date.now();
		this.epoch = null;
		this.seq = null;
		this.retry = RETRY_FIRST;
		this.waiting = null; /* changes received while everything is loaded */
		this.loading = 0;
		this.reason = ""; /* why the connection is lost, a sentence; "": unknown */
	}

	get token() {
		return sessionStorage.getItem(TOKEN);
	}

	set token(token) {
		if (token)
			sessionStorage.setItem(TOKEN, token);
		else
			sessionStorage.removeItem(TOKEN);
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
			response = await fetch(path, {
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
		const query = this.seq === null ? "" : `?since=${this.seq}`;
		const source = new EventSource(`/api/events${query}`);
		const listen = (name, take) => source.addEventListener(name, (event) => {
			if (source !== this.source)
				return;
			this.lastEvent = Date.now();
			take(JSON.parse(event.data));
		});

		this.source = source;
		this.lastEvent = Date.now();
		source.onerror = () => {
			if (source.readyState === EventSource.CLOSED)
				this.findReason();
			this.lost(source);
		};
		listen("hello", (hello) => this.hello(hello));
		listen("changes", (batch) => this.take(batch));
		listen("gap", (gap) => {
			this.seq = gap.seq;
			this.reload();
		});
		listen("clients", (clients) => this.on.clients(clients));
		listen("status", (status) => this.on.status(status));
		clearInterval(this.watch);
		this.watch = setInterval(() => {
			if (Date.now() - this.lastEvent > SILENCE_MAX)
				this.lost(source);
		}, 1000);
	}

	hello(hello) {
		if (hello.epoch !== this.epoch || this.seq === null) {
			this.epoch = hello.epoch; /* changes when the server is restarted */
			this.seq = hello.seq;
			this.reload();
		}
		this.retry = RETRY_FIRST;
		this.reason = "";
		this.setState("live");
	}

	/* Changes received during the load are newer than the dump or contained in
	 * it; applied in order after it, they lead to the present values. */
	async reload() {
		const load = ++this.loading;
		const source = this.source;

		this.waiting = [];
		try {
			await this.on.reload(this.epoch, () => load === this.loading);
		} catch {
			if (load === this.loading && source === this.source)
				this.lost(source);
			return;
		}
		if (load !== this.loading)
			return;
		const waiting = this.waiting;
		this.waiting = null;
		waiting.forEach((batch) => this.on.changes(batch));
	}

	take(batch) {
		this.seq = batch.seq;
		if (this.waiting)
			this.waiting.push(batch);
		else
			this.on.changes(batch);
	}

	lost(source) {
		if (source !== this.source)
			return;
		source.close();
		this.source = null;
		clearInterval(this.watch);
		if (this.waiting) { /* the load is incomplete */
			this.waiting = null;
			this.loading++;
			this.seq = null;
		}
		this.setState("lost");
		setTimeout(() => this.connect(), this.retry);
		this.retry = Math.min(this.retry * 2, RETRY_MOST);
	}

	/* EventSource does not pass on the error that the server replies with. */
	async findReason() {
		try {
			await this.request("/api/status");
			this.reason = "The server answers, but serves no further page: too many are open. ";
		} catch {
			this.reason = "";
		}
		if (this.state === "lost")
			this.on.state("lost", this.since);
	}

	setState(state) {
		if (state === this.state)
			return;
		this.state = state;
		this.since = Date.now();
		this.on.state(state, this.since);
	}
}
