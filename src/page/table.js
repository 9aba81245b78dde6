/*
 * The table of values of a range. Only the visible rows exist; a row keeps its
 * elements and gets new texts when the table is scrolled or values change.
 */
import { SIZE, classic, hex } from "./address.js";
import { drawTrend } from "./chart.js";
import { duration, h, setText } from "./format.js";
import { ORDERS, binary, signed16, wideText } from "./views.js";

const ROW = 30;         /* CSS pixels, as in style.css */
const SPARE = 4;        /* rows above and below the visible ones */

const SHARED = [
	["trend", "Trend"], ["writer", "Last writer"], ["age", "Age"],
	["changes", "Changes"],
];
const VIEWS = {
	word: [["unsigned", "Unsigned"], ["signed", "Signed"], ["hex", "Hex"],
		["binary", "Binary"]],
	bit: [["bit", "Value"]],
};

export class ValueTable {
	/* parts: {table, scroller}; on: {cursor(address), edit(address), scroll()}. */
	constructor(parts, model, on) {
		this.table = parts.table;
		this.scroller = parts.scroller;
		this.head = h("tr");
		this.above = h("tr", { class: "spacer", "aria-hidden": "true" }, h("td"));
		this.below = h("tr", { class: "spacer", "aria-hidden": "true" }, h("td"));
		this.body = h("tbody");
		this.table.append(h("thead", {}, this.head), this.body);
		this.model = model;
		this.on = on;
		this.rows = [];
		this.known = new Map(); /* from /api/writers, by address */
		this.range = { kind: "registers", first: 0, last: 63 };
		this.view = "word";
		this.cursor = 0;
		this.trendColour = "#888";
		this.scroller.addEventListener("scroll", () => {
			this.place();
			this.on.scroll();
		}, { passive: true });
		new ResizeObserver(() => this.place()).observe(this.scroller);
		this.body.addEventListener("click", (event) => this.clicked(event));
		this.body.addEventListener("dblclick", (event) => {
			const row = event.target.closest("tr[data-address]");
			if (row)
				this.on.edit(Number(row.dataset.address));
		});
		this.setColumns();
	}

	get columns() {
		const wide = ORDERS.map((order) => [order, order]);

		if (this.range.kind === "coils")
			return [...VIEWS.bit, ...SHARED];
		return this.view === "word" ? [...VIEWS.word, ...SHARED] :
			[...wide, ...SHARED.slice(1)]; /* no trend: it is of one register */
	}

	/* Registers of a row. */
	get step() {
		return this.range.kind === "registers" && this.view !== "word" ? 2 : 1;
	}

	get length() {
		return Math.ceil((this.range.last - this.range.first + 1) / this.step);
	}

	addressOf(index) {
		return this.range.first + index * this.step;
	}

	show(range, view = this.view) {
		const same = range.kind === this.range.kind && view === this.view;

		this.range = range;
		this.view = view;
		this.known.clear();
		if (!same)
			this.setColumns();
		this.scroller.scrollTop = 0;
		this.place();
	}

	/* The addresses of the rows that exist. */
	window() {
		const first = this.addressOf(this.first || 0);

		return { kind: this.range.kind, first,
			last: Math.min(SIZE - 1, first + Math.max(1, this.rows.length * this.step) - 1) };
	}

	/* Set the rows of /api/writers; skew converts their times to this browser's. */
	setKnown(rows, skew) {
		this.known = new Map(rows.map((row) =>
			[row.address, { ...row, written: Date.parse(row.time) + skew }]));
		this.update();
	}

	setColumns() {
		this.head.replaceChildren(
			h("th", { scope: "col", class: "address" }, "Address"),
			...this.columns.map(([name, title]) =>
				h("th", { scope: "col", class: name }, title)));
		this.rows.forEach((row) => row.element.remove());
		this.rows = [];
		this.table.dataset.view = this.range.kind === "coils" ? "bit" : this.view;
		for (const spacer of [this.above, this.below])
			spacer.firstChild.colSpan = this.columns.length + 1;
	}

	/* Create the visible rows and place them. */
	place() {
		const fit = Math.ceil(this.scroller.clientHeight / ROW) + 2 * SPARE;
		const shown = Math.min(this.length, fit);
		const top = Math.floor(this.scroller.scrollTop / ROW) - SPARE;

		this.first = Math.max(0, Math.min(top, this.length - shown));
		while (this.rows.length < shown)
			this.rows.push(this.makeRow());
		this.rows.splice(shown).forEach((row) => row.element.remove());
		this.above.firstChild.style.height = `${this.first * ROW}px`;
		this.below.firstChild.style.height =
			`${(this.length - this.first - shown) * ROW}px`;
		const wanted = [this.above, ...this.rows.map((row) => row.element), this.below];
		if (this.body.children.length !== wanted.length)
			this.body.replaceChildren(...wanted);
		this.table.setAttribute("aria-rowcount", this.length + 1);
		this.update();
	}

