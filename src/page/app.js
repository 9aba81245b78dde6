/*
 * Connects the parts of the page. Each module has one idea and is given what it
 * needs from one object, "page":
 *
 *   store       what the user has chosen, mirrored in the URL (store.js)
 *   frames      when parts are drawn (frames.js)
 *   tabs        the tabs, where modules plug in their panels (tabs.js)
 *   model       the copy of the server's table (model.js)
 *   feed        requests and events (feed.js)
 *   mirror      keeps the model like the table (mirror.js)
 *   log         the latest writes (log.js)
 *   map, table, inspector   what shows values
 *   navigation  the range and the cursor (navigation.js)
 *   entry       the address box (entry.js)
 *   names       the points by address (names.js)
 *   points      the points of --points (points.js)
 *   lists, trend   watch lists, and what draws them over time (watch.js)
 *   seen        functions that return ranges whose writers are shown
 *   write(kind, address, values)   a request that writes
 *   put(path, body)                any request that writes
 *   edit(address)                  open the form that writes
 *   unlock()                       ask for the token
 *
 * A further tab is a module with a function that takes page, defines its fields
 * in page.store, and calls page.tabs.add; and its line in PLUGS.
 */
import { plugChanges } from "./changes.js";
import { Connection } from "./connection.js";
import { AddressEntry } from "./entry.js";
import { Feed, Refused } from "./feed.js";
import { setText } from "./format.js";
import { Frames } from "./frames.js";
import { Inspector } from "./inspector.js";
import { listenToZoomButtons } from "./gestures.js";
import { listenToKeys } from "./keys.js";
import { chooseFirst, fit, wall } from "./layout.js";
import { fillLegend } from "./legend.js";
import { plugClients, plugContended } from "./lists.js";
import { WriteLog } from "./log.js";
import { MemoryMap } from "./map.js";
import { Mirror } from "./mirror.js";
import { KINDS, Model } from "./model.js";
import { Names } from "./names.js";
import { Navigation } from "./navigation.js";
import { Points } from "./points.js";
import { plugRequests } from "./requests.js";
import { Store } from "./store.js";
import { ValueTable, plugValues } from "./table.js";
import { Tabs } from "./tabs.js";
import { followTheme } from "./theme.js";
import { Tip } from "./tip.js";
import { TokenDialog } from "./token.js";
import { plugPoints, plugWatch } from "./watch.js";

const PLUGS = [plugValues, plugWatch, plugPoints, plugChanges, plugClients, plugContended,
	plugRequests];

const $ = (id) => document.getElementById(id);
const page = { store: new Store(), frames: new Frames(), model: new Model(),
	feed: new Feed(), write, put, edit, seen: [] };
const { store, frames, model, feed } = page;

page.log = new WriteLog(feed);
page.tabs = new Tabs(store, frames, wall);
page.map = new MemoryMap($("map"), model, {
	select: (...range) => page.navigation.select(...range),
	cancel: () => page.navigation.cancelSelect(),
	hover: (address, x, y) => page.tip.show(address, x, y),
	view: (view) => showZoom(view),
});
const showZoom = listenToZoomButtons(page.map, $("zoom-in"), $("zoom-out"));
page.tip = new Tip($("tip"), model, page.map);
page.table = new ValueTable({ table: $("values-table"), scroller: $("values-scroller") },
	model, {
		cursor: (address) => page.navigation.moveCursor(address, true),
		order: (order) => store.set({ order }),
		edit,
		scroll: () => page.mirror.later("writers", 300),
	});
page.inspector = new Inspector($("inspector"), model, {
	cursor: (address) => page.navigation.moveCursor(address), write,
	shown: () => frames.soon("cell"),
});
page.inspector.map = page.map;
page.navigation = new Navigation(page);
page.mirror = new Mirror(page, () => {
	const { kind } = page.navigation.range, { cursor } = page.map;
	const at = { kind, first: cursor, last: cursor };
	return [...page.tabs.sees("values") ? [page.table.window()] : [], at,
		...page.seen.flatMap((ranges) => ranges())];
});
page.entry = new AddressEntry((text) => page.points.read(text, page.map.kind), (range) => {
	page.navigation.goTo(range, true);
	page.table.setCursor(range.first, true);
});
page.names = new Names(page);
page.points = new Points(page);
page.connection = new Connection(page, () => fit(page));
const tokens = new TokenDialog($("token"), feed, (status) => {
	setWritable(status);
	page.inspector.edit();
});

/* Drawing. ----------------------------------------------------------------- */

frames.add("map", () => page.map.refresh(), { direct: true });
frames.add("cell", (now) => {
	page.inspector.update(now);
	page.tip.update();
}, { interval: 100, seen: () => page.inspector.visible || page.tip.address !== null });
frames.add("legend", () => fillLegend($("legend"), page.map, model), { interval: 250 });
for (const plug of PLUGS)
	plug(page);

/* The ages, once a second, where they are visible. */
setInterval(() => {
	if (!document.hidden && KINDS.some((kind) => model.side[kind].everWritten))
		frames.soon("cell", "values");
}, 1000);

store.subscribe((changed) => {
	if (changed.has("range") || changed.has("tab"))
		page.mirror.askWriters();
	else if (changed.has("cursor"))
		page.mirror.later("writers", 200);
});
feed.on("applied", () => page.map.mode === "writer" && frames.soon("legend"));
addEventListener("resize", () => fit(page));

/* Writing. ----------------------------------------------------------------- */

function setWritable(status) {
	page.inspector.setMay(status.writable ? "yes" : status.token_required ? "token" : "no");
}

feed.on("loaded", setWritable);

function write(kind, address, values) {
	return put(`api/${kind}`, { address, values });
}

async function put(path, body) {
	try {
		await feed.request(path, { method: "PUT", body });
	} catch (refused) {
		if (refused instanceof Refused && refused.status === 401) {
			feed.token = null;
			page.inspector.setMay("token");
		}
		throw refused;
	}
}

/* Edit an address, as it is shown: type and order are those of the table. */
function edit(address, type, order) {
	page.navigation.moveCursor(address, true);
	if ($("inspector").querySelector("form").dataset.may === "token")
		tokens.open();
	else
		page.inspector.edit(type, order);
}

page.unlock = () => tokens.open();
$("unlock").addEventListener("click", page.unlock);

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

/* Begin. ------------------------------------------------------------------- */

listenToKeys(page);
followTheme($("theme"), (dark) => {
	page.map.setTheme(dark);
	page.table.trendColour = getComputedStyle($("load-rate")).color;
	frames.soon("cell", "values", "clients", "legend", "status");
});
fit(page);
page.navigation.begin();
chooseFirst(page);
page.tabs.apply();
feed.connect();

/* For tests and for the browser's console. */
window.page = page;
