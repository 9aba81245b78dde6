/*
 * Trends of the values of a watch list against time, drawn by dygraphs, which is
 * loaded when the first one is asked for. Values with one scale share a lane;
 * all lanes share the time, the cursor and the zoom.
 *
 * The trend follows the time until it is paused, zoomed or moved: then it shows
 * the same span, while values are still recorded.
 */
import { count, h, setText, timeOfDay } from "./format.js";
import { textOf, valueOf } from "./item.js";
import { pastOf } from "./past.js";
import { Series, allRows, countBetween, csv, drawnRows } from "./series.js";

export const SPANS = { "1 min": 60, "5 min": 300, "15 min": 900, "1 h": 3600, "6 h": 21600 };
const COLOURS = 10;            /* --trend-0 to --trend-9 in watch.css */
const DASHES = [null, [7, 3], [2, 2], [9, 3, 2, 3]]; /* for who sees no colour */
const PER_PIXEL = 4;           /* changes that are drawn one by one */
const SHORTEST = 100;          /* ms: the shortest span */
const CSV_MOST = 200000;       /* rows of one file */
const BUTTONS = { "−": "Show more time (−)", "+": "Show less time (+)" };

let library = null;

/* dygraphs, loaded once. It writes its legend with inline styles, which the
 * page's security policy forbids; the page has its own. */
function loadLibrary() {
	library ??= new Promise((resolve, reject) => {
		document.head.append(h("script", { src: "dygraph.min.js", onerror: reject,
			onload: () => {
				const { Dygraph } = window;
				Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) =>
					plugin !== Dygraph.Plugins.Legend);
				resolve(Dygraph);
			} }));
	});
	return library;
}

/* Draw a line in steps. (dygraphs' own steps begin their dashes anew at each
 * value, so that where there are many a line seems whole.) */
function drawSteps({ drawingContext, points, color, strokeWidth, setName, dygraph }) {
	let before = null;

	drawingContext.save();
	drawingContext.strokeStyle = color;
	drawingContext.lineWidth = strokeWidth;
	drawingContext.setLineDash(dygraph.getOption("strokePattern", setName) ?? []);
	drawingContext.beginPath();
	for (const { canvasx, canvasy } of points) {
		const known = Number.isFinite(canvasy);

		if (before !== null)
			drawingContext.lineTo(canvasx, before);
		if (known && before !== null)
			drawingContext.lineTo(canvasx, canvasy);
		else if (known)
			drawingContext.moveTo(canvasx, canvasy);
		before = known ? canvasy : null;
	}
	drawingContext.stroke();
	drawingContext.restore();
}

const svg = (name, attributes) => {
	const element = document.createElementNS("http://www.w3.org/2000/svg", name);

	Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
	return element;
};

/* A sample of the line of a number. */
export function lineSample(number) {
	const line = svg("line", { x1: 0, y1: 5, x2: 22, y2: 5, "stroke-width": 3,
		stroke: `var(--trend-${number % COLOURS})`,
		"stroke-dasharray": DASHES[number % DASHES.length]?.join(" ") ?? "none" });
	const root = svg("svg", { width: 22, height: 10, class: "line", "aria-hidden": "true" });

	root.append(line);
	return root;
}

/* The lane of an item: the scale that was chosen, else its units. */
function laneOf({ item, scale }) {
	if (scale !== "auto")
		return `scale ${scale}`;
	return item.type === "bool" ? "on/off" : item.units || "without units";
}

export class Trend {
	/* page: see app.js; changed() is called when it must be drawn. */
	constructor(page, changed) {
		Object.assign(this, { page, changed });
		this.series = new Map(); /* by the item's key */
		this.lines = [];         /* {item, scale, number, series} */
		this.lanes = new Map();  /* {element, graph, ...} by name */
		this.view = null;        /* [from, to] in ms, or null: follow the time */
		this.cursor = null;      /* ms */
		this.updates = 0;        /* for tests */
		this.make();
		page.feed.on("applied", () => this.record());
		page.feed.on("loaded", () => this.record());
		page.feed.on("state", (state, since) => state === "lost" && this.interrupt(since));
	}

