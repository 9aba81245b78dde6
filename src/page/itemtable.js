/*
 * A table of items (item.js): names, values in their units, types, addresses,
 * raw words, last writers and ages. It is filtered, sorted, and edited in place.
 * Only the visible rows exist; they are keyed, and never rebuilt.
 */
import { classic, hex } from "./address.js";
import { duration, h, setText, setWho } from "./format.js";
import { KeyedList } from "./keyed.js";
import { reference, textOf, valueOf, wordsOf } from "./item.js";
import { parseTyped } from "./typed.js";

const ROW = 30;         /* CSS pixels, as in watch.css */
const SPARE = 4;        /* rows above and below the visible ones */
const RAW_WORDS = 4;    /* words of one value that are shown */
const RESORT = 1000;    /* ms between sorting by what changes, at least */
const FRESH = 1500;     /* ms for which a change is marked */

const COLUMNS = [["name", "Name"], ["value", "Value"], ["age", "Age"],
	["writer", "Last writer"], ["at", "Address"], ["type", "Type"], ["raw", "Raw"]];
export const SORTS = ["", "name", "value", "at", "age"];

const compareTexts = new Intl.Collator("en", { numeric: true }).compare;

function compareValues(a, b) {
	if (typeof a === "string" || typeof b === "string")
		return compareTexts(String(a), String(b));
	return a < b ? -1 : a > b ? 1 : 0;
}

export class ItemTable {
	/*
	 * page: see app.js. on: {items() returns those of the list, sort(name),
	 * choose(item) when one is clicked, make(row), update(row, item) for what
	 * else a row has in its cells row.first and row.last, note(text, mood)}.
	 */
	constructor(page, label, on) {
		Object.assign(this, { page, on });
		this.filter = "";
		this.sort = "";
		this.shown = [];
		this.cursor = null; /* a key */
		this.editing = null; /* {key, input} */
		this.spacers = [0, 1].map(() => h("td", { colspan: COLUMNS.length + 2 }));
		this.body = h("tbody");
		this.heads = COLUMNS.map(([name, title]) => h("th", { scope: "col", class: name },
			SORTS.includes(name) ? h("button", { type: "button", class: "link",
				onclick: () => on.sort(this.sort === name ? "" : name) }, title) : title));
		this.table = h("table", { class: "items", "aria-label": label },
			h("thead", {}, h("tr", {}, h("td", { class: "first" }), ...this.heads,
				h("td", { class: "last" }))),
			this.spacer(0), this.body, this.spacer(1));
		this.element = h("div", { class: "scroller" }, this.table);
		this.list = new KeyedList(this.body, (item) => this.make(item),
			(row, item) => this.update(row, item));
		this.element.addEventListener("scroll", () => this.draw(), { passive: true });
		new ResizeObserver(() => this.draw()).observe(this.element);
		this.body.addEventListener("click", (event) => this.clicked(event));
		this.body.addEventListener("focusin", (event) => {
			const key = event.target.closest("tr").dataset.key;
			if (key !== this.cursor && !this.editing && !this.keeping) {
				this.cursor = key;
				this.draw();
			}
		});
		this.body.addEventListener("dblclick", (event) => {
			const row = event.target.closest("tr");
			if (row && !event.target.closest("button, select, input"))
				this.edit(row.dataset.key);
		});
	}

	spacer(i) {
		return h("tbody", { class: "spacer", "aria-hidden": "true" },
			h("tr", {}, this.spacers[i]));
	}

	/* Show what the list has, filtered and sorted. */
	setView(filter, sort) {
		this.filter = filter;
		this.sort = sort;
		this.heads.forEach((head) => {
			const name = head.className;
			if (SORTS.includes(name))
				head.setAttribute("aria-sort", name !== sort ? "none" :
					name === "age" ? "descending" : "ascending");
		});
		this.arrange();
		this.moveTo(this.cursor, false);
	}

	/* Which items are shown, in which order. */
	arrange() {
		const began = performance.now();
		const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);

