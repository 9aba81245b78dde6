/* The legend of the map's present colour scheme. */
import { AGE_NAMES, PATTERN_NAMES } from "./palette.js";
import { h } from "./format.js";

const SHOWN = 8; /* the most clients that are named */

function bar(stops, names) {
	const canvas = h("canvas", { class: "scale", "aria-hidden": "true" });
	canvas.width = 256;
	canvas.height = 1;
	const c = canvas.getContext("2d");
	const ramp = c.createLinearGradient(0, 0, 256, 0);
	stops.forEach((stop, i) => ramp.addColorStop(i / (stops.length - 1), stop));
	c.fillStyle = ramp;
	c.fillRect(0, 0, 256, 1);
	return h("div", { class: "ramp" }, canvas,
		h("div", { class: "ticks" }, ...names.map((name) => h("span", {}, name))));
}

/* A sample of a client's colour and pattern. */
export function clientSwatch(palette, number) {
	const size = 14;
	const canvas = h("canvas", { class: "sample", "aria-hidden": "true" });
	canvas.width = canvas.height = size;
	const c = canvas.getContext("2d");
	const image = c.createImageData(size, size);
	const pixels = new Uint32Array(image.data.buffer);
	for (let i = 0; i < pixels.length; i++)
		pixels[i] = palette.client(number, i % size >> 1, Math.floor(i / size) >> 1);
	c.putImageData(image, 0, 0);
	return canvas;
}

function plain(colour, text) {
	const canvas = h("canvas", { class: "sample", "aria-hidden": "true" });
	canvas.width = canvas.height = 1;
	const c = canvas.getContext("2d");
	c.fillStyle = colour;
	c.fillRect(0, 0, 1, 1);
	return h("span", { class: "entry" }, canvas, text);
}

/* The number of cells last written by each client, the largest first. */
function cellsByWriter(side, clients) {
	const cells = new Map();

	for (const number of side.client)
		if (number >= 0)
			cells.set(number, (cells.get(number) || 0) + 1);
	return [...cells].sort((a, b) => b[1] - a[1])
		.map(([number, n]) => ({ number, n, name: clients[number] }));
}

export function fillLegend(root, map, model) {
	const { palette, mode, kind } = map;

	if (mode === "value" && kind === "coils") {
		root.replaceChildren(plain(palette.scale.paper, "0 off"),
			plain(palette.valueStops()[4], "1 on"));
	} else if (mode === "value") {
		root.replaceChildren(plain(palette.scale.paper, "0"),
			bar(palette.valueStops(), ["1", "16", "256", "4096", "65535"]));
	} else if (mode === "age") {
		root.replaceChildren(bar(palette.ageStops(), AGE_NAMES),
			plain(palette.scale.paper, "never written"));
	} else {
		const all = cellsByWriter(model.side[kind], model.clients);
		const rest = all.length - SHOWN;
		root.replaceChildren(
			...all.slice(0, SHOWN).map(({ number, n, name }) =>
				h("span", { class: "entry",
					title: `${model.clientTitle(number) ?? name}: ${n} cells, ` +
						PATTERN_NAMES[palette.patternNumber(number)] },
				clientSwatch(palette, number), model.clientTitle(number) ?
					h("span", { class: "subject" }, name) : name)),
			...(rest > 0 ? [h("span", { class: "entry" }, `and ${rest} more`)] : []),
			plain(palette.scale.paper, "never written"));
	}
}
