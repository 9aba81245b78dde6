/*
 * The colours of the map. Each scale is also a scale of brightness, and each
 * client has a pattern besides its colour, so that no distinction depends on hue
 * alone.
 *
 * A pixel is a number as in ImageData: 0xAABBGGRR.
 */

const SCALES = {
	dark: {
		paper: "#0a0f14",
		grid: "#ffffff14",
		glow: [255, 196, 84],
		hot: [255, 250, 232],
		ink: "#eaf1f6",
		faint: "#93a5b3",
		mark: "#ffffff",
		markEdge: "#00000099",
		value: ["#1f3a68", "#1f6a8f", "#219a94", "#74c476", "#d9e06a", "#fffad1"],
		age: ["#fff2c2", "#ffc24d", "#e8823a", "#ad4f4b", "#6b3d57", "#43355a"],
		clients: ["#58b1f2", "#f3a04e", "#8ad98a", "#f08bb5", "#c0a4ff",
			"#ece06a", "#6fd8cf", "#d8a683"],
	},
	light: {
		paper: "#edf1f4",
		grid: "#00000012",
		glow: [214, 84, 0],
		hot: [120, 24, 0],
		ink: "#16212b",
		faint: "#566674",
		mark: "#0b1117",
		markEdge: "#ffffffcc",
		value: ["#c3dcec", "#86bfd6", "#3f9fb5", "#22748f", "#1d4674", "#0d1540"],
		age: ["#4a1500", "#8f3208", "#c96a2b", "#dd9d72", "#e3bfae", "#d9cbd0"],
		clients: ["#1668b0", "#b55400", "#1f7a36", "#b0246b", "#6a3fc0",
			"#746300", "#00706b", "#7a4a26"],
	},
};

const PATTERNS = [
	() => false,
	(x, y) => (x + y) % 4 < 1,
	(x, y) => y % 3 === 0,
	(x, y) => x % 3 === 0,
	(x, y) => (x + y) % 2 === 0,
	(x, y) => x % 3 === 0 || y % 3 === 0,
	(x, y) => (x - y + 256) % 5 < 2,
];
export const PATTERN_NAMES = ["plain", "rising lines", "rows", "columns",
	"chequered", "grid", "falling lines"];

export const AGES = [0, 1, 10, 60, 600, 3600]; /* s, of the colours of age */
export const AGE_NAMES = ["now", "1 s", "10 s", "1 min", "10 min", "1 h"];
const AGE_STEPS = 256;
const AGE_MOST = Math.log1p(AGES.at(-1));

function rgb(hex) {
	const n = parseInt(hex.slice(1), 16);

	return [n >> 16, n >> 8 & 255, n & 255];
}

function pixel([r, g, b]) {
	return (0xff000000 | b << 16 | g << 8 | r) >>> 0;
}

function mix(a, b, t) {
	return a.map((v, i) => Math.round(v + (b[i] - v) * t));
}

/* The colour at t, 0..1, between evenly spaced stops. */
function along(stops, t) {
	const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
	const i = Math.min(stops.length - 2, Math.floor(at));

	return mix(rgb(stops[i]), rgb(stops[i + 1]), at - i);
}

/* A register's value as a position on the scale, which is logarithmic, since
 * most values are small. */
export function valueLevel(value) {
	return Math.log2(value) / 16;
}

export class Palette {
	constructor(dark) {
		this.dark = dark;
		this.scale = SCALES[dark ? "dark" : "light"];
		this.paper = pixel(rgb(this.scale.paper));
		this.values = new Uint32Array(65536);
		for (let v = 1; v < 65536; v++)
			this.values[v] = pixel(along(this.scale.value, valueLevel(v)));
		this.values[0] = this.paper;
		this.on = pixel(along(this.scale.value, 0.85));
		this.ages = new Uint32Array(AGE_STEPS + 1);
		for (let i = 0; i <= AGE_STEPS; i++)
			this.ages[i] = pixel(this.ageColour(i / AGE_STEPS));
		this.hot = pixel(this.scale.hot);
		this.pairs = [];
	}

	ageColour(level) {
		/* The names stand evenly along the legend, as AGES do here. */
		const s = Math.expm1(level * AGE_MOST);
		let i = 0;
		while (i < AGES.length - 2 && s >= AGES[i + 1])
			i++;
		const from = Math.log1p(AGES[i]), to = Math.log1p(AGES[i + 1]);
		const t = (Math.log1p(s) - from) / (to - from);
		return along(this.scale.age, (i + Math.min(1, t)) / (AGES.length - 1));
	}

	/* The pixel of an age in milliseconds. */
	age(ms) {
		const level = Math.log1p(Math.max(0, ms) / 1000) / AGE_MOST;

		return this.ages[Math.min(AGE_STEPS, Math.round(level * AGE_STEPS))];
	}

	/* The two pixels of a client's pattern: ground and figure. */
	pair(number) {
		if (number < 0)
			return [pixel(rgb(this.scale.faint)), pixel(rgb(this.scale.faint))];
		let pair = this.pairs[number];
		if (!pair) {
			const colour = rgb(this.clientColour(number));
			pair = [pixel(colour), pixel(mix(colour, rgb(this.scale.paper), 0.6))];
			this.pairs[number] = pair;
		}
		return pair;
	}

	client(number, x, y) {
		const pair = this.pair(number);

		return pair[number >= 0 && this.pattern(number)(x, y) ? 1 : 0];
	}

	pattern(number) {
		return PATTERNS[this.patternNumber(number)];
	}

	patternNumber(number) {
		return (number + Math.floor(number / 8)) % PATTERNS.length;
	}

	clientColour(number) {
		const colours = this.scale.clients;

		return colours[number % colours.length];
	}

	/* Mix a pixel with the colour of a recent change: t of 256 parts. */
	heat(colour, t) {
		const { hot } = this;
		const other = 256 - t;
		const redBlue = ((colour & 0xff00ff) * other + (hot & 0xff00ff) * t) >>> 8 & 0xff00ff;
		const green = ((colour & 0xff00) * other + (hot & 0xff00) * t) >>> 8 & 0xff00;

		return (0xff000000 | redBlue | green) >>> 0;
	}

	/* CSS colours for the legend. */
	valueStops() {
		return this.scale.value;
	}

	ageStops() {
		return this.scale.age;
	}
}
