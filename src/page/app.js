/*
 * Connects the parts of the page: the feed updates the model, the views show
 * it. Views draw when something has changed or the times they show are out of
 * date, and never while the page is hidden.
 */
import { SIZE, classic, parseRange, rangeName } from "./address.js";
import { ClientList, changeRows, contendedRows } from "./clients.js";
import { Feed, Refused } from "./feed.js";
import { count, duration, setText, timeOfDay } from "./format.js";
import { Inspector } from "./inspector.js";
import { clientSwatch, fillLegend } from "./legend.js";
import { MemoryMap, moveByKey } from "./map.js";
import { KINDS, Model } from "./model.js";
import { showSummary, showWelcome } from "./summary.js";
import { ValueTable } from "./table.js";
import { followTheme } from "./theme.js";
import { describe, showTip } from "./tip.js";
import { TokenDialog } from "./token.js";

const $ = (id) => document.getElementById(id);
const TABS = ["values", "changes", "clients", "contended"];
const CONTEXT = 32;         /* cells that the table shows around a chosen one */
const LIST_INTERVAL = 250;  /* ms between drawings of the lists */
const QUERY_INTERVAL = 2000; /* ms between requests for writers, while values change */
const QUERY_INTERVAL_MAX = 10000; /* ms, otherwise */

const model = new Model();
const wall = matchMedia("(min-width: 1700px) and (min-height: 900px)");
let status = null;
let clients = [];
let contended = [];
let range = { kind: "registers", first: 0, last: 63 };
let tab = "changes";
let paused = false;
let drawnLog = -1;          /* the version of the log in the list */

const feed = new Feed({
	state: showState, reload, changes: takeChanges, clients: takeClients,
	status: takeStatus,
});
const map = new MemoryMap($("map"), model, {
	select: selectOnMap,
	cancel: () => { dragged = false; },
	hover: (address, x, y) => showTip($("tip"), model, map.kind, address, x, y),
});
const table = new ValueTable({ table: $("values-table"), scroller: $("values-scroller") },
	model, { cursor: moveCursor, edit, scroll: () => requestWritersLater() });
const inspector = new Inspector($("inspector"), model, {
	cursor: (address) => moveCursor(address), write,
});
inspector.map = map;
const cards = new ClientList($("clients-list"), (host) => {
	const number = model.clientNumbers.get(host);
	return number === undefined ? null : clientSwatch(map.palette, number);
});

const tokens = new TokenDialog($("token"), feed, (newStatus) => {
	setWritable(newStatus);
	inspector.edit();
});

/* Parts to draw in the next frame. ----------------------------------------- */

const stale = new Set();
let lastLists = 0;

function soon(...parts) {
	parts.forEach((part) => stale.add(part));
	if (!soon.frame)
		soon.frame = requestAnimationFrame(drawStale);
}

function drawStale() {
	const now = Date.now();
	const due = (part) => stale.delete(part);

	soon.frame = 0;
	if (due("cell"))
		inspector.update(now);
	if (due("values") && shown("values"))
		table.update(now);
	if (now - lastLists >= LIST_INTERVAL) {
		lastLists = now;
		if (due("changes") && shown("changes"))
			drawChanges();
		if (due("clients"))
			drawClients(now);
		if (due("contended"))
			drawContended(now);
		if (due("legend"))
			fillLegend($("legend"), map, model);
	}
	if (due("status"))
		drawStatus();
	if (stale.size > 0 && !soon.timer)
		soon.timer = setTimeout(() => {
			soon.timer = 0;
			soon();
		}, LIST_INTERVAL);
}

function shown(name) {
	return wall.matches || tab === name;
}

/* Data from the feed. ------------------------------------------------------ */

async function reload(epoch, isCurrent) {
	const [dump, registers, coils, newStatus, newClients, newContended] = await Promise.all([
		feed.request("/api/dump"),
		feed.request("/api/writers/map?kind=registers"),
		feed.request("/api/writers/map?kind=coils"),
		feed.request("/api/status"),
		feed.request("/api/clients"),
		feed.request("/api/contended"),
	]);
	const now = Date.now();

	if (!isCurrent()) /* another load has begun since */
		return;
	model.load(dump, epoch);
	model.loadWriters("registers", registers, now);
	model.loadWriters("coils", coils, now);
	setWritable(newStatus);
	takeStatus(newStatus);
	takeClients(newClients);
	takeContended(newContended);
	document.body.dataset.loaded = epoch;
	map.invalidate();
	requestWriters();
	soon("cell", "values", "changes", "legend");
}

