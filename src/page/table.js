/*
 * The table of values of a range. Only the visible rows exist; a row keeps its
 * elements and gets new texts when the table is scrolled or values change.
 */
import { SIZE, classic, hex } from "./address.js";
import { drawTrend } from "./chart.js";
import { duration, h, setText, who } from "./format.js";
import { ORDERS, binary, signed16, wideText } from "./views.js";

const ROW = 30;         /* CSS pixels, as in style.css */
const TREND = 60000;    /* ms that a trend shows */
const TREND_TICK = 500; /* ms between two drawings of a trend */
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
	/* parts: {table, scroller}; on: {cursor(address), order(order), edit(address,
	 * type, order), scroll()}. */
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
		this.range = { kind: "registers", first: 0, last: 63 };
		this.view = "word";
		this.order = "ABCD"; /* the column of 32-bit values that is edited */
		this.cursor = 0;
		this.trendColour = "#888";
		this.scroller.addEventListener("scroll", () => {
			this.place();
			this.on.scroll();
		}, { passive: true });
		new ResizeObserver(() => this.place()).observe(this.scroller);
		this.body.addEventListener("click", (event) => this.clicked(event));
		this.body.addEventListener("focusin", ({ target, relatedTarget }) => {
			const address = Number(target.dataset.address);
			if (!target.classList.contains("here") && !this.body.contains(relatedTarget))
				on.cursor(address); /* the cursor was out of sight */
		});
		this.body.addEventListener("dblclick", (event) => {
			const cell = event.target.closest("tr[data-address] > *");
			if (cell)
				this.edit(cell.className.split(" ")[0]);
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

	show(range) {
		const same = range.kind === this.range.kind;

		this.range = range;
		if (!same)
			this.setColumns();
		this.scroller.scrollTop = 0;
		this.place();
	}

	/* Show values of a type; order is the chosen one of a 32-bit type. */
	setView(view, order) {
		const same = view === this.view;

		this.view = view;
		this.order = order;
		this.table.dataset.order = order;
		if (same)
			return;
		this.setColumns();
		this.place();
	}

	/* Edit the row of the cursor, in the type and order of a column. */
	edit(column = "") {
		const index = Math.floor((this.cursor - this.range.first) / this.step);

		if (this.step === 2)
			this.on.edit(this.addressOf(index), this.view, this.order);
		else
			this.on.edit(this.cursor, column === "signed" ? "int16" : "uint16", this.order);
	}

	/* Choose the column of another order by a key. Returns whether it is one. */
	moveColumn(key) {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[key];

		if (this.step !== 2 || !step)
			return false;
		const next = ORDERS.indexOf(this.order) + step;
		this.on.order(ORDERS[Math.min(ORDERS.length - 1, Math.max(0, next))]);
		return true;
	}

	/* The addresses of the rows that exist. */
	window() {
		const first = this.addressOf(this.first || 0);

		return { kind: this.range.kind, first,
			last: Math.min(SIZE - 1, first + Math.max(1, this.rows.length * this.step) - 1) };
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
		this.keepFocus();
	}

	/* A row that is scrolled shows another address: the focus stays with the
	 * cursor while that can be seen. */
	keepFocus() {
		const { activeElement } = document;

		if (activeElement !== this.tabbed && activeElement?.parentElement === this.body)
			this.tabbed?.focus({ preventScroll: true });
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
		/* The row that the tabulator stops at: the cursor's, if there is one. */
		const at = Math.floor((this.cursor - this.range.first) / this.step) - this.first;
		this.tabbed = (this.rows[at] ?? this.rows[SPARE] ?? this.rows[0])?.element;
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
			row.drawn = "";
			if (cells.trend)
				this.model.follow(kind, address, now);
			setText(row.address.children[0], String(address));
			setText(row.address.children[1], classic(kind, address));
		}
		const here = address === this.cursor || this.step === 2 && address + 1 === this.cursor;
		element.classList.toggle("here", here);
		element.tabIndex = element === this.tabbed ? 0 : -1;
		const last = this.step === 2 && address + 1 < SIZE ? address + 1 : address;
		const changed = Math.max(side.changed[address], side.changed[last]);
		element.classList.toggle("fresh", now - changed < 1500);
		this.setValues(cells, address);
		this.setWriter(cells, address, last, side, now);
		if (!cells.trend)
			return;
		const history = this.model.histories.get(kind, address);
		const drawn = `${history?.version} ${this.trendColour} ` +
			(history?.length > 1 ? Math.floor(now / TREND_TICK) : "");
		if (history && drawn !== row.drawn &&
		    (!row.drawn || now - row.drawnAt >= TREND_TICK)) {
			row.drawn = drawn;
			row.drawnAt = now;
			drawTrend(cells.trend.firstChild, history, now, TREND, this.trendColour);
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
		const { model, range: { kind } } = this;
		const at = side.written[last] > side.written[address] ? last : address;
		const written = side.written[at];
		const contended = model.contention(kind, at);

		const name = written ? model.writerTitle(kind, at) : null;
		setText(cells.writer, written ? model.writer(kind, at) || "unknown" : "–");
		cells.writer.classList.toggle("contended", Boolean(contended));
		cells.writer.classList.toggle("subject", name !== null);
		const title = contended ? `contended: ${who(contended) || "a client"} and ` +
			`${contended.other_subject || contended.other || "others"} alternate` : name ?? "";
		if (cells.writer.title !== title)
			cells.writer.title = title;
		setText(cells.age, written ? duration(now - Math.min(now, written)) : "–");
		setText(cells.changes, String(side.count[at]));
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

		if (!row)
			return;
		const column = event.target.closest("td")?.className;
		if (ORDERS.includes(column))
			this.on.order(column);
		this.on.cursor(Number(row.dataset.address));
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

/* page: see app.js. */
export function plugValues({ tabs, table }) {
	tabs.add({
		name: "values", element: document.getElementById("values"),
		draw: (now) => table.update(now), interval: 100,
		shown: (visible) => visible && table.place(),
	});
	return table;
}
