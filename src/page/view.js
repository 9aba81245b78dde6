/*
 * Which part of the map is seen: a square of `span` columns and rows that begins
 * at a column and a row. None of the three need be whole.
 */
export const SIDE = 256; /* columns and rows of the map */
const MOST = 36;         /* CSS pixels of a cell at the most zoom: room for a value */

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export class View {
	constructor() {
		Object.assign(this, { column: 0, row: 0, span: SIDE, least: SIDE });
	}

	/* Whether all is seen. */
	get whole() {
		return this.span === SIDE;
	}

	/* Whether no more can be seen of less. */
	get closest() {
		return this.span === this.least;
	}

	/* The square is so many CSS pixels wide. */
	resize(pixels) {
		this.least = Math.min(SIDE, pixels / MOST);
		this.zoom(1);
	}

	/* Show cells so many times as large. The point x, y of the square, from 0 to
	 * 1, stays where it is, unless the map ends. */
	zoom(factor, x = 0.5, y = 0.5) {
		const before = this.span;

		this.span = clamp(before / factor, this.least, SIDE);
		this.move(x * (before - this.span), y * (before - this.span));
	}

	move(columns, rows) {
		this.column = clamp(this.column + columns, 0, SIDE - this.span);
		this.row = clamp(this.row + rows, 0, SIDE - this.span);
	}

	/* Where the middle of a cell is in the square. */
	place(address) {
		return { x: ((address & 255) + 0.5 - this.column) / this.span,
			y: ((address >> 8) + 0.5 - this.row) / this.span };
	}

	/* Whether the middle of a cell is seen. */
	sees(address) {
		const { x, y } = this.place(address);

		return x >= 0 && x <= 1 && y >= 0 && y <= 1;
	}

	/* Zoom around a cell, if it is seen. */
	zoomAround(address, factor) {
		const { x, y } = this.sees(address) ? this.place(address) : {};

		this.zoom(factor, x, y);
	}

	/* Move as little as needed to see all of a cell. */
	reveal(address) {
		const step = (at, begin) => Math.min(0, at - begin) +
			Math.max(0, at + 1 - begin - this.span);

		this.move(step(address & 255, this.column), step(address >> 8, this.row));
	}
}
