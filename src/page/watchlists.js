/*
 * Lists of items by name, in the browser's storage; the list that is shown is
 * also in the store, and so in the URL.
 *
 * A list is an array of entries {key, scale}: key is that of an item (item.js),
 * scale the trend scale on which its values are drawn, "" for none. Its text is
 * "flow~auto;setpoint;@HR16:float32:CDAB~A".
 */
import { LIST_MAX } from "./item.js";
import { inBrowser } from "./kept.js";

export const FIRST_LIST = "Watch";
export const SCALES = ["", "auto", "A", "B", "C", "D"];

export function parseList(text) {
	const seen = new Set();
	const entries = [];

	for (const part of text.split(";")) {
		const [, escaped, scale = ""] = /^([^~]*)(?:~([^~]*))?$/.exec(part) ?? [, ""];
		const key = escaped.replace(/%(3B|7E|25)/g, (code) => decodeURIComponent(code));
		if (!key || seen.has(key) || !SCALES.includes(scale) || entries.length >= LIST_MAX)
			continue;
		seen.add(key);
		entries.push({ key, scale });
	}
	return entries;
}

export function formatList(entries) {
	return entries.map(({ key, scale }) =>
		key.replace(/%(?=3B|7E|25)|[;~]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase()) +
		(scale && `~${scale}`)).join(";");
}

export class WatchLists {
	constructor(store) {
		this.store = store;
		this.texts = this.stored();
		store.define("list", { fallback: FIRST_LIST, keep: true,
			parse: (text) => text.trim().slice(0, 60) || undefined });
		store.define("watch", { fallback: [], parse: parseList, format: formatList });
		this.adopt();
		store.subscribe((changed) => {
			if (changed.has("list") || changed.has("watch"))
				this.adopt();
		});
		inBrowser.follow("lists", () => this.follow());
	}

	stored() {
		try {
			const lists = JSON.parse(inBrowser.get("lists")) ?? {};
			return new Map(Object.entries(lists)
				.filter(([, text]) => typeof text === "string"));
		} catch {
			return new Map();
		}
	}

	keep() {
		inBrowser.set("lists", JSON.stringify(Object.fromEntries(this.texts)));
	}

	entriesOf(name) {
		return parseList(this.texts.get(name) ?? "");
	}

	get names() {
		return [...new Set([...this.texts.keys(), this.name])];
	}

	get name() {
		return this.store.get("list");
	}

	get entries() {
		return this.store.get("watch");
	}

	/* Where the URL has no list, the browser's is shown. One that it has is kept,
	 * and one of the browser with the same name that differs is not lost. */
	adopt() {
		const text = formatList(this.entries), mine = this.texts.get(this.name) ?? "";

		if (text === mine || this.changing)
			return;
		if (text === "") {
			this.change({ watch: parseList(mine) });
			return;
		}
		if (mine)
			this.store.set({ list: this.free(`${this.name} (link)`) });
		this.texts.set(this.name, text);
		this.keep();
	}

	/* Another page of this browser has changed a list. */
	follow() {
		this.texts = this.stored();
		this.change({ watch: this.entriesOf(this.name) });
	}

	/* A name that no list has yet. */
	free(name) {
		let free = name;

		for (let i = 2; this.texts.has(free); i++)
			free = `${name} ${i}`;
		return free;
	}

	change(values) {
		this.changing = true;
		this.store.set(values);
		this.changing = false;
	}

	/* Show these entries from now on. */
	set(entries) {
		this.change({ watch: entries.slice(0, LIST_MAX) });
		this.texts.set(this.name, formatList(this.entries));
		this.keep();
	}

	has(key) {
		return this.entries.some((entry) => entry.key === key);
	}

	/* Add items that are not in it yet. Returns how many there are. */
	add(items, scale = "") {
		const fresh = items.filter(({ key }) => !this.has(key));

		this.set([...this.entries, ...fresh.map(({ key }) => ({ key, scale }))]);
		return fresh.length;
	}

	remove(key) {
		this.set(this.entries.filter((entry) => entry.key !== key));
	}

	setScale(key, scale) {
		this.set(this.entries.map((entry) => entry.key === key ? { key, scale } : entry));
	}

	/* Move an entry up or down by one. */
	move(key, step) {
		const entries = [...this.entries];
		const from = entries.findIndex((entry) => entry.key === key), to = from + step;

		if (from < 0 || to < 0 || to >= entries.length)
			return;
		entries.splice(to, 0, ...entries.splice(from, 1));
		this.set(entries);
	}

	/* Show another list, an empty one if there is none of that name. */
	choose(name) {
		this.change({ list: name, watch: this.entriesOf(name) });
	}

	/* Begin a list. */
	create(name) {
		this.change({ list: this.free(name), watch: [] });
		this.texts.set(this.name, "");
		this.keep();
	}

	rename(name) {
		const text = formatList(this.entries);

		this.texts.delete(this.name);
		this.change({ list: this.free(name) });
		this.texts.set(this.name, text);
		this.keep();
	}

	/* Delete the list that is shown, and show another. */
	delete() {
		this.texts.delete(this.name);
		this.keep();
		this.choose(this.texts.keys().next().value ?? FIRST_LIST);
	}
}