		this.shown = this.on.items();
		if (words.length > 0)
			this.shown = this.shown.filter((item) => {
				const text = `${item.name} ${item.units} ${item.description}`.toLowerCase();
				return words.every((word) => text.includes(word));
			});
		if (this.sort)
			this.shown = this.sorted(this.shown);
		if (!this.shown.some(({ key }) => key === this.cursor))
			this.cursor = this.shown[0]?.key ?? null;
		/* Sorting must not take more than a twentieth of the time. */
		this.next = began + Math.max(RESORT, 20 * (performance.now() - began));
		this.draw();
	}

	sorted(items) {
		const { model } = this.page;
		const by = {
			name: (item) => item.name,
			value: (item) => item.kind ? valueOf(item, model) : "",
			at: (item) => (item.kind === "coils" ? 65536 : 0) + (item.address ?? 0) +
				(item.bit ?? 0) / 16,
			age: (item) => -this.written(item).time,
		}[this.sort];

		return items.map((item, i) => ({ item, i, by: by(item) }))
			.sort((a, b) => compareValues(a.by, b.by) || a.i - b.i)
			.map(({ item }) => item);
	}

	/* When an item was last written, 0: never, and its address then. */
	written(item) {
		const side = this.page.model.side[item.kind];
		let time = 0, address = item.address;

		if (side)
			for (let at = item.address; at < item.address + item.quantity; at++)
				if (side.written[at] > time)
					[time, address] = [side.written[at], at];
		return { time, address };
	}

	/* Draw the rows that can be seen. */
	draw(now = Date.now()) {
		const { clientHeight, scrollTop } = this.element;

		if (clientHeight === 0)
			return; /* not visible */
		if (["value", "age"].includes(this.sort) && !this.editing &&
		    performance.now() > this.next) {
			this.arrange();
			return;
		}
		const fit = Math.ceil(clientHeight / ROW) + 2 * SPARE;
		const first = Math.max(0, Math.min(Math.floor(scrollTop / ROW) - SPARE,
			this.shown.length - fit));
		this.first = first;
		this.seen = this.shown.slice(first, first + fit);
		this.now = now;
		/* One row has the focus when the table is tabbed to. */
		this.tabbed = this.seen.some(({ key }) => key === this.cursor) ? this.cursor :
			this.seen[SPARE]?.key ?? this.seen[0]?.key;
		this.spacers[0].style.height = `${first * ROW}px`;
		this.spacers[1].style.height =
			`${(this.shown.length - first - this.seen.length) * ROW}px`;
		this.table.setAttribute("aria-rowcount", this.shown.length + 1);
		if (this.list.show(this.seen, ({ key }) => key) && this.tabbed)
			this.keepFocus();
	}

	/* The row with the focus is scrolled out of sight, or is no longer in the list:
	 * another has the focus, and the cursor stays. */
	keepFocus() {
		this.keeping = true;
		this.list.get(this.tabbed).element.focus({ preventScroll: true });
		this.keeping = false;
	}

	make(item) {
		const cells = {};
		const row = { cells, key: item.key, first: h("td", { class: "first" }),
			last: h("td", { class: "last" }) };

		row.name = h("b");
		row.access = h("small", { class: "tag", title: "clients may not write it" });
		row.value = h("span");
		row.units = h("small");
		for (const [name] of COLUMNS)
			cells[name] = h(name === "name" ? "th" : "td", { class: name,
				scope: name === "name" ? "row" : null });
		cells.name.append(row.name, " ", row.access);
		cells.value.append(row.value, " ", row.units);
		row.element = h("tr", { tabindex: "-1", "data-key": item.key }, row.first,
			...COLUMNS.map(([name]) => cells[name]), row.last);
		this.on.make(row, item);
		return row;
	}

	update(row, item) {
		const { cells, element } = row;
		const { model } = this.page;
		const side = model.side[item.kind];
		const here = item.key === this.cursor;

		setText(row.name, item.name);
		const title = item.name + (item.description && `: ${item.description}`);
		if (cells.name.title !== title)
			cells.name.title = title;
		setText(row.access, item.access === "ro" ? "ro" : "");
		if (Boolean(item.simulated) !== Boolean(row.simulated))
			this.mark(row, item);
		element.classList.toggle("here", here);
		element.tabIndex = item.key === this.tabbed ? 0 : -1;
		element.setAttribute("aria-rowindex", this.first + this.seen.indexOf(item) + 2);
		this.on.update(row, item);
		setText(row.units, item.units);
		if (!side) {
			setText(row.value, "no such point");
			return;
		}
		const words = wordsOf(item, model);
		const value = valueOf(item, model);
		if (this.editing?.key !== item.key)
			setText(row.value, value === true ? "1 on" : value === false ? "0 off" :
				textOf(item, value));
		row.value.classList.toggle("on", value === true);
		setText(cells.type, item.type === "bool" ? "bool" :
			item.order && item.order !== "ABCD" ? `${item.type} ${item.order}` : item.type);
		setText(cells.at, `${reference(item)} · ${classic(item.kind, item.address)}` +
			(item.bit === undefined ? "" : `.${item.bit}`));
		setText(cells.raw, item.type === "bool" ? String(words[0]) :
			words.slice(0, RAW_WORDS).map((word) => hex(word)).join(" ") +
			(words.length > RAW_WORDS ? " …" : ""));
		const { time, address } = this.written(item);
		setWho(cells.writer, time ? model.writer(item.kind, address) || "unknown" : "–",
			time ? model.writerTitle(item.kind, address) : null);
		setText(cells.age, time ? duration(this.now - Math.min(this.now, time)) : "–");
		let changed = 0;
		for (let at = item.address; at < item.address + item.quantity; at++)
			changed = Math.max(changed, side.changed[at]);
		element.classList.toggle("fresh", this.now - changed < FRESH);
	}

	/* A point that moves by itself has a mark; without --simulate there is none. */
	mark(row, { simulated, simulate }) {
		row.simulated?.remove();
		row.simulated = simulated && h("small", { class: "tag simulated",
			title: `moves by itself: ${simulate}` }, " sim");
		if (simulated)
			row.cells.name.append(row.simulated);
	}

	/* The ranges whose writers are shown: [{kind, first, last}], few of them. */
	ranges() {
		const ranges = [];

		for (const item of [...this.seen ?? []].filter(({ kind }) => kind)
			.sort((a, b) => compareTexts(a.kind, b.kind) || a.address - b.address)) {
			const last = item.address + item.quantity - 1, before = ranges.at(-1);
			if (before?.kind === item.kind && item.address - before.last < 256 &&
			    last - before.first < 4096)
				before.last = Math.max(before.last, last);
			else
				ranges.push({ kind: item.kind, first: item.address, last });
		}
		return ranges;
	}

	get(key) {
		return this.shown.find((item) => item.key === key);
	}

	/* Move the cursor to a key, and there the focus. */
	moveTo(key, focus = true) {
		const index = this.shown.findIndex((item) => item.key === key);

		if (index < 0)
			return;
		this.cursor = key;
		const top = index * ROW;
		const room = this.element.clientHeight - this.heads[0].offsetHeight - ROW;
		if (top < this.element.scrollTop)
			this.element.scrollTop = top;
		else if (top > this.element.scrollTop + room)
			this.element.scrollTop = top - room;
		this.draw();
		if (focus)
			this.list.get(key)?.element.focus({ preventScroll: true });
	}

	clicked(event) {
		const key = event.target.closest("tr")?.dataset.key;

		if (!key || event.target.closest("button, select, input"))
			return;
		this.moveTo(key);
		this.on.choose(this.get(key));
	}

	/* From a row to its controls and back. Returns whether the key says so. */
	keyAside({ key, target }) {
		const row = target.closest("tr[data-key]");
		const stops = row ? [row, ...row.querySelectorAll("button, select")] : [];
		const at = stops.indexOf(target), step = { ArrowLeft: -1, ArrowRight: 1 }[key];

		if (at < 0 || this.editing || target.tagName === "SELECT" && key !== "Escape" ||
		    !step && (at === 0 || key !== "Escape"))
			return false;
		const to = step ? stops.at((at + step) % stops.length) : row;
		to.focus();
		return true;
	}

	/* Do what a key says. Returns whether it says something. */
	key(event) {
		const index = this.shown.findIndex(({ key }) => key === this.cursor);
		const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
		const to = { ArrowUp: index - 1, ArrowDown: index + 1, PageUp: index - page,
			PageDown: index + page, Home: 0, End: this.shown.length - 1 }[event.key];

		if (index < 0 || event.ctrlKey || event.metaKey || event.altKey)
			return false;
		if (to !== undefined)
			this.moveTo(this.shown[Math.max(0, Math.min(this.shown.length - 1, to))].key);
		else if (event.key === "Enter" || event.key === "F2")
			this.edit(this.cursor);
		else if (event.key === " ")
			this.toggle(this.cursor);
		else
			return false;
		return true;
	}

	/* Editing in place. ---------------------------------------------------- */

	/* Whether the user may write an item now; if not, says why. */
	mayWrite(item) {
		const { may } = this.page.inspector.form.dataset;

		if (!item?.kind)
			return false;
		if (may === "token") {
			this.page.unlock();
			return false;
		}
		const why = may === "no" ? "Read-only: the server was started without --http-write." :
			item.access === "ro" ? `${item.name} is read-only: clients may not write it.` : "";
		if (why)
			this.on.note(why, "bad");
		return may === "yes" && !why;
	}

	edit(key) {
		const item = this.get(key);

		if (!this.mayWrite(item))
			return;
		this.moveTo(key);
		this.end();
		const row = this.list.get(key);
		const value = valueOf(item, this.page.model);
		const input = h("input", { value: item.type === "bool" ? String(Number(value)) :
			textOf(item, value), "aria-label": `New value of ${item.name}`,
			autocomplete: "off", spellcheck: "false", onblur: () => this.end() });
		input.addEventListener("keydown", (event) => {
			event.stopPropagation();
			if (event.key === "Enter")
				this.save(item, input);
			else if (event.key === "Escape")
				this.end(true);
		});
		this.editing = { key, input };
		row.value.replaceChildren(input);
		this.on.note("");
		input.focus();
		input.select();
	}

	/* End editing without writing. */
	end(focus = false) {
		const { key } = this.editing ?? {};

		if (!key)
			return;
		this.editing = null;
		this.list.get(key)?.value.replaceChildren();
		if (focus)
			this.moveTo(key);
		else
			this.draw();
	}

	async save(item, input) {
		const { value, error } = parseTyped(input.value, item);

		if (error) {
			input.setAttribute("aria-invalid", "true");
			this.on.note(error, "bad");
			return;
		}
		if (!await this.write(item, value, input.value))
			input.setAttribute("aria-invalid", "true");
		else if (this.editing?.input === input)
			this.end(true);
	}

	/* Write the other value of a bool. */
	toggle(key) {
		const item = this.get(key);

		if (item?.type !== "bool") {
			this.on.note("Only coils and bits are toggled.", "bad");
			return;
		}
		if (!this.mayWrite(item))
			return;
		const value = !valueOf(item, this.page.model);
		this.write(item, value, value ? "1" : "0");
	}

	/* Returns whether it was written. */
	async write(item, value, text) {
		const { address, type, order } = item;

		this.on.note("Writing…");
		try {
			if (item.point)
				await this.page.put(`api/points/${encodeURIComponent(item.name)}`, { value });
			else if (item.type === "bool")
				await this.page.put(`api/${item.kind}`,
					{ address: reference(item), values: [value] });
			else
				await this.page.put("api/registers", { address, values: [value], type, order });
		} catch (refused) {
			this.on.note(`Not written to ${item.name}: ${refused.message}`, "bad");
			return false;
		}
		this.on.note(`${text} written to ${item.name}.`, "good");
		return true;
	}
}