	make() {
		const { store } = this.page;
		const button = (text, title, onclick) =>
			h("button", { type: "button", title, "aria-label": title, onclick }, text);

		store.define("span", { fallback: "5 min",
			parse: (text) => Object.hasOwn(SPANS, text) ? text : undefined, keep: true });
		this.span = h("select", { "aria-label": "Time shown" },
			...Object.keys(SPANS).map((name) => h("option", {}, name)));
		this.span.addEventListener("change", () => {
			store.set({ span: this.span.value });
			this.follow();
		});
		this.pause = h("button", { type: "button", "aria-pressed": "false",
			onclick: () => this.togglePause() }, "Pause");
		this.past = h("button", { type: "button", title: "Load what the journal has of the " +
			"time that is seen", onclick: () => this.loadPast() }, "Load past");
		this.time = h("span", { class: "time" });
		this.said = h("span", { class: "note", role: "status" });
		this.readout = h("p", { class: "readout" });
		this.area = h("div", { class: "lanes", tabindex: "0", role: "group",
			"aria-label": "Trend: arrows move the cursor, with Shift the time; " +
				"plus and minus zoom; Space pauses" });
		this.area.addEventListener("keydown", (event) => this.key(event));
		this.area.addEventListener("pointermove", (event) => this.pointed(event));
		this.area.addEventListener("pointerleave", () => this.setCursor(null));
		this.element = h("section", { class: "trend-area", "aria-label": "Trends" },
			h("div", { class: "trend-tools" }, this.span, this.pause,
				...Object.entries(BUTTONS).map(([sign, title]) =>
					button(sign, title, () => this.zoom(sign === "+" ? 0.5 : 2))),
				button("CSV", "Save what is seen as CSV", () => this.save()), this.past, this.said),
			this.readout, this.area);
		this.element.hidden = true;
		new ResizeObserver(() => this.lanes.forEach(({ graph }) => graph?.resize()))
			.observe(this.area);
	}

	/* Draw these: [{item, scale}]. The values of others are forgotten. */
	setLines(lines) {
		const { model } = this.page;

		this.lines = lines.map((line, number) => ({ ...line, number,
			series: this.series.get(line.item.key) ?? new Series(), value: h("b") }));
		this.readout.replaceChildren(this.time, ...this.lines.map(({ item, number, value }) =>
			h("span", {}, lineSample(number), item.name, " ", value)));
		this.series = new Map(this.lines.map(({ item, series }) => [item.key, series]));
		this.element.hidden = lines.length === 0;
		if (model.epoch)
			this.record();
		this.arrange();
	}

	record(now = Date.now()) {
		for (const { item, series } of this.lines)
			series.push(now, valueOf(item, this.page.model));
	}

	/* Nothing is known from then until the server is back. */
	interrupt(time) {
		this.lines.forEach(({ series }) => series.length > 0 && series.push(time, NaN));
	}

	/* Lanes. --------------------------------------------------------------- */

	/* Make the lanes anew whose lines have changed. */
	arrange() {
		const wanted = Map.groupBy ? Map.groupBy(this.lines, laneOf) : new Map();

		if (!Map.groupBy)
			this.lines.forEach((line) => {
				const lane = laneOf(line);
				wanted.set(lane, [...wanted.get(lane) ?? [], line]);
			});
		for (const [name, lane] of this.lanes)
			if (!wanted.has(name))
				this.drop(name, lane);
		for (const [name, lines] of wanted) {
			const id = lines.map(({ item, number }) => `${number} ${item.key}`).join("\n");
			let lane = this.lanes.get(name);
			if (lane && lane.id !== id) {
				lane.graph?.destroy();
				lane.graph = null;
			}
			if (!lane) {
				const plot = h("div", { class: "plot" });
				const mark = h("div", { class: "mark", hidden: true });
				lane = { plot, mark, element: h("div", { class: "lane" },
					h("p", {}, name), plot, mark) };
				this.lanes.set(name, lane);
				this.area.append(lane.element);
			}
			Object.assign(lane, { id, lines });
		}
		this.area.classList.toggle("many", this.lanes.size > 1);
		this.changed();
	}

