/*
 * Where the user is: the range that the table shows, and the cursor in it. Both
 * are in the store; map, table and inspector follow it.
 */
import { SIZE, classic, parseRange, rangeName } from "./address.js";
import { formatReference } from "./reference.js";
import { count, setText } from "./format.js";
import { oneOf } from "./store.js";
import { ORDERS, WIDE_TYPES } from "./views.js";

const CONTEXT = 32; /* cells that the table shows around a chosen one */
const $ = (id) => document.getElementById(id);

/* A range as its text in the URL: HR16-47. */
function rangeText({ kind, first, last }) {
	return formatReference({ kind, input: false, address: first }) +
		(last > first ? `-${last}` : "");
}

function readRange(text) {
	const { error, kind, first, last } = parseRange(text, "registers");

	return error ? undefined : { kind, first, last };
}

/* Check the switch of that name, if there is one. */
function check(id, value) {
	const input = document.querySelector(`#${id} input[value="${value}"]`);

	if (input)
		input.checked = true;
}

export class Navigation {
	/* page: see app.js; it has the map, the table and the inspector by now. */
	constructor(page) {
		Object.assign(this, page);
		this.chose = false; /* whether the user has chosen a range */
		this.store.define("range", { fallback: { kind: "registers", first: 0, last: 63 },
			parse: readRange, format: rangeText });
		this.store.define("cursor", { fallback: 0,
			parse: (text) => readRange(text)?.first, format: (address) => String(address) });
		this.store.define("mode", oneOf(["value", "age", "writer"]));
		this.store.define("view", oneOf(["word", ...WIDE_TYPES]));
		this.store.define("order", { ...oneOf(ORDERS), keep: true });
		this.store.subscribe((changed) => this.follow(changed));
		$("mode").addEventListener("change", (event) =>
			this.store.set({ mode: event.target.value }));
		$("view").addEventListener("change", (event) => this.choose(event.target.value));
		$("kind").addEventListener("change", (event) => {
			const { cursor } = this.map;
			this.zoom(this.around(event.target.value, cursor), cursor, false);
		});
	}

	get range() {
		return this.store.get("range");
	}

	/* Show what the store says at the start. */
	begin() {
		this.chose = rangeText(this.range) !== "HR0-63";
		this.follow(new Set(["range", "mode", "view", "order"]));
	}

	follow(changed) {
		const { range, map, table, inspector, store } = this;
		const cursor = Math.min(range.last, Math.max(range.first, store.get("cursor")));

		if (!["range", "cursor", "mode", "view", "order"].some((name) => changed.has(name)))
			return;
		if (changed.has("range") && map.kind !== range.kind || changed.has("mode"))
			this.showKind(range.kind, store.get("mode"));
		if (changed.has("view") || changed.has("order")) {
			check("view", store.get("view"));
			table.setView(store.get("view"), store.get("order"));
			inspector.setType(store.get("view"), store.get("order"));
		}
		map.setSelection(this.chose ? range : null);
		map.setCursor(cursor);
		inspector.show(range.kind, cursor);
		if (changed.has("range")) {
			table.show(range);
			this.showRange();
		}
		table.setCursor(cursor);
	}

	showKind(kind, mode) {
		document.body.dataset.kind = kind;
		check("kind", kind);
		check("mode", mode);
		$("map").setAttribute("aria-label", `Map of 65,536 ${kind}. ` +
			"Arrow keys move, Shift and arrows select, plus and minus zoom, " +
			"Enter opens the values.");
		this.map.show(kind, mode);
		this.frames.soon("legend");
	}

	showRange() {
		const { kind, first, last } = this.range;
		const n = last - first + 1;

		setText($("range"), `${rangeName(this.range)} · ${classic(kind, first)}` +
			(n > 1 ? ` to ${classic(kind, last)} · ${count(n)}` : ""));
	}

	/* The cells around an address that the table shows: blocks of 16, moved by
	 * one where rows of two registers would not begin at the address. */
	around(kind, address) {
		const wide = kind === "registers" && this.store.get("view") !== "word";
		const begin = (address & ~15) + (wide ? address & 1 : 0);
		const first = Math.max(0, Math.min(SIZE - CONTEXT, begin));

		return { kind, first, last: Math.min(SIZE, first + CONTEXT) - 1 };
	}

	/* Show values of another type; rows of two registers begin at the cursor, if
	 * what is shown are its neighbours. */
	choose(view) {
		const { kind, first, last } = this.range, { cursor } = this.map;

		this.store.set({ view });
		if (kind === "registers" && last - first + 1 === CONTEXT && (first & 15) <= 1)
			this.store.set({ range: this.around(kind, cursor) });
	}

	/* Show a range in the table, with the cursor at one of its addresses. */
	zoom(range, cursor, open) {
		this.chose = true;
		this.store.set({ range, cursor });
		this.map.setSelection(range);
		if (open)
			this.tabs.choose("values");
		this.table.setCursor(cursor);
	}

	/* Show a range that the user entered; a single address with its neighbours. */
	goTo(range, open) {
		const one = range.first === range.last;

		this.zoom(one ? this.around(range.kind, range.first) : range, range.first, open);
	}

	/* Move the cursor, and the range of the table if the address is outside. */
	moveCursor(address, inTable = false) {
		const { kind, first, last } = this.range;

		if (inTable || address >= first && address <= last) {
			this.store.set({ cursor: address });
			if (inTable && $("values-table").contains(document.activeElement))
				this.table.setCursor(address, true);
		} else {
			this.zoom(this.around(kind, address), address, false);
		}
	}

	/* A selection on the map by the pointer, which may not be done yet. */
	select(first, last, cursor, done) {
		const { kind } = this.range;

		if (first === last && !this.dragged) {
			if (done)
				this.zoom(this.around(kind, first), first, true);
			return;
		}
		this.dragged = !done;
		if (done) {
			this.zoom({ kind, first, last }, cursor, true);
		} else {
			this.map.setSelection({ first, last });
			this.map.setCursor(cursor);
		}
	}

	cancelSelect() {
		this.dragged = false;
	}
}
