/*
 * The line to the server: everything by the API, changes by server-sent
 * events. When the line breaks it is made anew, and what was missed is caught
 * up: from the last event seen while the server still knows it, else by
 * loading everything again.
 */

const RETRY_FIRST = 300, RETRY_MOST = 3000; /* ms */
const SILENCE = 6000;   /* the server says something every second */
const PATIENCE = 20000; /* with one answer of the API */
const TOKEN = "mbasyncserver-token";

/* An answer that is not what was asked for; message is for the reader. */
export class Refused extends Error {
	constructor(message, status) {
		super(message);
		this.status = status;
	}
}

export class Feed {
	/* on: {state, reload, changes, clients, status}, each a function.
	 * reload(epoch, isWanted) is to take nothing once isWanted() is false. */
	constructor(on) {
		this.on = on;
		this.state = "connecting";
		this.since = Date.now();
		this.epoch = null;
		this.seq = null;
		this.retry = RETRY_FIRST;
		this.waiting = null; /* changes that came while all is being loaded */
		this.loading = 0;
		this.why = ""; /* a sentence: why there is no line, where that is known */
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

	/* Ask the API. Returns what it says, or throws Refused. */
	async ask(path, { method = "GET", body, token = this.token } = {}) {
		const headers = {};

		if (token)
			headers.Authorization = `Bearer ${token}`;
		if (body !== undefined)
			headers["Content-Type"] = "application/json";
		let response, text;
		try {
			response = await fetch(path, {
				method, headers, cache: "no-store",
				signal: AbortSignal.timeout(PATIENCE),
				body: body === undefined ? undefined : JSON.stringify(body),
			});
			text = await response.text();
		} catch {
			throw new Refused("The server does not answer.", 0);
		}
		let said;
		try {
			said = JSON.parse(text);
		} catch {
			said = { error: `The server answered with status ${response.status}.` };
		}
		if (!response.ok)
			throw new Refused(said.error || `Status ${response.status}.`,
				response.status);
		return said;
	}

	connect() {
		const query = this.seq === null ? "" : `?since=${this.seq}`;
		const source = new EventSource(`/api/events${query}`);
		const listen = (name, take) => source.addEventListener(name, (event) => {
			if (source !== this.source)
				return;
			this.heard = Date.now();
			take(JSON.parse(event.data));
		});

		this.source = source;
		this.heard = Date.now();
		source.onerror = () => {
			if (source.readyState === EventSource.CLOSED)
				this.findWhy();
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
			if (Date.now() - this.heard > SILENCE)
				this.lost(source);
		}, 1000);
	}

	hello(hello) {
		if (hello.epoch !== this.epoch || this.seq === null) {
			this.epoch = hello.epoch; /* of this run of the server */
			this.seq = hello.seq;
			this.reload();
		}
		this.retry = RETRY_FIRST;
		this.why = "";
		this.say("live");
	}

	/* Changes that come while the dump is on its way are newer or already in
	 * it; done again in their order they end at the same values. */
	async reload() {
		const turn = ++this.loading;
		const source = this.source;

		this.waiting = [];
		try {
			await this.on.reload(this.epoch, () => turn === this.loading);
		} catch {
			if (turn === this.loading && source === this.source)
				this.lost(source);
			return;
		}
		if (turn !== this.loading)
			return;
		const missed = this.waiting;
		this.waiting = null;
		missed.forEach((batch) => this.on.changes(batch));
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
		if (this.waiting) { /* what was being loaded is not whole */
			this.waiting = null;
			this.loading++;
			this.seq = null;
		}
		this.say("lost");
		setTimeout(() => this.connect(), this.retry);
		this.retry = Math.min(this.retry * 2, RETRY_MOST);
	}

	/* The browser does not tell with what words the server has refused. */
	async findWhy() {
		try {
			await this.ask("/api/status");
			this.why = "The server answers, but serves no further page: too many are open. ";
		} catch {
			this.why = "";
		}
		if (this.state === "lost")
			this.on.state("lost", this.since);
	}

	say(state) {
		if (state === this.state)
			return;
		this.state = state;
		this.since = Date.now();
		this.on.state(state, this.since);
	}
}