function takeChanges(batch) {
	model.apply(batch, Date.now());
	map.invalidate();
	soon("cell", "values", "changes");
	if (map.mode === "writer")
		soon("legend");
	const { kind, first, last } = table.window();
	if (batch.changes.some((change) => change.kind === kind &&
	    change.address <= last && change.address + change.values.length > first))
		requestWritersLater();
	requestContendedLater();
}

function takeClients(list) {
	clients = list;
	for (const client of clients) {
		client.received = Date.now();
		client.began = localTime(client.since);
	}
	soon("clients");
}

function takeContended(list) {
	contended = list;
	for (const row of contended)
		row.last = localTime(row.handover || row.time);
	soon("contended");
}

function takeStatus(next) {
	status = next;
	model.clockSkew = Date.now() - Date.parse(next.time);
	soon("status");
}

/* Convert a time of the server to this browser's clock. */
function localTime(time) {
	return Date.parse(time) + model.clockSkew;
}

/* The writers of the rows in the table: requested when the range is chosen,
 * while values change, and at long intervals, since a write of the same value
 * is no change. */
let writersTimer = 0, contendedTimer = 0;

async function requestWriters() {
	const { kind, first, last } = table.window();

	if (document.hidden || feed.state !== "live" || !shown("values"))
		return;
	try {
		const rows = await feed.request(
			`/api/writers?kind=${kind}&address=${first}&quantity=${last - first + 1}`);
		if (kind === table.range.kind)
			table.setKnown(rows, model.clockSkew);
	} catch {
		/* The feed reports a lost connection. */
	}
}

function requestWritersLater() {
	writersTimer ||= setTimeout(() => {
		writersTimer = 0;
		requestWriters();
	}, QUERY_INTERVAL);
}

function requestContendedLater() {
	contendedTimer ||= setTimeout(async () => {
		contendedTimer = 0;
		if (document.hidden)
			return;
		try {
			takeContended(await feed.request("/api/contended"));
		} catch {
			/* as above */
		}
	}, QUERY_INTERVAL);
}

/* The state of the connection. --------------------------------------------- */

function showState(state, since) {
	document.body.dataset.state = state;
	$("state").dataset.state = state;
	setText($("state-name"), { live: "live", lost: "disconnected", connecting: "connecting" }[state]);
	setText($("state-for"), "");
	$("lost").hidden = state !== "lost";
	if (state === "lost")
		showLost(since);
	fit();
	soon("status");
}

function showLost(since) {
	setText($("lost"), `▲ Disconnected since ${timeOfDay(since)}. ${feed.reason}` +
		"The values are those of that time. Reconnecting…");
}

/* Update the ages once a second, where they are visible. */
setInterval(() => {
	if (document.hidden || !status)
		return;
	const anyWritten = KINDS.some((kind) => model.side[kind].everWritten);
	if (feed.state === "lost")
		setText($("state-for"), ` ${duration(Date.now() - feed.since)}`); /* no role="status" */
	if (anyWritten)
		soon("cell", "values");
	if (feed.state === "live" && shown("clients"))
		cards.age();
	if (shown("contended") && contended.length > 0)
		soon("contended");
}, 1000);
setInterval(requestWriters, QUERY_INTERVAL_MAX);

/* Drawing. ----------------------------------------------------------------- */

function drawStatus() {
	if (!status)
		return;
	showSummary(status);
	const healthy = !status.health || status.health === "ok" || feed.state === "lost";
	setText($("health"), healthy ? "" : `▲ ${status.health}`);
	if ($("health").hidden !== healthy) {
		$("health").hidden = healthy;
		fit();
	}
	showWelcome(model, status);
}

function drawChanges() {
	const panel = $("changes-table");

	if (status)
		showWelcome(model, status);
	if (paused || panel.contains(document.activeElement) || drawnLog === model.logVersion)
		return;
	drawnLog = model.logVersion;
	$("changes-rows").replaceChildren(...changeRows(model.log, (kind, first, last) =>
		zoom({ kind, first, last }, first, true)));
}
function drawClients(now) {
	const connected = clients.filter((client) => client.connected !== false).length;

	setText($("clients-count"), connected > 0 ? count(connected) : "");
	$("no-clients").hidden = clients.length > 0;
	if (!shown("clients"))
		return;
	const left = cards.show(clients, now);
	setText($("clients-note"), `${count(connected)} connected` +
		(clients.length > connected ? `, ${count(clients.length - connected)} disconnected` : "") +
		(left > 0 ? `; ${count(left)} more are not shown` : "") + ".");
}

