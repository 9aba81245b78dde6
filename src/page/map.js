/*
 * The map: 256 rows of 256 cells, one for each address; row n begins at
 * address 256 n.
 *
 * Cells are painted pixel by pixel into a small picture, which is enlarged
 * without smoothing, or a part of it (view.js); marks are drawn above it. The map
 * is drawn only when something has changed, during a glow, and when the ages it
 * shows change.
 *
 * area is where cells are drawn in the canvas, {x, y, size}; left and top say
 * where the first cell would be, and cell is the size of one, all in pixels of
 * the screen.
 */
import { SIZE } from "./address.js";
import { listenToPointers } from "./gestures.js";
import { Palette } from "./palette.js";
import { SIDE, View } from "./view.js";

const GLOW = 1800;          /* ms for which a change is highlighted */
const FRAME = 33;           /* ms between frames of a glow */
const LONG_FRAME = 100;     /* of one that has lasted for longer than */
const LONG = 2 * GLOW;
const REST = 3;             /* a pause after a drawing, as a multiple of its time */
const HALOES = 300;         /* the most runs of cells with a halo */
const CELLS = 4096;         /* the most cells that glow in runs with a halo */
const HEATS = 32;           /* levels that are told apart to find these */
const FEW = 12;             /* the most runs with a wave */
const WAVE = 1000;          /* ms that a wave takes */
const AGE_TICK = 1000;
const LABELS = 54;          /* CSS pixels between labels, at least */
const GRID = 8, TEXT = 30;  /* CSS pixels of cells that have lines, and values */
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class MemoryMap {
	/* on: {select(first, last, cursor, done), cancel() to undo selects that were
	 * not done, hover(address or null, x, y), view(view) when it was zoomed}. */
	constructor(canvas, model, on) {
		this.canvas = canvas;
		this.context = canvas.getContext("2d");
		this.model = model;
		this.on = on;
		this.kind = "registers";
		this.mode = "value";
		this.cursor = 0;
		this.selection = null;
		this.view = new View();
		this.stale = false;
		this.picture = document.createElement("canvas");
		this.picture.width = this.picture.height = SIDE;
		this.pictureContext = this.picture.getContext("2d");
		this.enlarged = document.createElement("canvas");
		this.image = this.pictureContext.createImageData(SIDE, SIDE);
		this.pixels = new Uint32Array(this.image.data.buffer);
		this.base = new Uint32Array(SIZE);
		this.runs = { address: new Uint16Array(SIZE), length: new Uint16Array(SIZE),
			heat: new Float32Array(SIZE) };
		this.pause = FRAME; /* ms until data may be drawn again */
		this.drawnAt = 0;
		this.glowSince = 0; /* 0: nothing glows */
		this.painted = "";
		this.frames = 0; /* number of frames drawn, for tests */
		this.setTheme(true);
		listenToPointers(this);
		still.addEventListener("change", () => this.invalidate());
		document.addEventListener("visibilitychange", () => this.invalidate());
	}

	setTheme(dark) {
		this.palette = new Palette(dark);
		this.painted = "";
		this.makeHalo();
		this.invalidate();
	}

	/* Fit the map into a size in CSS pixels. */
	fit(width, height) {
		const ratio = window.devicePixelRatio || 1;
		const left = width < 450 ? 40 : 46, top = 18, edge = 3;
		const room = Math.min(width - left - edge, height - top - edge) * ratio;
		const size = Math.max(SIDE, Math.floor(room));

		this.ratio = ratio;
		this.area = { x: Math.round(left * ratio), y: Math.round(top * ratio), size };
		this.canvas.width = this.area.x + size + Math.ceil(edge * ratio);
		this.canvas.height = this.area.y + size + Math.ceil(edge * ratio);
		/* A cell's size need not be a whole number of pixels: the picture is
		 * enlarged to the next whole number, then reduced with smoothing, so
		 * that all cells have the same size. */
		this.enlarged.width = this.enlarged.height = SIDE * Math.ceil(size / SIDE);
		this.canvas.style.width = `${this.canvas.width / ratio}px`;
		this.canvas.style.height = `${this.canvas.height / ratio}px`;
		this.view.resize(size / ratio);
		this.place();
	}

	/* Lay out the part that is seen. */
	place() {
		const { area: { x, y, size }, view } = this;

		this.cell = size / view.span;
		this.left = x - view.column * this.cell;
		this.top = y - view.row * this.cell;
		this.canvas.toggleAttribute("data-zoomed", !view.whole);
		this.makeHalo();
		this.invalidate();
		this.on.view(view);
	}

	/* Zoom around a point of the page, {x, y} in CSS pixels. */
	zoom(factor, { x, y }) {
		const { area, canvas, ratio, view } = this;
		const box = canvas.getBoundingClientRect();

		view.zoom(factor, ((x - box.left) * ratio - area.x) / area.size,
			((y - box.top) * ratio - area.y) / area.size);
		this.place();
	}

	/* Zoom around the cursor. */
	zoomAround(factor) {
		this.view.zoomAround(this.cursor, factor);
		this.place();
	}

	/* Move what is seen by CSS pixels. */
	move(x, y) {
		const cell = this.cell / this.ratio;

		this.view.move(-x / cell, -y / cell);
		this.place();
	}

	show(kind, mode) {
		this.kind = kind;
		this.mode = mode;
		this.painted = "";
		this.invalidate();
	}

	setSelection(range) {
		this.selection = range;
		this.invalidate();
	}

	setCursor(address) {
		if (address !== this.cursor && !this.view.whole) {
			this.view.reveal(address);
			this.place();
		}
		this.cursor = address;
		this.invalidate();
	}

	/* Draw in the next frame. Hidden pages are not drawn. */
	invalidate() {
		if (this.frame || document.hidden)
			return;
		clearTimeout(this.timer);
		this.frame = requestAnimationFrame(() => {
			this.frame = 0;
			this.draw(Date.now());
		});
	}

	/* Draw new data soon, but leave the browser time for other things. */
	refresh() {
		const left = this.drawnAt + this.pause - Date.now();

		if (left > 0 && left <= this.pause)
			this.later(left);
		else
			this.invalidate();
	}

	later(ms) {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.invalidate(), ms);
	}

	draw(now) {
		const side = this.model.side[this.kind];
		const glowing = now - side.latest < GLOW;
		const ageing = this.mode === "age" && side.everWritten;
		const began = performance.now();

		this.frames++;
		if (!this.cell)
			return;
		const painted = `${side.version} ${this.kind} ${this.mode}` +
			(ageing ? ` ${Math.floor(now / AGE_TICK)}` : "");
		if (painted !== this.painted) {
			this.paint(now);
			this.painted = painted;
		}
		this.pixels.set(this.base);
		const runs = glowing ? this.heatUp(side, now) : [];
		this.pictureContext.putImageData(this.image, 0, 0);
		this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
		this.drawAxes();
		this.inside(0, () => {
			this.drawCells();
			this.drawGlow(runs);
			this.drawValues();
		});
		this.inside(5, () => this.drawMarks());
		this.drawPointers();
		this.drawnAt = now;
		/* Where something changes all the time, there is no glow to be seen fade. */
		this.glowSince = glowing ? this.glowSince || now : 0;
		this.pause = Math.max(glowing && now - this.glowSince > LONG ? LONG_FRAME : FRAME,
			REST * (performance.now() - began));
		if (glowing)
			this.later(still.matches ? GLOW / 2 : this.pause);
		else if (ageing)
			this.later(AGE_TICK);
	}

	/* Set the colour of each cell by the colour scheme. */
	paint(now) {
		const { model, base, palette } = this;
		const { written, client } = model.side[this.kind];

		if (this.mode === "value")
			this.paintValues();
		else if (this.mode === "age")
			for (let a = 0; a < SIZE; a++)
				base[a] = written[a] === 0 ? palette.paper : palette.age(now - written[a]);
		else
			for (let a = 0; a < SIZE; a++)
				base[a] = written[a] === 0 ? palette.paper :
					palette.client(client[a], a & 255, a >> 8);
	}

	paintValues() {
		const { base, model: { registers, words }, palette: { values, on, paper } } = this;

		if (this.kind === "registers")
			for (let a = 0; a < SIZE; a++)
				base[a] = values[registers[a]];
		else
			for (let a = 0; a < SIZE; a++)
				base[a] = words[a >> 4] >> (a & 15) & 1 ? on : paper;
	}

	/* Brighten the cells that have just changed. Returns the runs of such cells
	 * with the heat of their brightest, {address, length, heat}; of more than
	 * HALOES the hottest; none where so many cells glow that no halo is needed. */
	heatUp({ changed }, now) {
		const { pixels, base, palette, runs } = this;
		const oldest = now - GLOW;
		const standing = still.matches; /* asked once: it is slow */
		let n = 0, cells = 0, going = false;

		for (let a = 0; a < SIZE; a++) {
			if (changed[a] <= oldest) {
				going = false;
				continue;
			}
			cells++;
			const heat = standing ? 0.8 : Math.min(1, (changed[a] - oldest) / GLOW);
			pixels[a] = palette.heat(base[a], Math.min(256, heat * 308 | 0));
			if (going && (a & 255) !== 0) {
				runs.length[n - 1]++;
				if (heat > runs.heat[n - 1])
					runs.heat[n - 1] = heat;
			} else {
				runs.address[n] = a;
				runs.length[n] = 1;
				runs.heat[n++] = heat;
				going = true;
			}
		}
		return cells > CELLS ? [] : this.hottest(n);
	}

	hottest(n) {
		const { address, length, heat } = this.runs;
		const level = (i) => Math.min(HEATS - 1, Math.floor(heat[i] * HEATS));
		const counts = new Uint32Array(HEATS + 1);
		const found = [];

		for (let i = 0; i < n; i++)
			counts[level(i)]++;
		let least = HEATS, room = HALOES;
		while (least > 0 && counts[least - 1] <= room)
			room -= counts[--least];
		for (let i = 0; i < n; i++)
			if (level(i) >= least || level(i) === least - 1 && room-- > 0)
				found.push({ address: address[i], length: length[i], heat: heat[i] });
		return found;
	}

	/* Draw only in the area, and so many CSS pixels around it. */
	inside(room, draw) {
		const { context: c, area: { x, y, size }, ratio } = this;

		c.save();
		c.beginPath();
		c.rect(x - room * ratio, y - room * ratio, size + 2 * room * ratio,
			size + 2 * room * ratio);
		c.clip();
		draw();
		c.restore();
	}

	drawCells() {
		const { context: c, area: { x, y, size }, cell, ratio, palette, view } = this;
		const { column, row, span } = view;

		if (view.whole) {
			const large = this.enlarged.getContext("2d");
			large.imageSmoothingEnabled = false;
			large.drawImage(this.picture, 0, 0, this.enlarged.width, this.enlarged.height);
			c.imageSmoothingEnabled = true;
			c.drawImage(this.enlarged, x, y, size, size);
		} else {
			c.imageSmoothingEnabled = false;
			c.drawImage(this.picture, column, row, span, span, x, y, size, size);
		}
		c.fillStyle = palette.scale.grid;
		const step = cell >= GRID * ratio ? 1 : 32;
		for (const at of this.seen(column, step))
			c.fillRect(Math.round(this.left + at * cell), y, 1, size);
		for (const at of this.seen(row, step))
			c.fillRect(x, Math.round(this.top + at * cell), size, 1);
		if (this.model.overlaid && this.kind === "registers")
			this.drawOverlay();
	}

	/* The multiples of step among the columns, or rows, that are seen. */
	seen(begin, step) {
		const first = Math.ceil(begin / step);
		const last = Math.min(SIDE - 1, Math.ceil(begin + this.view.span - 1e-6) - 1);

		return Array.from({ length: Math.floor(last / step) - first + 1 },
			(_, i) => (first + i) * step);
	}

	drawAxes() {
		const { context: c, area: { x, y }, left, top, cell, ratio, palette, view } = this;
		const step = 2 ** Math.max(0, Math.ceil(Math.log2(LABELS * ratio / cell)));

		c.font = `${11 * ratio}px system-ui, sans-serif`;
		c.fillStyle = palette.scale.faint;
		c.textBaseline = "middle";
		c.textAlign = "right";
		for (const row of this.seen(view.row, step))
			c.fillText(String(row * SIDE), x - 6 * ratio,
				Math.max(top + (row + 0.5) * cell, y + 3 * ratio));
		c.textBaseline = "alphabetic";
		for (const column of this.seen(view.column, step)) {
			c.textAlign = column === 0 ? "left" : "center";
			c.fillText(`+${column}`, left + (column + 0.5) * cell, y - 6 * ratio);
		}
	}

	/* Mark the rows that the coils overlay: the first 16. */
	drawOverlay() {
		const { context: c, area: { x, size }, top, cell, ratio, palette } = this;
		const y = Math.round(top + SIDE / 16 * cell);

		c.fillStyle = palette.scale.faint;
		c.fillRect(x, y, size, ratio);
		c.font = `${11 * ratio}px system-ui, sans-serif`;
		c.textAlign = "right";
		c.textBaseline = "top";
		c.fillText("↑ also the coils", x + size - 6 * ratio, y + 4 * ratio);
	}

	/* Write the value into each cell that has room for it. */
	drawValues() {
		const { context: c, left, top, cell, ratio, pixels, model, kind, view } = this;

		if (cell < TEXT * ratio)
			return;
		c.font = `${10 * ratio}px ui-monospace, "DejaVu Sans Mono", monospace`;
		c.textAlign = "center";
		c.textBaseline = "middle";
		for (const row of this.seen(Math.floor(view.row), 1))
			for (const column of this.seen(Math.floor(view.column), 1)) {
				const address = row * SIDE + column;
				c.fillStyle = inkOn(pixels[address]);
				c.fillText(String(model.get(kind, address)), left + (column + 0.5) * cell,
					top + (row + 0.5) * cell);
			}
	}

	/* Make the picture of a halo. */
	makeHalo() {
		const ratio = this.ratio || 1;
		const radius = Math.round(Math.max(7 * ratio,
			Math.min(3.2 * (this.cell || 2), (this.cell || 2) + 20 * ratio)));
		const halo = document.createElement("canvas");
		const [r, g, b] = this.palette.scale.glow;

		halo.width = halo.height = radius * 2;
		const c = halo.getContext("2d");
		const light = c.createRadialGradient(radius, radius, 0, radius, radius, radius);
		const strong = this.palette.dark ? 0.75 : 0.6;
		light.addColorStop(0, `rgba(${r}, ${g}, ${b}, ${strong})`);
		light.addColorStop(0.35, `rgba(${r}, ${g}, ${b}, ${strong * 0.4})`);
		light.addColorStop(1, `rgba(${r}, ${g}, ${b}, 0)`);
		c.fillStyle = light;
		c.fillRect(0, 0, radius * 2, radius * 2);
		this.halo = halo;
		this.haloRadius = radius;
	}

	drawGlow(runs) {
		if (still.matches) {
			this.drawRings(runs);
			return;
		}
		const few = runs.length <= FEW;

		for (const run of runs)
			this.drawHalo(run, few ? 1.7 : 1);
		if (few)
			runs.forEach((run) => this.drawWave(run));
		this.context.globalAlpha = 1;
		this.drawSharp(runs);
	}

	/* Draw a halo around a run: its two ends, and its middle between them. */
	drawHalo({ address, length, heat }, scale) {
		const { context: c, left, top, cell, halo, haloRadius: r } = this;
		const size = r * scale;
		const x = left + ((address & 255) + 0.5) * cell;
		const y = top + ((address >> 8) + 0.5) * cell - size;
		const width = (length - 1) * cell;

		c.globalAlpha = heat;
		c.drawImage(halo, 0, 0, r, 2 * r, x - size, y, size, 2 * size);
		if (width > 0)
			c.drawImage(halo, r, 0, 1, 2 * r, x, y, width, 2 * size);
		c.drawImage(halo, r, 0, r, 2 * r, x + width, y, size, 2 * size);
	}

	/* Draw a widening ring, so that one small cell among 65,536 is noticed. */
	drawWave({ address, length, heat }) {
		const { context: c, left, top, cell, ratio } = this;
		const part = (1 - heat) * GLOW / WAVE;
		const [r, g, b] = this.palette.scale.glow;

		if (part >= 1)
			return;
		const room = (4 + 24 * part) * ratio;
		c.globalAlpha = 1 - part;
		c.strokeStyle = `rgb(${r}, ${g}, ${b})`;
		c.lineWidth = 2 * ratio;
		c.beginPath();
		c.roundRect(left + (address & 255) * cell - room, top + (address >> 8) * cell - room,
			length * cell + 2 * room, cell + 2 * room, room);
		c.stroke();
	}

	/* Draw the cells of the runs again, above their halos. */
	drawSharp(runs) {
		const { context: c, left, top, cell } = this;

		c.imageSmoothingEnabled = false;
		for (const { address, length } of runs)
			c.drawImage(this.picture, address & 255, address >> 8, length, 1,
				left + (address & 255) * cell, top + (address >> 8) * cell,
				length * cell, cell);
	}

	/* For reduced motion: a static frame for the time of the glow. */
	drawRings(runs) {
		const { context: c, left, top, cell, ratio } = this;
		const [r, g, b] = this.palette.scale.glow;
		const gap = 3 * ratio;

		c.strokeStyle = `rgb(${r}, ${g}, ${b})`;
		c.lineWidth = ratio;
		for (const { address, length } of runs)
			c.strokeRect(left + (address & 255) * cell - gap,
				top + (address >> 8) * cell - gap,
				length * cell + 2 * gap, cell + 2 * gap);
	}

	/* The outline of the addresses first..last, which may span several rows. */
	outline(first, last) {
		const { left, top, cell } = this;
		const at = (x, y) => [left + x * cell, top + y * cell];
		const [x0, y0] = [first & 255, first >> 8];
		const [x1, y1] = [(last & 255) + 1, last >> 8];
		const path = new Path2D();
		const points = y0 === y1 ?
			[[x0, y0], [x1, y0], [x1, y0 + 1], [x0, y0 + 1]] :
			[[x0, y0], [SIDE, y0], [SIDE, y1], [x1, y1], [x1, y1 + 1],
				[0, y1 + 1], [0, y0 + 1], [x0, y0 + 1]];

		points.forEach(([x, y], i) =>
			i === 0 ? path.moveTo(...at(x, y)) : path.lineTo(...at(x, y)));
		path.closePath();
		return path;
	}

	/* Draw a line along the outside of a path, so that it covers no cell. */
	frameOf(path, width) {
		const { context: c, ratio, palette } = this;
		const outside = new Path2D(path);

		c.save();
		outside.rect(0, 0, this.canvas.width, this.canvas.height);
		c.clip(outside, "evenodd");
		c.lineJoin = "round";
		c.strokeStyle = palette.scale.markEdge;
		c.lineWidth = 2 * (width + 1) * ratio;
		c.stroke(path);
		c.strokeStyle = palette.scale.mark;
		c.lineWidth = 2 * width * ratio;
		c.stroke(path);
		c.restore();
	}

	drawMarks() {
		const { context: c, left, top, cell, ratio, palette } = this;

		if (this.selection)
			this.frameOf(this.outline(this.selection.first, this.selection.last), 1.25);
		const x = left + (this.cursor & 255) * cell;
		const y = top + (this.cursor >> 8) * cell;
		const room = 2 * ratio;
		const box = new Path2D();
		box.rect(x - room, y - room, cell + 2 * room, cell + 2 * room);
		this.frameOf(box, 1.5);
	}

	/* Mark the cursor's row and column at the edges. */
	drawPointers() {
		const { context: c, area, left, top, cell, ratio, palette } = this;
		const x = left + ((this.cursor & 255) + 0.5) * cell;
		const y = top + ((this.cursor >> 8) + 0.5) * cell;

		c.fillStyle = palette.scale.ink;
		c.beginPath();
		if (y >= area.y && y <= area.y + area.size) {
			c.moveTo(area.x - 1 * ratio, y);
			c.lineTo(area.x - 6 * ratio, y - 4 * ratio);
			c.lineTo(area.x - 6 * ratio, y + 4 * ratio);
		}
		if (x >= area.x && x <= area.x + area.size) {
			c.moveTo(x, area.y - 1 * ratio);
			c.lineTo(x - 4 * ratio, area.y - 6 * ratio);
			c.lineTo(x + 4 * ratio, area.y - 6 * ratio);
		}
		c.fill();
	}

	/* The address under a pointer, or null; clamp: else the nearest that is seen. */
	addressAt(event, clamp = false) {
		const { canvas, area, ratio } = this;
		const box = canvas.getBoundingClientRect();
		const last = area.size - 1;
		let x = (event.clientX - box.left) * ratio - area.x;
		let y = (event.clientY - box.top) * ratio - area.y;

		if (clamp) {
			x = Math.min(last, Math.max(0, x));
			y = Math.min(last, Math.max(0, y));
		}
		if (x < 0 || y < 0 || x >= area.size || y >= area.size)
			return null;
		return Math.floor((y + area.y - this.top) / this.cell) * SIDE +
			Math.floor((x + area.x - this.left) / this.cell);
	}

	/* The position of a cell on the page; for the tip and for tests. */
	centre(address) {
		const box = this.canvas.getBoundingClientRect();

		return {
			x: box.left + (this.left + ((address & 255) + 0.5) * this.cell) / this.ratio,
			y: box.top + (this.top + ((address >> 8) + 0.5) * this.cell) / this.ratio,
		};
	}
}

/* Black or white, whichever stands out more from a pixel. */
function inkOn(pixel) {
	const [r, g, b] = [pixel, pixel >> 8, pixel >> 16].map((v) => ((v & 255) / 255) ** 2.2);

	return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
}

/* The address to which a key moves the cursor, or null. */
export function moveByKey(event, address) {
	const row = address & ~255;

	switch (event.key) {
	case "ArrowLeft": return Math.max(0, address - 1);
	case "ArrowRight": return Math.min(SIZE - 1, address + 1);
	case "ArrowUp": return address < SIDE ? address : address - SIDE;
	case "ArrowDown": return address + SIDE < SIZE ? address + SIDE : address;
	case "PageUp": return Math.max(address & 255, address - 16 * SIDE);
	case "PageDown": return Math.min(SIZE - SIDE + (address & 255), address + 16 * SIDE);
	case "Home": return event.ctrlKey ? 0 : row;
	case "End": return event.ctrlKey ? SIZE - 1 : row + 255;
	default: return null;
	}
}
