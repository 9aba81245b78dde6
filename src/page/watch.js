/*
 * The tabs "Watch", lists of values that the user has chosen, with trends, and
 * "Points", all points of the points file: two views of items (itemtable.js).
 */
import { count, h, setText } from "./format.js";
import { addressItem, enteredItems, keyItem } from "./item.js";
import { ItemTable, SORTS } from "./itemtable.js";
import { oneOf } from "./store.js";
import { Trend, lineSample } from "./trend.js";
import { NUMBER_TYPES } from "./typed.js";
import { ORDERS } from "./views.js";
import { SCALES, WatchLists } from "./watchlists.js";

const INTERVAL = 250;  /* ms between drawings */
const OFFERED = 12;    /* names that the box offers while one is entered */

/* A filter box, mirrored in a field of the store. */
function filterBox(store, field, label) {
	const box = h("input", { type: "search", placeholder: "Filter", "aria-label": label,
		autocomplete: "off", spellcheck: "false" });

	store.define(field, { fallback: "" });
	box.value = store.get(field);
	box.addEventListener("input", () => store.set({ [field]: box.value }));
	store.subscribe((changed) => {
		if (changed.has(field) && box.value !== store.get(field))
			box.value = store.get(field);
	});
	return box;
}

/* A note that tells what came of an action. */
function noteLine() {
	const line = h("p", { class: "note", role: "status" });

	return { line, say(text, mood = "") {
		setText(line, text);
		line.dataset.mood = mood;
	} };
}

/* What both tabs have: a table whose filter and order are in the store. */
function plugTable(page, { name, label, items, make, update, note, keys }) {
	const { store, frames, feed, tabs } = page;
	const [filter, sort] = [`${name}-filter`, `${name}-sort`];
	const box = filterBox(store, filter, `Filter ${label}`);
	const table = new ItemTable(page, label, { items, make, update, note,
		sort: (by) => store.set({ [sort]: by }),
		choose: (item) => item.kind && page.navigation.zoom(
			page.navigation.around(item.kind, item.address), item.address, false),
	});

	store.define(sort, oneOf(SORTS));
	table.setView(store.get(filter), store.get(sort));
	store.subscribe((changed) => {
		if (changed.has(filter) || changed.has(sort))
			table.setView(store.get(filter), store.get(sort));
	});
	table.element.addEventListener("keydown", (event) => {
		if (table.keyAside(event)) {
			event.preventDefault();
			return;
		}
		if (/^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName))
			return;
		if (keys(event, table) || table.key(event))
			event.preventDefault();
	});
	/* The tab may not be there yet. */
	const seen = () => tabs.all.has(name) && tabs.sees(name);
	const draw = () => tabs.all.has(name) && frames.soon(name);
	feed.on("applied", draw);
	feed.on("loaded", draw);
	setInterval(() => !document.hidden && seen() && draw(), 1000);
	page.seen.push(() => seen() ? table.ranges() : []);
	return { table, box };
}

/* The tab "Points": all of them; there is none without a points file. */
export function plugPoints(page) {
	const { points, lists, tabs, frames, feed } = page;
	const note = noteLine();

	function toggleWatched(item) {
		if (lists.has(item.key))
			lists.remove(item.key);
		else
			lists.add([item]);
		table.draw();
	}

	const { table, box } = plugTable(page, { name: "points", label: "points",
		items: () => points.items, note: note.say,
		make(row, item) {
			row.button = h("button", { type: "button", class: "mini", tabindex: "-1",
				onclick: () => toggleWatched(item) });
			row.first.append(row.button);
		},
		update(row, item) {
			const watched = lists.has(item.key);
			setText(row.button, watched ? "★" : "☆");
			row.button.setAttribute("aria-pressed", String(watched));
			row.button.setAttribute("aria-label", `Watch ${item.name}`);
		},
		keys(event, { cursor }) {
			const item = event.key === "w" && table.get(cursor);
			if (item)
				toggleWatched(item);
			return Boolean(item);
		},
	});
	const title = h("p");
	const element = h("section", { class: "panel items-panel", "aria-label": "Points" },
		h("header", {}, title, box, note.line), table.element);

	feed.on("points", (items) => {
		if (items.length > 0 && !element.id) {
			tabs.add({ name: "points", title: "Points", element, interval: INTERVAL,
				before: "changes", draw: (now) => table.draw(now) });
			tabs.apply();
		}
		setText(title, `${count(items.length)} point${items.length === 1 ? "" : "s"}` +
			` of ${page.mirror.status?.points?.file ?? "the points file"}`);
		table.arrange();
		if (element.id)
			frames.soon("points");
	});
	return table;
}