function drawContended(now) {
	setText($("contended-count"), contended.length > 0 ? `▲ ${count(contended.length)}` : "");
	$("no-contended").hidden = contended.length > 0;
	$("contended-table").hidden = contended.length === 0;
	const body = $("contended-rows");
	if (!shown("contended") || body.contains(document.activeElement))
		return;
	body.replaceChildren(...contendedRows(contended, (kind, address) =>
		goTo({ kind, first: address, last: address }, true), now));
}

/* Navigation. -------------------------------------------------------------- */

/* The range of cells around an address that the table shows: blocks of 16. */
function around(kind, address) {
	const first = Math.max(0, Math.min(SIZE - CONTEXT, (address & ~15)));

	return { kind, first, last: first + CONTEXT - 1 };
}

function setKind(kind) {
	document.body.dataset.kind = kind;
	document.querySelector(`#kind input[value="${kind}"]`).checked = true;
	$("map").setAttribute("aria-label", `Map of 65,536 ${kind}. ` +
		"Arrow keys move, Shift and arrows select, Enter opens the values.");
	map.show(kind, map.mode);
	soon("legend");
}

/* Show a range in the table, with the cursor at one of its addresses. */
function zoom(next, cursor, open) {
	const other = next.kind !== range.kind || next.first !== range.first ||
		next.last !== range.last;

	range = next;
	if (map.kind !== range.kind)
		setKind(range.kind);
	map.setSelection(range);
	map.setCursor(cursor);
	inspector.show(range.kind, cursor);
	if (open)
		setTab("values");
	if (other) {
		table.show(range);
		requestWriters();
	}
	table.setCursor(cursor);
	const n = range.last - range.first + 1;
	setText($("range"), `${rangeName(range)} · ${classic(range.kind, range.first)}` +
		(n > 1 ? ` to ${classic(range.kind, range.last)}` : "") + (n > 1 ? ` · ${count(n)}` : ""));
}

/* Show a range that the user entered; a single address with its neighbours. */
function goTo(next, open) {
	if (next.first === next.last)
		zoom(around(next.kind, next.first), next.first, open);
	else
		zoom(next, next.first, open);
}

/* Move the cursor, and the range of the table if the address is outside. */
function moveCursor(address, inTable = false) {
	if (inTable || address >= range.first && address <= range.last && map.kind === range.kind) {
		map.setCursor(address);
		inspector.show(range.kind, address);
		table.setCursor(address, inTable && $("values-table").contains(document.activeElement));
	} else {
		zoom(around(map.kind, address), address, false);
	}
}

let dragged = false;

function selectOnMap(first, last, cursor, done) {
	if (first === last && !dragged) {
		if (done)
			zoom(around(map.kind, first), first, true);
		return;
	}
	dragged = !done;
	if (done)
		zoom({ kind: map.kind, first, last }, cursor, true);
	else {
		map.setSelection({ first, last });
		map.setCursor(cursor);
	}
}

function setTab(name, focus = false) {
	tab = name;
	for (const each of TABS) {
		const button = $(`tab-${each}`);
		button.setAttribute("aria-selected", String(each === name));
		button.tabIndex = each === name ? 0 : -1;
		$(each).classList.toggle("chosen", each === name);
	}
	if (focus)
		$(`tab-${name}`).focus();
	table.place();
	drawnLog = -1;
	lastLists = 0; /* draw the lists at once */
	soon("values", "changes", "clients", "contended", "status");
}

/* Writing. ----------------------------------------------------------------- */

function setWritable(status) {
	inspector.setMay(status.writable ? "yes" : status.token_required ? "token" : "no");
}

async function write(kind, address, values) {
	try {
		await feed.request(`/api/${kind}`, { method: "PUT", body: { address, values } });
	} catch (refused) {
		if (refused instanceof Refused && refused.status === 401) {
			feed.token = null;
			inspector.setMay("token");
		}
		throw refused;
	}
}

function edit(address) {
	moveCursor(address, true);
	if ($("inspector").querySelector("form").dataset.may === "token")
		tokens.open();
	else
		inspector.edit();
}

/* Size, theme. ------------------------------------------------------------- */