	makeRow() {
		const cells = {};
		const address = h("th", { scope: "row", class: "address" },
			h("b"), h("span"));
		const element = h("tr", { tabindex: "-1" }, address);

		for (const [name] of this.columns) {
			cells[name] = h("td", { class: name });
			if (name === "trend")
				cells[name].append(h("canvas", { class: "trend", "aria-hidden": "true" }));
			element.append(cells[name]);
		}
		return { element, address, cells, drawn: "" };
	}

	update(now = Date.now()) {
		if (this.scroller.clientHeight === 0)
			return; /* not visible */
		this.rows.forEach((row, i) => this.updateRow(row, this.first + i, now));
	}

	updateRow(row, index, now) {
		const { kind } = this.range;
		const address = this.addressOf(index);
		const side = this.model.side[kind];
		const { element, cells } = row;

		if (element.dataset.address !== String(address)) {
			element.dataset.address = address;
			element.setAttribute("aria-rowindex", index + 2);
			setText(row.address.children[0], String(address));
			setText(row.address.children[1], classic(kind, address));
		}
		const here = address === this.cursor || this.step === 2 && address + 1 === this.cursor;
		element.classList.toggle("here", here);
		element.tabIndex = here ? 0 : -1;
		const last = this.step === 2 && address + 1 < SIZE ? address + 1 : address;
		const changed = Math.max(side.changed[address], side.changed[last]);
		element.classList.toggle("fresh", now - changed < 1500);
		this.setValues(cells, address);
		this.setWriter(cells, address, last, side, now);
		if (!cells.trend)
			return;
		const history = this.model.history(kind, address);
		const drawn = `${history.join()} ${this.trendColour}`;
		if (drawn !== row.drawn) {
			row.drawn = drawn;
			drawTrend(cells.trend.firstChild, history, this.trendColour);
		}
	}

	setValues(cells, address) {
		const { model } = this;

		if (this.range.kind === "coils") {
			setText(cells.bit, model.get("coils", address) ? "1 on" : "0 off");
			cells.bit.classList.toggle("on", model.get("coils", address) === 1);
			return;
		}
		const word = model.registers[address];
		if (this.view === "word") {
			setText(cells.unsigned, String(word));
			setText(cells.signed, String(signed16(word)));
			setText(cells.hex, hex(word));
			setText(cells.binary, binary(word));
			return;
		}
		for (const order of ORDERS)
			setText(cells[order], address + 1 < SIZE ?
				wideText(word, model.registers[address + 1], this.view, order) : "–");
	}

	setWriter(cells, address, last, side, now) {
		const at = side.written[last] > side.written[address] ? last : address;
		const known = this.known.get(at);
		const written = Math.max(side.written[at], known?.written || 0);
		const writer = this.model.writer(this.range.kind, at) || known?.client;

		setText(cells.writer, written ? writer || "unknown" : "–");
		cells.writer.classList.toggle("contended", Boolean(known?.contended));
		cells.writer.title = known?.contended ?
			`contended: ${known.client} and ${known.other || "others"} alternate` : "";
		setText(cells.age, written ? duration(now - Math.min(now, written)) : "–");
		setText(cells.changes, String(Math.max(side.count[at], known?.changes || 0)));
	}

	setCursor(address, focus = false) {
		const { first, last } = this.range;

		this.cursor = address;
		if (address >= first && address <= last) {
			const top = Math.floor((address - first) / this.step) * ROW;
			const room = this.scroller.clientHeight - this.head.offsetHeight - ROW;
			if (top < this.scroller.scrollTop)
				this.scroller.scrollTop = top;
			else if (top > this.scroller.scrollTop + room)
				this.scroller.scrollTop = top - room;
			this.place();
		} else {
			this.update();
		}
		if (focus)
			this.body.querySelector("tr.here")?.focus({ preventScroll: true });
	}

	clicked(event) {
		const row = event.target.closest("tr[data-address]");

		if (row)
			this.on.cursor(Number(row.dataset.address), true);
	}

	/* The address in the range to which a key moves the cursor, or null. */
	moveByKey(key) {
		const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
		const index = Math.floor((this.cursor - this.range.first) / this.step);
		const to = {
			ArrowUp: index - 1, ArrowDown: index + 1, PageUp: index - page,
			PageDown: index + page, Home: 0, End: this.length - 1,
		}[key];

		if (to === undefined)
			return null;
		return this.addressOf(Math.min(this.length - 1, Math.max(0, to)));
	}
}
