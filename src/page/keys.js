/* Keys: those of the map, of the table of values, and of the whole page. */
import { moveByKey } from "./map.js";
import { setText } from "./format.js";
import { describe } from "./tip.js";

const $ = (id) => document.getElementById(id);

function listenOnMap({ navigation, map, table, model }) {
	let anchor = null;

	$("map").addEventListener("pointerdown", () => { anchor = null; });
	$("map").addEventListener("keydown", (event) => {
		const { kind, first, last } = navigation.range;

		if (event.key === "Enter") {
			const inside = map.cursor >= first && map.cursor <= last;
			navigation.zoom(inside ? navigation.range :
				navigation.around(kind, map.cursor), map.cursor, true);
			table.setCursor(map.cursor, true);
			event.preventDefault();
			return;
		}
		const factor = { "+": 2, "=": 2, "-": 0.5, 0: 0 }[event.key];
		if (factor !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey) {
			map.zoomAround(factor);
			event.preventDefault();
			return;
		}
		const to = moveByKey(event, map.cursor);
		if (to === null || event.altKey || event.metaKey)
			return;
		event.preventDefault();
		if (event.shiftKey) {
			anchor ??= map.cursor;
			navigation.zoom({ kind, first: Math.min(anchor, to), last: Math.max(anchor, to) },
				to, false);
		} else {
			anchor = null;
			navigation.moveCursor(to);
		}
		setText($("map-cell"), describe(model, map.kind, map.cursor));
	});
}

function listenOnValues({ navigation, table }) {
	$("values-scroller").addEventListener("keydown", (event) => {
		const to = table.moveByKey(event.key);

		if (event.key === "Enter" || event.key === "F2") {
			event.preventDefault();
			table.edit();
		} else if (table.moveColumn(event.key)) {
			event.preventDefault();
		} else if (to !== null) {
			event.preventDefault();
			navigation.moveCursor(to, true);
		}
	});
}

/* What "page" names is in app.js. */
export function listenToKeys(page) {
	listenOnMap(page);
	listenOnValues(page);
	document.addEventListener("keydown", (event) => {
		const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) &&
			event.target.type !== "radio";

		if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented ||
		    document.querySelector("dialog[open]"))
			return;
		if (event.key === "Escape") {
			$("map").focus();
			page.entry.note({});
		} else if (event.key === "/" && !typing) {
			event.preventDefault();
			$("address").focus();
			$("address").select();
		} else if (event.key === "?" && !typing) {
			$("help").showModal();
		}
	});
	$("help-button").addEventListener("click", () => $("help").showModal());
}
