/*
 * The tab "Changes": the latest writes, newest first, with the values that each
 * wrote, also by the names of points; and what is not listed.
 */
import { classic } from "./address.js";
import { functionCode, functionName } from "./functions.js";
import { count, h, setText, timeOfDay, who, whole } from "./format.js";
import { textOf, valueWithin } from "./item.js";
import { KeyedList } from "./keyed.js";
import { Roving } from "./roving.js";
import { showWelcome } from "./summary.js";

const INTERVAL = 250; /* ms between drawings */
const ROWS = 80;      /* the most */
const VALUES = 12;    /* of a write */
const POINTS = 3;     /* likewise */
const TITLE = 20;     /* points in the title of a row */
const $ = (id) => document.getElementById(id);

/* What a write wrote: words, or bits. */
function valuesText({ quantity, values, changed }) {
	const more = quantity - VALUES;

	return values.slice(0, VALUES).join(" ") + (more > 0 ? ` … ${more} more` : "") +
		(changed ? "" : ", unchanged");
}

/* A point with the value that a write gave it; its name, if that is a part. */
function pointText(point, { address, values }) {
	const value = valueWithin(point, address, values);

	if (value === undefined)
		return point.name;
	return `${point.name} ${textOf(point, value)}${point.units && ` ${point.units}`}`;
}

/* Some of the points of a write, and how many more there are. */
function pointsText(points, write, most) {
	const more = points.length - most;

	return points.slice(0, most).map((point) => pointText(point, write)).join(", ") +
		(more > 0 ? ` +${more}` : "");
}

function timeCell(time) {
	const [seconds, milliseconds] = time ? timeOfDay(time, true).split(".") : ["–"];

	return h("td", { class: "time" }, seconds,
		milliseconds && h("span", { class: "fine" }, `.${milliseconds}`));
}

/* What leads to a range. */
function rangeLink({ kind, address, quantity }, go) {
	const last = address + quantity - 1;
	const coil = kind === "coils";
	const name = (coil ? "coil" : "register") + (quantity > 1 ? "s" : "");

	return h("button", { type: "button", class: "link", onclick: () => go(kind, address, last) },
		h("span", { class: coil ? null : "fine" }, `${name} `),
		`${address}${quantity > 1 ? `–${last}` : ""}`);
}

/* The row of an entry of the log. points(kind, first, last) returns those there;
 * go(kind, first, last) is called when the range is chosen. */
function makeRow(entry, points, go) {
	const row = entry.missed ? gapCells(entry) :
		entry.ranges ? summaryCells(entry, go) : writeCells(entry, points, go);

	return { element: h("tr", {}, timeCell(entry.time), ...row) };
}

function clientCell(client) {
	const title = whole(client);

	return h("td", { class: title && "subject", title }, who(client));
}

function writeCells(write, points, go) {
	const { kind, address, quantity, function: code } = write;
	const touched = points(kind, address, address + quantity - 1);
	const values = valuesText(write);

	return [
		h("td", {}, rangeLink(write, go),
			h("span", { class: "classic" }, classic(kind, address)),
			touched.length > 0 && h("div", { class: "names",
				title: pointsText(touched, write, TITLE) },
			pointsText(touched, write, POINTS))),
		h("td", { class: "values", title: values }, values),
		clientCell(write),
		h("td", { class: "number fine", title: functionName(code) }, functionCode(code))];
}

/* Writes that are not listed one by one. */
function summaryCells({ writes, values, ranges, client, subject }, go) {
	const text = `▲ ${count(writes)} more write${writes === 1 ? "" : "s"} of ` +
		`${count(values)} values, too many to list`;

	return [
		h("td", {}, ...ranges.map((range) => h("div", {}, rangeLink(range, go)))),
		h("td", { class: "values", title: text }, text),
		clientCell({ client: client ?? "several clients", subject }),
		h("td", { class: "number fine" }, "–")];
}

/* Writes that the page was not sent. */
function gapCells({ missed }) {
	const text = missed === 1 ? "1 write is not listed" : `${count(missed)} writes are not listed`;

	return [h("td", { colspan: 4 },
		`▲ ${text}: this page was not connected, or received too slowly.`)];
}

/* page: see app.js. */
export function plugChanges(page) {
	const { tabs, frames, log, mirror, names, navigation, feed } = page;
	const list = new KeyedList($("changes-rows"), (entry) => makeRow(entry,
		(...range) => names.within(...range),
		(kind, first, last) => navigation.zoom({ kind, first, last }, first, true)));
	const roving = new Roving($("changes-rows"), "tr");
	let paused = false, drawn = -1, named = 0; /* how often points were told */

	tabs.add({
		name: "changes", element: $("changes"), interval: INTERVAL, always: true,
		draw() {
			if (mirror.status)
				showWelcome(page);
			if (paused || drawn === log.version)
				return;
			drawn = log.version;
			roving.update(list.show(log.entries.slice(-ROWS).reverse(),
				({ id }) => `${named} ${id}`));
		},
	});
	feed.on("writes", () => frames.soon("changes"));
	feed.on("hello", () => frames.soon("changes"));
	feed.on("points", () => {
		named++;
		drawn = -1;
		frames.soon("changes");
	});
	$("pause").addEventListener("click", () => {
		paused = !paused;
		$("pause").setAttribute("aria-pressed", String(paused));
		setText($("pause"), paused ? "Resume" : "Pause");
		frames.soon("changes");
	});
	return list;
}
