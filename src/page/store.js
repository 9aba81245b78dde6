/*
 * What the user has chosen: the tab, the range, the cursor, the view, filters,
 * lists. One store for the page, mirrored in the URL's hash, so that a reload
 * and a link show the same:
 *
 *   #tab=values&range=HR16-47&cursor=HR20&view=float32
 *
 * Each module defines its own fields. A field's value comes from the URL, else
 * from the browser's storage if the field is kept there, else it is the
 * fallback. Fields with their fallback are not in the URL. What the URL has of
 * fields that nobody has defined stays there.
 */
import { inBrowser } from "./kept.js";

const WRITE_INTERVAL = 400; /* ms: browsers limit how often the URL may change */

/* A text in the hash, readable: blanks as +, and no %3A for a colon. */
function encode(text) {
	return encodeURIComponent(text)
		.replace(/%(2C|3A|2F|40|3B)/g, (code) => decodeURIComponent(code))
		.replace(/%20/g, "+");
}

function parseHash(hash) {
	/* #map, without =, is an anchor and says nothing of the fields. */
	return hash.includes("=") ? new URLSearchParams(hash.replace(/^#/, "")) : null;
}

/* For a field that is one of some texts. */
export function oneOf(names, fallback = names[0]) {
	return { fallback, parse: (text) => names.includes(text) ? text : undefined };
}

export class Store {
	constructor() {
		this.fields = new Map();
		this.values = {};
		this.listeners = new Set();
		this.others = new URLSearchParams(parseHash(location.hash) ?? "");
		addEventListener("hashchange", () => this.restore());
		addEventListener("pagehide", () => this.write());
	}

	/*
	 * Add a field, and set its value. parse(text) returns a value, or undefined
	 * for a text that is none; format(value) returns the text. Values are never
	 * changed in place. keep: also in the browser's storage, for pages that are
	 * opened without it in the URL.
	 */
	define(name, { fallback, parse = String, format = String, keep = false }) {
		const text = this.others.get(name);

		this.fields.set(name, { fallback, parse, format, keep });
		this.others.delete(name);
		this.values[name] = (text === null ? undefined : parse(text)) ??
			this.stored(name) ?? fallback;
	}

	get(name) {
		return this.values[name];
	}

	/* Set some fields: {name: value}. Listeners are called once, if any differs. */
	set(values) {
		const changed = new Set();

		for (const [name, value] of Object.entries(values)) {
			const field = this.fields.get(name);
			if (field.format(value) === field.format(this.values[name]))
				continue;
			this.values[name] = value;
			changed.add(name);
			this.keep(name);
		}
		this.notify(changed);
		if (changed.size > 0)
			this.writeSoon();
	}

	writeSoon() {
		if (this.timer) {
			this.unwritten = true;
			return;
		}
		queueMicrotask(() => this.write()); /* with all that is set in this task */
		this.timer = setTimeout(() => {
			this.timer = 0;
			if (this.unwritten)
				this.writeSoon();
		}, WRITE_INTERVAL);
	}

	/* Have listener(changed, store) called after each change, with the set of
	 * names. Returns a function that ends it. */
	subscribe(listener) {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	notify(changed) {
		if (changed.size > 0)
			this.listeners.forEach((listener) => listener(changed, this));
	}

	/* The hash that leads to what is shown now; "" when it is the fallback. */
	hash() {
		const parts = [];

		for (const [name, field] of this.fields) {
			const text = field.format(this.values[name]);
			if (text !== field.format(field.fallback))
				parts.push(`${name}=${encode(text)}`);
		}
		for (const [name, text] of this.others)
			parts.push(`${encode(name)}=${encode(text)}`);
		return parts.length > 0 ? `#${parts.join("&")}` : "";
	}

	/* Mirror the store in the URL. */
	write() {
		const hash = this.hash();

		this.unwritten = false;
		if (hash !== location.hash)
			history.replaceState(history.state, "",
				hash || location.pathname + location.search);
	}

	/* The user has changed the URL: do as it says. */
	restore() {
		const hash = parseHash(location.hash);
		const changed = new Set();

		if (!hash)
			return;
		for (const [name, field] of this.fields) {
			const text = hash.get(name);
			const value = (text === null ? undefined : field.parse(text)) ?? field.fallback;
			hash.delete(name);
			if (field.format(value) === field.format(this.values[name]))
				continue;
			this.values[name] = value;
			changed.add(name);
		}
		this.others = hash;
		this.notify(changed);
	}

	stored(name) {
		const { keep, parse } = this.fields.get(name);
		const text = keep ? inBrowser.get(name) : null;

		return text === null ? undefined : parse(text);
	}

	keep(name) {
		const { keep, format } = this.fields.get(name);

		if (keep)
			inBrowser.set(name, format(this.values[name]));
	}
}