function fit() {
	const narrow = innerWidth < 1000;
	const card = document.querySelector(".map-card");
	const padding = parseFloat(getComputedStyle(card).paddingLeft) * 2 + 2;

	$("rates").parentElement.hidden = false;
	if (narrow) {
		map.fit(document.documentElement.clientWidth - 16 - padding, Infinity);
	} else {
		const top = $("map").getBoundingClientRect().top + scrollY;
		const below = $("legend").offsetHeight + 34 + (wall.matches ? 110 : 0);
		const beside = wall.matches ? 1050 : 750;
		map.fit(innerWidth - beside - padding - 30, innerHeight - top - below);
		const left = innerHeight - top - $("map").offsetHeight - below;
		$("rates").parentElement.hidden = !wall.matches && left < 40;
	}
	card.style.setProperty("--map-width", $("map").style.width);
	soon("cell", "values", "status");
}

function applyTheme(dark) {
	map.setTheme(dark);
	table.trendColour = getComputedStyle($("load-rate")).color;
	soon("cell", "values", "clients", "legend", "status");
}

/* Input. ------------------------------------------------------------------- */

function onChoice(id, take) {
	$(id).addEventListener("change", (event) => take(event.target.value));
}

onChoice("kind", (kind) => {
	setKind(kind);
	zoom(around(kind, map.cursor), map.cursor, false);
});
onChoice("mode", (mode) => {
	map.show(map.kind, mode);
	soon("legend");
});
onChoice("view", (view) => table.show(range, view));

$("address").addEventListener("input", () => {
	const text = $("address").value;
	const parsed = text.trim() ? parseRange(text, map.kind) : {};

	setText($("goto-note"), parsed.error || parsed.note || "");
	$("goto").classList.toggle("bad", Boolean(parsed.error));
});
$("goto").addEventListener("submit", (event) => {
	event.preventDefault();
	const parsed = parseRange($("address").value, map.kind);

	if (parsed.error) {
		setText($("goto-note"), parsed.error);
		$("goto").classList.add("bad");
		return;
	}
	goTo(parsed, true);
	setText($("goto-note"), "");
	table.setCursor(parsed.first, true);
});

$("map").addEventListener("keydown", (event) => {
	if (event.key === "Enter") {
		const inside = map.cursor >= range.first && map.cursor <= range.last;
		zoom(inside ? range : around(map.kind, map.cursor), map.cursor, true);
		table.setCursor(map.cursor, true);
		event.preventDefault();
		return;
	}
	const to = moveByKey(event, map.cursor);
	if (to === null || event.altKey || event.metaKey)
		return;
	event.preventDefault();
	if (event.shiftKey) {
		anchor ??= map.cursor;
		zoom({ kind: map.kind, first: Math.min(anchor, to), last: Math.max(anchor, to) }, to, false);
	} else {
		anchor = null;
		moveCursor(to);
	}
	setText($("map-cell"), describe(model, map.kind, map.cursor));
});
let anchor = null;
$("map").addEventListener("pointerdown", () => { anchor = null; });

$("values-scroller").addEventListener("keydown", (event) => {
	const to = table.moveByKey(event.key);

	if (event.key === "Enter" || event.key === "F2") {
		event.preventDefault();
		edit(table.cursor);
	} else if (to !== null) {
		event.preventDefault();
		moveCursor(to, true);
	}
});

document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
	const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];

	if (step)
		setTab(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length], true);
});
TABS.forEach((name) => $(`tab-${name}`).addEventListener("click", () => setTab(name)));

document.addEventListener("keydown", (event) => {
	const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) &&
		event.target.type !== "radio";

	if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]"))
		return;
	if (event.key === "Escape") {
		$("map").focus();
		$("goto-note").textContent = "";
	} else if (event.key === "/" && !typing) {
		event.preventDefault();
		$("address").focus();
		$("address").select();
	} else if (event.key === "?" && !typing) {
		$("help").showModal();
	}
});

document.addEventListener("click", async (event) => {
	const name = event.target.dataset?.copy;

	if (!name)
		return;
	try {
		await navigator.clipboard.writeText($(name).textContent);
		setText(event.target, "Copied");
	} catch {
		getSelection().selectAllChildren($(name)); /* the user copies it */
	}
});

$("pause").addEventListener("click", () => {
	paused = !paused;
	$("pause").setAttribute("aria-pressed", String(paused));
	setText($("pause"), paused ? "Resume" : "Pause");
	soon("changes");
});
$("help-button").addEventListener("click", () => $("help").showModal());
$("unlock").addEventListener("click", () => tokens.open());
wall.addEventListener("change", () => setTab(tab));
addEventListener("resize", fit);

setKind("registers");
setTab("changes");
followTheme($("theme"), applyTheme);
fit();
table.show(range);
zoom(range, 0, false);
map.setSelection(null); /* the user has selected nothing */
feed.connect();

/* For tests and for the browser's console. */
window.page = { model, map, feed };
