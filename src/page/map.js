/*
 * The map: 256 rows of 256 cells, one for each address; row n begins at
 * address 256 n.
 *
 * Cells are painted pixel by pixel into a small picture, which is enlarged
 * without smoothing; marks are drawn above it. The map is drawn only when
 * something has changed, during a glow, and when the ages it shows change.
 */
import { SIZE } from "./address.js";
import { Palette } from "./palette.js";

const SIDE = 256;
const GLOW = 1800;          /* ms for which a change is highlighted */
const FRAME = 33;           /* ms between frames of a glow */
const HALOES = 300;         /* the most runs of cells with a halo */
const FEW = 12;             /* the most runs with a wave */
const WAVE = 1000;          /* ms that a wave takes */
const AGE_TICK = 1000;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class MemoryMap {
	/* on: {select(first, last, cursor, done), cancel() to undo selects that were
	 * not done, hover(address or null, x, y)}. */
	constructor(canvas, model, on) {
		this.canvas = canvas;
		this.context = canvas.getContext("2d");
		this.model = model;
		this.on = on;
		this.kind = "registers";
		this.mode = "value";
		this.cursor = 0;
		this.selection = null;
		this.hovered = null;
		this.stale = false;
		this.picture = document.createElement("canvas");
		this.picture.width = this.picture.height = SIDE;
		this.pictureContext = this.picture.getContext("2d");
		this.enlarged = document.createElement("canvas");
		this.image = this.pictureContext.createImageData(SIDE, SIDE);
		this.pixels = new Uint32Array(this.image.data.buffer);
		this.base = new Uint32Array(SIZE);
		this.painted = "";
		this.frames = 0; /* number of frames drawn, for tests */
		this.setTheme(true);
		this.listen();
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

		this.cell = size / SIDE;
		this.ratio = ratio;
		this.left = Math.round(left * ratio);
		this.top = Math.round(top * ratio);
		this.canvas.width = this.left + size + Math.ceil(edge * ratio);
		this.canvas.height = this.top + size + Math.ceil(edge * ratio);
		/* A cell's size need not be a whole number of pixels: the picture is
		 * enlarged to the next whole number, then reduced with smoothing, so
		 * that all cells have the same size. */
		this.enlarged.width = this.enlarged.height = SIDE * Math.ceil(this.cell);
		this.canvas.style.width = `${this.canvas.width / ratio}px`;
		this.canvas.style.height = `${this.canvas.height / ratio}px`;
		this.makeHalo();
		this.invalidate();
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

	later(ms) {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.invalidate(), ms);
	}

	draw(now) {
		const side = this.model.side[this.kind];
		const glowing = now - side.latest < GLOW;
		const ageing = this.mode === "age" && side.everWritten;

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
		this.drawCells();
		this.drawGlow(runs);
		this.drawMarks();
		if (glowing)
			this.later(still.matches ? GLOW / 2 : FRAME);
		else if (ageing)
			this.later(AGE_TICK);
	}

	/* Set the colour of each cell by the colour scheme. */
	paint(now) {
		const { model, base, palette } = this;
		const side = model.side[this.kind];
		const coils = this.kind === "coils";

		for (let a = 0; a < SIZE; a++) {
			if (this.mode === "value")
				base[a] = coils ?
					(model.get("coils", a) ? palette.on : palette.paper) :
					palette.values[model.registers[a]];
			else if (side.written[a] === 0)
				base[a] = palette.paper;
			else if (this.mode === "age")
				base[a] = palette.age(now - side.written[a]);
			else
				base[a] = palette.client(side.client[a], a & 255, a >> 8);
		}
	}

	/* Brighten the cells that have just changed. Returns the runs of such cells
	 * with the heat of their brightest: {address, length, heat}. */
	heatUp(side, now) {
		const runs = [];
		let run = null;

		for (let a = 0; a < SIZE; a++) {
			const since = now - side.changed[a];
			if (since >= GLOW) {
				run = null;
				continue;
			}
			const heat = still.matches ? 0.8 : 1 - Math.max(0, since) / GLOW;
			this.pixels[a] = this.palette.heat(this.base[a], Math.min(1, heat * 1.2));
			if (run && (a & 255) !== 0) {
				run.length++;
				run.heat = Math.max(run.heat, heat);
			} else {
				run = { address: a, length: 1, heat };
				runs.push(run);
			}
		}
		return runs.length > HALOES ?
			runs.sort((x, y) => y.heat - x.heat).slice(0, HALOES) : runs;
	}

	drawCells() {
		const { context: c, left, top, cell, palette } = this;
		const size = cell * SIDE;
		const large = this.enlarged.getContext("2d");

		large.imageSmoothingEnabled = false;
		large.drawImage(this.picture, 0, 0, this.enlarged.width, this.enlarged.height);
		c.clearRect(0, 0, this.canvas.width, this.canvas.height);
		c.imageSmoothingEnabled = true;
		c.imageSmoothingQuality = "high";
		c.drawImage(this.enlarged, left, top, size, size);
		c.fillStyle = palette.scale.grid;
		for (let i = 32; i < SIDE; i += 32) {
			c.fillRect(Math.round(left + i * cell), top, 1, size);
			c.fillRect(left, Math.round(top + i * cell), size, 1);
		}
		this.drawAxes();
	}

	drawAxes() {
		const { context: c, left, top, cell, ratio, palette } = this;
		const step = cell / ratio < 1.7 ? 64 : 32;

		c.font = `${11 * ratio}px system-ui, sans-serif`;
		c.fillStyle = palette.scale.faint;
		c.textBaseline = "middle";
		c.textAlign = "right";
		for (let row = 0; row < SIDE; row += step)
			c.fillText(String(row * SIDE), left - 6 * ratio,
				top + (row + 0.5) * cell + (row === 0 ? 3 * ratio : 0));
		c.textAlign = "center";
		c.textBaseline = "alphabetic";
		for (let column = 0; column < SIDE; column += step) {
			c.textAlign = column === 0 ? "left" : "center";
			c.fillText(`+${column}`, left + (column + 0.5) * cell, top - 6 * ratio);
		}
		if (this.model.overlaid && this.kind === "registers")
			this.drawOverlay();
	}

	/* Mark the rows that the coils overlay: the first 16. */
	drawOverlay() {
		const { context: c, left, top, cell, ratio, palette } = this;
		const y = Math.round(top + SIDE / 16 * cell);

		c.fillStyle = palette.scale.faint;
		c.fillRect(left, y, cell * SIDE, ratio);
		c.textAlign = "right";
		c.textBaseline = "top";
		c.fillText("↑ also the coils", left + cell * SIDE - 6 * ratio, y + 4 * ratio);
	}

	/* Make the picture of a halo. */
	makeHalo() {
		const ratio = this.ratio || 1;
		const radius = Math.round(Math.max(7 * ratio, 3.2 * (this.cell || 2)));
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
		/* Mark the cursor's row and column at the edges. */
		c.fillStyle = palette.scale.ink;
		c.beginPath();
		c.moveTo(left - 1 * ratio, y + cell / 2);
		c.lineTo(left - 6 * ratio, y + cell / 2 - 4 * ratio);
		c.lineTo(left - 6 * ratio, y + cell / 2 + 4 * ratio);
		c.moveTo(x + cell / 2, top - 1 * ratio);
		c.lineTo(x + cell / 2 - 4 * ratio, top - 6 * ratio);
		c.lineTo(x + cell / 2 + 4 * ratio, top - 6 * ratio);
		c.fill();
	}

	/* The address under a pointer, or null. */
	addressAt(event, clamp = false) {
		const box = this.canvas.getBoundingClientRect();
		let x = Math.floor(((event.clientX - box.left) * this.ratio - this.left) / this.cell);
		let y = Math.floor(((event.clientY - box.top) * this.ratio - this.top) / this.cell);

		if (clamp) {
			x = Math.min(255, Math.max(0, x));
			y = Math.min(255, Math.max(0, y));
		}
		return x >= 0 && y >= 0 && x < SIDE && y < SIDE ? y * SIDE + x : null;
	}

	/* The position of a cell on the page; for the tip and for tests. */
	centre(address) {
		const box = this.canvas.getBoundingClientRect();

		return {
			x: box.left + (this.left + ((address & 255) + 0.5) * this.cell) / this.ratio,
			y: box.top + (this.top + ((address >> 8) + 0.5) * this.cell) / this.ratio,
		};
	}

	listen() {
		const { canvas } = this;
		let from = null, before = null;

		canvas.addEventListener("pointerdown", (event) => {
			const address = this.addressAt(event);

			if (event.button !== 0 || address === null)
				return;
			before = { selection: this.selection, cursor: this.cursor };
			from = event.shiftKey ? this.cursor : address;
			canvas.setPointerCapture(event.pointerId);
			if (event.shiftKey)
				this.extend(from, address, false);
		});
		canvas.addEventListener("pointermove", (event) => {
			const address = this.addressAt(event, from !== null);

			this.on.hover(address, event.clientX, event.clientY);
			if (from !== null && address !== from)
				this.extend(from, address, false);
		});
		canvas.addEventListener("pointerup", (event) => {
			if (from === null)
				return;
			this.extend(from, this.addressAt(event, true), true);
			from = null;
		});
		/* For example when a touch becomes scrolling: undo the selection. */
		canvas.addEventListener("pointercancel", () => {
			if (from !== null) {
				this.setSelection(before.selection);
				this.setCursor(before.cursor);
				this.on.cancel();
			}
			from = null;
			this.on.hover(null);
		});
		canvas.addEventListener("pointerleave", () => this.on.hover(null));
	}

	extend(from, to, done) {
		this.on.select(Math.min(from, to), Math.max(from, to), to, done);
	}
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