/* The dialog that asks for the name of a list. Resolves to it, or null. */
class NameDialog {
	constructor() {
		this.input = h("input", { maxlength: 60, required: true, autocomplete: "off" });
		this.label = h("span");
		this.dialog = h("dialog", { class: "name-dialog", "aria-label": "Name of the list" },
			h("form", { method: "dialog" },
				h("label", {}, this.label, " ", this.input), " ",
				h("button", { value: "ok" }, "OK"), " ",
				h("button", { value: "", formnovalidate: true }, "Cancel")));
		document.body.append(this.dialog);
	}

	ask(label, name) {
		setText(this.label, label);
		this.input.value = name;
		this.dialog.returnValue = "";
		this.dialog.showModal();
		this.input.select();
		return new Promise((resolve) => this.dialog.addEventListener("close", () =>
			resolve(this.dialog.returnValue === "ok" && this.input.value.trim() || null),
		{ once: true }));
	}
}

/* The list that is shown, and what is done with lists. */
function listTools(lists, store) {
	const names = new NameDialog();
	const select = h("select", { "aria-label": "List", id: "watch-list" });
	const button = (text, title, onclick) =>
		h("button", { type: "button", title, onclick }, text);

	function show() {
		select.replaceChildren(...lists.names.map((name) =>
			h("option", { selected: name === lists.name }, name)));
		select.value = lists.name;
	}
	select.addEventListener("change", () => lists.choose(select.value));
	store.subscribe((changed) => (changed.has("list") || changed.has("watch")) && show());
	show();
	return [select,
		button("New", "Begin another list", async () => {
			const name = await names.ask("Name of the new list", "");
			if (name)
				lists.create(name);
		}),
		button("Rename", "Rename this list", async () => {
			const name = await names.ask("New name of this list", lists.name);
			if (name && name !== lists.name)
				lists.rename(name);
			show();
		}),
		button("Delete", "Delete this list", () => {
			lists.delete();
			show();
		})];
}

/* The form that adds points and addresses. */
function addForm({ points, lists }, note) {
	const offered = h("datalist", { id: "watch-names" });
	const text = h("input", { id: "watch-add", list: "watch-names", autocomplete: "off",
		spellcheck: "false", placeholder: "Add: a point, HR16, 100-109, C5, HR40.2",
		"aria-label": "Add a point or an address" });
	const type = h("select", { "aria-label": "Type of an address" },
		...[...NUMBER_TYPES, "string"].map((name) => h("option", {}, name)));
	const bytes = h("input", { type: "number", min: 1, max: 250, value: 16, hidden: true,
		"aria-label": "Bytes of the string" });
	const order = h("select", { "aria-label": "Byte order of an address" },
		...ORDERS.map((name) => h("option", {}, name)));

	text.addEventListener("input", () => offered.replaceChildren(
		...(text.value.length > 1 ? points.find(text.value, OFFERED) : [])
			.map(({ name }) => h("option", { value: name }))));
	type.addEventListener("change", () => { bytes.hidden = type.value !== "string"; });
	const form = h("form", { class: "add" }, text, offered, type, bytes, order,
		h("button", { type: "submit" }, "Add"));
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		const typed = type.value === "string" ? `string${bytes.value}` : type.value;
		const items = enteredItems(text.value, typed, order.value, points.byName);
		if (items.error) {
			note.say(items.error, "bad");
			return;
		}
		const added = lists.add(items);
		note.say(added > 0 ? "" : "That is in the list already.");
		text.value = "";
	});
	return form;
}

