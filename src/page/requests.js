/*
 * The tab "Requests": what clients asked, request by request, filtered, newest
 * first; and the same to download. The filter is in the store, so that a link
 * shows the same; elements with data-requests, a query of /api/requests, lead
 * here.
 */
import { parseRange } from "./address.js";
import { exceptionName, functionCode, functionName } from "./functions.js";
import { count, h, setText, timeOfDay, who, whole } from "./format.js";
import { KeyedList } from "./keyed.js";
import { formatReference } from "./reference.js";
import { Refused } from "./feed.js";
import { Roving } from "./roving.js";
import { urlOf } from "./line.js";
import { oneOf } from "./store.js";

const INTERVAL = 1000; /* ms between two questions */
const ROWS = 200;      /* the most that are shown */
const VALUES = 8;      /* the most of a request that are shown in its row */
const RESULTS = ["all", "refused", "done"];
const EXCEPTIONS = { all: null, refused: "any", done: "none" };

/* The field of the store for each part of the filter. */
const FIELDS = { client: "asker", function: "asked", where: "where", exception: "result" };

/* The parts of the filter in a query of the API; a name stands in quotation
 * marks where it could be an address. */
function filterOf(query) {
	const parameters = new URLSearchParams(query);
	const exception = parameters.get("exception");
	const point = parameters.get("point"), address = parameters.get("address");
	const range = address && parseRange(address.replace(":", " "), "registers");

	return {
		client: parameters.get("client") ?? parameters.get("subject") ?? "",
		function: parameters.get("function") ?? "",
		exception: Object.keys(EXCEPTIONS).find((name) => EXCEPTIONS[name] === exception) ??
			exception,
		where: range && !range.error ? rangeText(range) :
			point && isAddress(point) ? `"${point}"` : point ?? "",
	};
}

function isAddress(text) {
	return !parseRange(text, "registers").error;
}

/* The parameters of the API for what the user has entered. */
function queryOf(filter) {
	const query = new URLSearchParams();
	const where = filter.where.trim();
	const exception = filter.exception in EXCEPTIONS ?
		EXCEPTIONS[filter.exception] : filter.exception;

	if (filter.client.trim()) /* addresses have no "=", subjects have */
		query.set(filter.client.includes("=") ? "subject" : "client", filter.client.trim());
	if (filter.function.trim())
		query.set("function", filter.function.replace(/\s+/g, ""));
	if (exception)
		query.set("exception", exception);
	if (where && isAddress(where)) {
		const { kind, first, last } = parseRange(where, "registers");
		query.set("address", `${kind}:${first}-${last}`);
	} else if (where) {
		query.set("point", where.replace(/^"(.*)"$/, "$1"));
	}
	return query;
}

/* HR16–20 */
function rangeText({ kind, first, last }, input = false) {
	return formatReference({ kind, input, address: first }) + (last > first ? `-${last}` : "");
}

/* What a request was about: its ranges. */
function rangesOf(request) {
	const input = request.function === 2 || request.function === 4;

	return ["reads", "writes"].filter((name) => request[name]).map((name) => {
		const { kind, address, quantity } = request[name];
		return rangeText({ kind, first: address,
			last: Math.min(65535, address + Math.max(1, quantity) - 1) }, input);
	});
}

function same(a, b) {
	return JSON.stringify(a) === JSON.stringify(b);
}

function arrow(before, after, units = "") {
	return same(before, after) ? `${after}${units}, unchanged` : `${before} → ${after}${units}`;
}

/* The values of a point, or null where only a part of it was touched. */
function pointText({ name, units, value, before, after }) {
	const unit = units ? ` ${units}` : "";

	if (value !== undefined)
		return `${name} ${value}${unit}`;
	return after === undefined ? null : `${name} ${arrow(before, after, unit)}`;
}

/* The values of a range: those of its points, else the words. */
function valuesOf({ values, before, after, points = [] }, most = Infinity) {
	const texts = points.map(pointText).filter(Boolean);

	if (texts.length > 0)
		return texts.slice(0, most).join(", ") +
			(texts.length > most ? ` … ${texts.length - most} more` : "");
	const cut = (list) => list.slice(0, most).join(" ") +
		(list.length > most ? ` … ${list.length - most} more` : "");
	const part = points.length > 0 ? `part of ${points.map(({ name }) => name).join(", ")}: ` : "";
	if (values)
		return part + cut(values);
	if (!after)
		return "";
	return part + (same(before, after) ? `${cut(after)}, unchanged` :
		`${cut(before)} → ${cut(after)}`);
}