	drop(name, { graph, element }) {
		graph?.destroy();
		element.remove();
		this.lanes.delete(name);
	}

	/* The times that are seen, [from, to]. */
	window(now = Date.now()) {
		return this.view ?? [now - 1000 * SPANS[this.page.store.get("span")], now];
	}

	draw(now) {
		if (this.lines.length === 0 || this.area.clientHeight === 0)
			return;
		if (!window.Dygraph) {
			loadLibrary().then(this.changed, () => setText(this.readout,
				"The program that draws trends could not be loaded."));
			return;
		}
		this.past.hidden = !this.page.mirror.status?.state;
		setText(this.pause, this.view ? "Live" : "Pause");
		this.pause.setAttribute("aria-pressed", String(Boolean(this.view)));
		this.span.value = this.page.store.get("span");
		const [from, to] = this.window(now);
		for (const lane of this.lanes.values())
			this.drawLane(lane, from, to, now);
		this.updates++;
		this.showCursor();
	}

	drawLane(lane, from, to, now) {
		const { lines, plot } = lane;
		/* Nothing is known of the time to come. */
		const rows = drawnRows(lines.map(({ series }) => series), from, Math.min(to, now),
			PER_PIXEL * Math.max(100, Math.round(plot.clientWidth * devicePixelRatio)));
		const style = getComputedStyle(plot);

		this.drawing = true;
		if (lane.graph) {
			lane.graph.updateOptions({ file: rows, dateWindow: [from, to],
				axisLineColor: style.borderColor, gridLineColor: style.borderColor });
		} else {
			lane.graph = new window.Dygraph(plot, rows,
				this.optionsOf(lane, [from, to], style));
		}
		this.drawing = false;
		lane.rows = rows.length;
	}

	optionsOf({ lines }, dateWindow, style) {
		const bools = lines.every(({ item }) => item.type === "bool");
		const { defaultInteractionModel, dateTicker, dateAxisLabelFormatter } = window.Dygraph;

		return {
			labels: ["time", ...lines.map(({ item }) => item.key)],
			colors: lines.map(({ number }) =>
				style.getPropertyValue(`--trend-${number % COLOURS}`).trim()),
			series: Object.fromEntries(lines.map(({ item, number }) => [item.key,
				{ strokePattern: DASHES[number % DASHES.length] }])),
			dateWindow, plotter: drawSteps, strokeWidth: 1.6, highlightCircleSize: 0,
			legend: "never", axisLineColor: style.borderColor,
			gridLineColor: style.borderColor, animatedZooms: false,
			...(bools ? { valueRange: [-0.15, 1.15] } : {}),
			axes: {
				y: { axisLabelWidth: 64, maxNumberWidth: 9, ...(bools ? { ticker: () =>
					[{ v: 0, label: "off" }, { v: 1, label: "on" }] } : {}) },
				x: { axisLabelWidth: 70, ticker: dateTicker,
					axisLabelFormatter: dateAxisLabelFormatter },
			},
			interactionModel: { ...defaultInteractionModel,
				dblclick: (event, graph) => {
					graph.resetZoom();
					this.follow();
				} },
			/* The user has zoomed or moved one lane: the others follow. */
			drawCallback: (graph) => {
				if (!this.drawing)
					this.setView(graph.xAxisRange());
			},
		};
	}

	/* Time. ---------------------------------------------------------------- */

	setView([from, to]) {
		const middle = (from + to) / 2, half = Math.max(SHORTEST, to - from) / 2;

		this.view = [middle - half, middle + half];
		this.changed();
	}

	follow() {
		this.view = null;
		this.changed();
	}

	togglePause() {
		if (this.view)
			this.follow();
		else
			this.setView(this.window());
	}