/* The tab "Watch". */
export function plugWatch(page) {
	const { store, points, tabs, frames, feed } = page;
	const lists = page.lists = new WatchLists(store);
	const note = noteLine();
	const trend = page.trend = new Trend(page, () => frames.soon("watch"));
	let items = [], scales = new Map(), numbers = new Map();

	const { table, box } = plugTable(page, { name: "watch", label: "watched values",
		items: () => items, note: note.say,
		make(row, item) {
			row.scale = h("select", { class: "mini", tabindex: "-1",
				"aria-label": `Trend of ${item.name}`,
				onchange: () => lists.setScale(item.key, row.scale.value) },
			...SCALES.map((scale) => h("option", { value: scale },
				scale === "" ? "no trend" : scale === "auto" ? "trend" : `scale ${scale}`)));
			row.line = h("span", { class: "dash" });
			row.first.append(row.scale, row.line);
			row.last.append(h("button", { type: "button", class: "mini", tabindex: "-1",
				"aria-label": `Remove ${item.name}`, title: "Remove (Delete)",
				onclick: () => lists.remove(item.key) }, "×"));
		},
		update(row, item) {
			const scale = scales.get(item.key) ?? "", number = numbers.get(item.key);
			row.scale.hidden = !canTrend(item);
			if (row.scale.value !== scale)
				row.scale.value = scale;
			if (row.number !== number) {
				row.number = number;
				row.line.replaceChildren(...(number === undefined ? [] : [lineSample(number)]));
			}
		},
		keys(event) {
			const { cursor } = table, item = table.get(cursor);
			if (!item || event.ctrlKey || event.metaKey)
				return false;
			if (event.key === "Delete" && !event.altKey) {
				const at = table.shown.indexOf(item);
				const next = table.shown[at + 1] ?? table.shown[at - 1];
				lists.remove(cursor);
				if (next)
					table.moveTo(next.key);
			} else if (event.key === "t" && !event.altKey && canTrend(item)) {
				lists.setScale(cursor, scales.get(cursor) ? "" : "auto");
			} else if (event.altKey && /^Arrow(Up|Down)$/.test(event.key)) {
				lists.move(cursor, event.key === "ArrowUp" ? -1 : 1);
				table.moveTo(cursor);
			} else {
				return false;
			}
			return true;
		},
	});
	function canTrend(item) {
		return Boolean(item.kind) && !item.type.startsWith("string");
	}

	/* Make the items of the list that is shown. */
	function follow() {
		const entries = lists.entries.map(({ key, scale }) =>
			({ item: keyItem(key, points.byName), scale })).filter(({ item }) => item);
		const lines = entries.filter(({ item, scale }) => scale && canTrend(item));

		items = entries.map(({ item }) => item);
		scales = new Map(entries.map(({ item, scale }) => [item.key, scale]));
		numbers = new Map(lines.map(({ item }, i) => [item.key, i]));
		empty.hidden = items.length > 0;
		table.arrange();
		trend.setLines(lines);
		setText(document.getElementById("watch-count"), items.length ? count(items.length) : "");
	}

	const empty = h("p", { class: "empty" }, "Nothing is watched yet. Add points by name, or " +
		"addresses of any type; the list is kept in this browser and in the page's address.");
	const element = h("section", { class: "panel items-panel", "aria-label": "Watch" },
		h("header", {}, ...listTools(lists, store), box),
		addForm(page, note), note.line, empty, table.element, trend.element);
	tabs.add({ name: "watch", title: "Watch", element, interval: INTERVAL, before: "changes",
		draw(now) {
			table.draw(now);
			trend.draw(now);
		} });
	follow();
	store.subscribe((changed) => changed.has("watch") && follow());
	feed.on("points", follow);

	/* w: watch what the cursor is on. */
	document.addEventListener("keydown", (event) => {
		if (event.key !== "w" || event.ctrlKey || event.altKey || event.metaKey ||
		    event.defaultPrevented || document.querySelector("dialog[open]") ||
		    /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName))
			return;
		const { kind } = page.navigation.range;
		const view = store.get("view");
		const item = addressItem({ kind, address: page.map.cursor },
			view === "word" ? "uint16" : view, view === "word" ? "ABCD" : store.get("order"));
		if (item)
			lists.add([item]);
	});
	return table;
}
