/*
 * The stream of events. One tab of a browser holds it for all of its tabs on
 * this server, since a browser opens only six connections to a host: it has a
 * lock, and passes on what it receives. When it goes, another tab gets the lock,
 * and goes on after the last change that it knows.
 *
 * Browsers have locks only where the page comes by HTTPS or from this machine.
 * Elsewhere each tab has a stream of its own, and a hidden one has none.
 */

const RETRY_FIRST = 300, RETRY_MOST = 3000; /* ms */
const SILENCE_MAX = 6000;   /* ms without an event; the server sends one every second */
const HOLDER_SILENCE = 9000; /* ms after which a holder that says nothing is replaced */
const HIDDEN = 30000;       /* ms after which a hidden tab ends a stream of its own */
const EVENTS = ["hello", "changes", "writes", "gap", "clients", "status"];

/* The URL of one of the server's paths, wherever a proxy has put them: that of
 * this file is known. */
export function urlOf(path) {
	return new URL(path.replace(/^\//, ""), import.meta.url);
}

/*
 * The connection itself. take(name, data) is called at each event, and with
 * "lost" when the connection is lost: data is true if the server refused it.
 * since() is the number of the last change received, or null. A lost connection
 * is opened again.
 */
export class EventLine {
	constructor(take, since) {
		this.take = take;
		this.since = since;
		this.retry = RETRY_FIRST;
		this.source = null;
	}

	open() {
		const since = this.since();

		this.close();
		const source = new EventSource(urlOf(`api/events?writes=1${
			since === null ? "" : `&since=${since}`}`));
		this.source = source;
		this.heard = Date.now();
		source.onerror = () => this.lost(source, source.readyState === EventSource.CLOSED);
		for (const name of EVENTS)
			source.addEventListener(name, (event) => {
				if (source !== this.source)
					return;
				this.heard = Date.now();
				if (name === "hello")
					this.retry = RETRY_FIRST;
				this.take(name, JSON.parse(event.data));
			});
		this.watch = setInterval(() => {
			if (Date.now() - this.heard > SILENCE_MAX)
				this.lost(source, false);
		}, 1000);
	}

	close() {
		this.source?.close();
		this.source = null;
		clearInterval(this.watch);
		clearTimeout(this.again);
	}

	lost(source, refused) {
		if (source !== this.source)
			return;
		this.close();
		this.again = setTimeout(() => this.open(), this.retry);
		this.retry = Math.min(this.retry * 2, RETRY_MOST);
		this.take("lost", refused);
	}
}

/* Where there are no locks. */
class OwnLine extends EventLine {
	constructor(take, since) {
		super(take, since);
		this.left = false;
		document.addEventListener("visibilitychange", () => this.turn());
	}

	turn() {
		clearTimeout(this.leave);
		if (document.hidden)
			this.leave = setTimeout(() => {
				this.close();
				this.left = true;
			}, HIDDEN);
		else if (this.left) {
			this.left = false;
			this.open();
		}
	}
}

/*
 * One for all tabs. What the holder passes on: {term, name, data, since}. term
 * grows with each holder, so that nobody takes what an earlier one has said for
 * new; since is the number of the change before.
 */
class SharedLine {
	constructor(take, since) {
		this.take = take;
		this.since = since;
		this.name = urlOf("api/events").pathname;
		this.term = 0;
		this.holds = false;
		this.state = null; /* the last hello or lost, for tabs that come later */
		this.line = new EventLine((name, data) => this.pass(name, data), since);
	}

	open() {
		this.heard = Date.now();
		this.channel = new BroadcastChannel(this.name);
		this.channel.onmessage = ({ data: message }) => this.hear(message);
		this.wait({});
		this.channel.postMessage({ name: "join" });
		setInterval(() => this.watch(), 1000);
	}

	/* Wait for the lock, then hold the line until the tab is closed, or another
	 * one takes the lock away. Where browsers deny locks, as they do in some
	 * frames, hold it without. */
	wait(options) {
		const hold = () => {
			this.holds = true;
			this.term = Math.max(this.term + 1, Date.now());
			this.line.open();
			return new Promise(() => {});
		};

		navigator.locks.request(this.name, options, hold).catch((error) => {
			if (error.name !== "AbortError") {
				hold();
				return;
			}
			this.release();
			this.wait({});
		});
	}

	/* Another tab has the lock now. */
	release() {
		if (!this.holds)
			return;
		this.holds = false;
		this.heard = Date.now();
		this.line.close();
	}

	/* The holder: pass on, then take. */
	pass(name, data) {
		if (name === "hello" || name === "lost")
			this.state = { name, data };
		this.channel.postMessage({ term: this.term, name, data, since: this.since() });
		this.take(name, data, this.since());
	}

	hear(message) {
		if (message.name === "join") {
			if (this.holds && this.state)
				this.channel.postMessage({ term: this.term, ...this.welcome(),
					since: this.since() });
			return;
		}
		if (message.term < this.term || this.holds && message.term === this.term)
			return;
		this.release(); /* it may be heard of the new holder before the lock is lost */
		this.term = message.term;
		this.heard = Date.now();
		this.take(message.name, message.data, message.since);
	}

	/* What a tab that has come late is told: where the stream is now. */
	welcome() {
		const { name, data } = this.state;

		return { name, data: name !== "hello" ? data :
			{ ...data, seq: this.since() ?? data.seq, writes: undefined } };
	}

	/* A holder that the browser has stopped, or that hangs, is replaced. */
	watch() {
		if (this.holds || document.hidden || Date.now() - this.heard < HOLDER_SILENCE)
			return;
		this.heard = Date.now();
		this.wait({ steal: true });
	}
}

export function newLine(take, since) {
	const shared = navigator.locks && window.BroadcastChannel;

	return shared ? new SharedLine(take, since) : new OwnLine(take, since);
}