	/* Show so many times the span, around the cursor, else up to its end. */
	zoom(factor) {
		const [from, to] = this.window();
		const at = this.cursor ?? to;

		this.setView([at - (at - from) * factor, at + (to - at) * factor]);
	}

	key(event) {
		const [from, to] = this.window();
		const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key] * (to - from);

		if (event.ctrlKey || event.altKey || event.metaKey)
			return;
		if (event.key === " ")
			this.togglePause();
		else if (event.key === "+" || event.key === "-")
			this.zoom(event.key === "+" ? 0.5 : 2);
		else if (event.key === "Escape" && (this.cursor !== null || this.view)) {
			this.setCursor(null);
			this.follow();
		} else if (step && event.shiftKey)
			this.setView([from + step / 4, to + step / 4]);
		else if (step)
			this.setCursor(Math.min(to, Math.max(from, (this.cursor ?? to) + step / 100)));
		else
			return;
		event.preventDefault();
	}

	/* The cursor. ---------------------------------------------------------- */

	pointed(event) {
		const plot = event.target.closest(".lane")?.querySelector(".plot");
		const lane = [...this.lanes.values()].find((one) => one.plot === plot);

		if (!lane?.graph)
			return;
		const { x, w } = lane.graph.getArea();
		const at = event.clientX - plot.getBoundingClientRect().left;
		this.setCursor(at >= x && at <= x + w ? lane.graph.toDataXCoord(at) : null);
	}

	setCursor(time) {
		this.cursor = time;
		this.showCursor();
	}

	/* Draw it in all lanes, and tell the values there, or of now. */
	showCursor() {
		const { cursor } = this;
		const at = cursor ?? this.window()[1];

		for (const { graph, mark, plot } of this.lanes.values()) {
			mark.hidden = cursor === null || !graph;
			if (!mark.hidden)
				mark.style.left = `${plot.offsetLeft + graph.toDomXCoord(cursor)}px`;
		}
		setText(this.time, timeOfDay(at, cursor !== null));
		for (const { item, series, value } of this.lines)
			setText(value, series.indexAt(at) < 0 ? "–" :
				`${textOf(item, series.at(at))} ${item.units}`);
	}

	/* The past. ------------------------------------------------------------- */

	/* Load what the journal has of the time that is seen, before what was seen. */
	async loadPast() {
		const { page: { feed, model }, lines } = this;
		const [from] = this.window();

		this.past.disabled = true;
		setText(this.said, "Loading…");
		this.said.dataset.mood = "";
		try {
			let values = 0, whole = true;
			for (const { item, series } of lines) {
				const past = await pastOf(item, from, Math.min(series.begin, Date.now()), model,
					(path) => feed.request(path));
				series.prepend(past.values);
				values += past.values.length;
				whole &&= past.whole;
			}
			setText(this.said, whole ? `${count(values)} values loaded.` :
				"There are more values than can be loaded: show less time.");
		} catch (refused) {
			setText(this.said, `Not loaded: ${refused.message}`);
			this.said.dataset.mood = "bad";
		}
		this.past.disabled = false;
		this.changed();
	}

	/* Files. -------------------------------------------------- */

	/* What is seen as CSV: each change, not only what could be drawn. */
	csv(now = Date.now()) {
		const [from, to] = this.window(now);
		const series = this.lines.map((line) => line.series);
		const begin = Math.max(from, Math.min(...series.map((one) => one.begin)));
		const rows = begin > to ? [] : allRows(series, begin, Math.min(to, now));

		return csv(this.lines.map(({ item }) =>
			item.units ? `${item.name} (${item.units})` : item.name), rows.slice(-CSV_MOST));
	}

	save() {
		const url = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" }));
		const link = h("a", { href: url, download:
			`trend-${new Date().toISOString().slice(0, 19).replace(/:/g, "")}.csv` });

		link.click();
		setTimeout(() => URL.revokeObjectURL(url), 10000);
	}

	/* How many values are seen; for tests. */
	count() {
		return countBetween(this.lines.map(({ series }) => series), ...this.window());
	}
}