function allValues(request, most) {
	return ["writes", "reads"].filter((name) => request[name])
		.map((name) => valuesOf(request[name], most)).filter(Boolean).join(" · ");
}

/* "00 01 00 00" */
function bytes(hex) {
	return hex.replace(/(..)(?=.)/g, "$1 ");
}

/* All of a request, in a row below its own. */
function makeDetails(request) {
	const fact = (name, value) => value !== "" &&
		h("div", {}, h("dt", {}, name), h("dd", {}, value));

	return { element: h("tr", { class: "more" }, h("td", { colspan: 5 }, h("dl", {},
		request.reason && fact("Why", request.reason),
		request.exception && fact("Exception", exceptionName(request.exception)),
		fact("Function", `${functionCode(request.function)} ${functionName(request.function)}`),
		fact("Values", allValues(request)),
		fact("Client", `${whole(request) ?? request.client}, connection ${request.connection}`),
		fact("Unit, transaction", `${request.unit}, ${request.transaction}`),
		fact("Request", bytes(request.request)),
		fact("Response", bytes(request.response))))) };
}

/* The row of a request. toggle(request) opens and closes what is below it. */
function makeRow(request, toggle) {
	const button = h("button", { type: "button", class: "link", "aria-expanded": "false",
		title: "All of it, and its bytes", onclick: () => toggle(request) },
	`${functionCode(request.function)} ${rangesOf(request).join(" ")}`);
	const [time, milliseconds] = timeOfDay(request.time, true).split(".");
	const values = request.reason ?? allValues(request, VALUES);

	return { button, element: h("tr", { class: request.exception ? "refused" : null },
		h("td", { class: "time" }, time, h("span", { class: "fine" }, `.${milliseconds}`)),
		h("td", { title: functionName(request.function) }, button),
		h("td", { class: "values", title: values }, values),
		h("td", { class: "result", title: request.exception && exceptionName(request.exception) },
			request.exception ? `▲ ${functionCode(request.exception)}` : "done"),
		h("td", { class: `fine ${request.subject ? "subject" : ""}`, title: whole(request) },
			who(request))) };
}

/* The parts of the panel that are used later, and the panel. */
function makePanel() {
	const input = (name, label, placeholder) => h("label", {}, label,
		h("input", { name, placeholder, autocomplete: "off", spellcheck: "false" }));
	const parts = {
		form: h("form", { class: "filter", role: "search", "aria-label": "Filter requests" },
			input("client", "Client", "192.0.2.7"),
			input("function", "Function", "3,16"),
			input("where", "Name or range", "flow, HR16-20"),
			h("label", {}, "Result", h("select", { name: "exception" },
				...RESULTS.map((name) => h("option", { value: name }, name)),
				...[1, 2, 3, 4].map((code) =>
					h("option", { value: code }, exceptionName(code)))))),
		pause: h("button", { type: "button", "aria-pressed": "false" }, "Pause"),
		lines: h("a", { download: "requests.jsonl" }, "JSON lines"),
		capture: h("a", { download: "requests.pcapng", title: "for Wireshark" }, "pcapng"),
		note: h("p", { class: "note", role: "status" }),
		body: h("tbody"),
		table: h("table", { class: "list", "aria-labelledby": "requests-title" }, h("thead", {}, h("tr", {},
			...[["Time"], ["Asked"], ["Values, or why not"], ["Result"],
				["Client", "fine"]].map(([name, kind]) =>
				h("th", { scope: "col", class: kind }, name))))),
	};

	parts.table.append(parts.body);
	parts.panel = h("section", { class: "panel", "aria-labelledby": "requests-title" },
		h("header", {}, h("h2", { id: "requests-title" }, "Requests"), parts.form,
			h("span", { class: "downloads" }, parts.pause, " Download: ",
				parts.lines, " ", parts.capture)),
		parts.note,
		h("div", { class: "scroller" }, parts.table));
	return parts;
}

/* What has been received for the present filter. */
class Received {
	constructor(feed) {
		this.feed = feed;
		this.clear();
	}

	clear() {
		this.list = []; /* the oldest first */
		this.last = null; /* the id after which to go on */
		this.note = "";
		this.asking = null;
		this.refused = false; /* by the server, which would refuse it again */
	}

	/* Ask for what is new. Returns whether something is to be drawn. */
	async ask(filter) {
		const query = queryOf(filter);
		const asking = {};

		if (this.asking || this.refused)
			return false;
		this.asking = asking;
		query.set("limit", ROWS);
		if (this.last !== null)
			query.set("since", this.last);
		try {
			const reply = await this.feed.request(`api/requests?${query}`);
			if (this.asking === asking)
				this.take(reply);
		} catch (refused) {
			if (!(refused instanceof Refused))
				throw refused;
			if (this.asking === asking) {
				this.note = refused.message;
				this.refused = refused.status >= 400 && refused.status < 500;
			}
		}
		if (this.asking !== asking)
			return false;
		this.asking = null;
		return true;
	}

	take({ requests, last, complete }) {
		this.note = complete || this.last === null ? "" :
			`More than ${count(ROWS)} since the last look: the last of them.`;
		this.last = last;
		this.list = [...this.list, ...requests].slice(-ROWS);
		if (this.list.length === 0)
			this.note = "No such request is recorded.";
	}
}

export function plugRequests({ store, tabs, frames, feed }) {
	const parts = makePanel();
	const received = new Received(feed);
	const open = new Set(); /* ids of requests that are shown whole */
	const rows = new KeyedList(parts.body,
		({ request, whole }) => whole ? makeDetails(request) : makeRow(request, toggle),
		({ button }, { request }) =>
			button?.setAttribute("aria-expanded", String(open.has(request.id))));
	const roving = new Roving(parts.body, "tr:not(.more)");
	let paused = false;

	function toggle({ id }) {
		if (!open.delete(id))
			open.add(id);
		frames.now("requests");
	}

	for (const name of [FIELDS.client, FIELDS.function, FIELDS.where])
		store.define(name, { fallback: "" });
	store.define(FIELDS.exception, oneOf([...RESULTS, "1", "2", "3", "4", "1,2"], "all"));

	const filter = () => Object.fromEntries(Object.entries(FIELDS)
		.map(([part, field]) => [part, store.get(field)]));

	/* The form and the downloads are those of the filter. */
	function follow() {
		const now = filter();

		for (const [part, value] of Object.entries(now)) {
			const control = parts.form.elements[part];
			if (control.tagName === "SELECT" && ![...control.options].some(
				(option) => option.value === value))
				control.append(h("option", { value }, `exception ${value}`));
			if (control.value !== value)
				control.value = value;
		}
		for (const [link, format] of [[parts.lines, "jsonl"], [parts.capture, "pcapng"]]) {
			const query = queryOf(now);
			query.set("format", format);
			link.href = urlOf(`api/requests?${query}`);
		}
	}

	async function ask() {
		if (document.hidden || !tabs.sees("requests") || paused)
			return;
		if (await received.ask(filter()))
			frames.soon("requests");
	}

	/* Another filter: what was received for the old one is not shown. */
	function begin() {
		received.clear();
		open.clear();
		follow();
		frames.soon("requests");
		if (paused)
			pause(false);
		else
			ask();
	}

	function pause(now) {
		paused = now;
		parts.pause.setAttribute("aria-pressed", String(now));
		setText(parts.pause, now ? "Resume" : "Pause");
		ask();
	}

	tabs.add({
		name: "requests", title: "Requests", element: parts.panel, before: "clients",
		draw() {
			const items = [...received.list].reverse().flatMap((request) =>
				open.has(request.id) ? [{ request }, { request, whole: true }] : [{ request }]);
			roving.update(rows.show(items, ({ request, whole }) =>
				request.id + (whole ? "+" : "")));
			setText(parts.note, received.note);
		},
		shown: (visible) => visible && ask(),
	});
	parts.form.addEventListener("submit", (event) => event.preventDefault());
	parts.form.addEventListener("change", ({ target }) =>
		store.set({ [FIELDS[target.name]]: target.value.trim() }));
	parts.pause.addEventListener("click", () => pause(!paused));
	document.addEventListener("click", ({ target }) => {
		const query = target.closest?.("[data-requests]")?.dataset.requests;

		if (query === undefined)
			return;
		const wanted = filterOf(query);
		store.set(Object.fromEntries(Object.entries(FIELDS)
			.map(([part, field]) => [field, wanted[part] ?? "all"])));
		tabs.choose("requests");
	});
	store.subscribe((changed) =>
		Object.values(FIELDS).some((name) => changed.has(name)) && begin());
	feed.on("loaded", begin); /* also another server */
	setInterval(ask, INTERVAL);
	follow();
	return rows;
}
