/*
 * When parts of the page are drawn: in the next frame after something has
 * changed, each part at most once, and no longer in one frame than the browser
 * can bear. What does not fit is drawn in the next frame, before the others.
 * Parts that can't be seen stay stale until they can. Hidden pages get no
 * frames.
 */

const BUDGET = 12; /* ms of one frame, after which no further part is begun */

export class Frames {
	constructor() {
		this.parts = new Map();
		this.stale = new Set(); /* in the order in which they are drawn */
		this.frames = 0; /* number of frames drawn, for tests */
	}

	/*
	 * draw(now) draws the part. interval: ms between two drawings, at least;
	 * seen(): whether the part can be seen now; direct: draw() only arranges for a
	 * drawing, so that it is called at once, without a frame.
	 */
	add(name, draw, { interval = 0, seen = () => true, direct = false } = {}) {
		this.parts.set(name, { draw, interval, seen, direct, last: 0, drawn: 0 });
	}

	/* Draw these parts soon. */
	soon(...names) {
		for (const name of names)
			if (this.parts.get(name).direct)
				this.parts.get(name).draw();
			else
				this.stale.add(name);
		this.request();
	}

	/* Draw a part soon, even if it was drawn a moment ago. */
	now(...names) {
		names.forEach((name) => { this.parts.get(name).last = 0; });
		this.soon(...names);
	}

	/* ms until a stale part may be drawn; Infinity while it can't be seen. */
	wait({ last, interval, seen }, now) {
		const left = last + interval - now;

		return !seen() ? Infinity : left > 0 && left <= interval ? left : 0;
	}

	/* Ask for a frame as soon as there is something to draw: one without costs the
	 * browser almost as much. */
	request() {
		if (this.frame)
			return;
		const now = Date.now();
		const wait = Math.min(...[...this.stale].map((name) =>
			this.wait(this.parts.get(name), now)));

		clearTimeout(this.timer);
		if (wait === 0)
			this.frame = requestAnimationFrame(() => this.draw());
		else if (wait < Infinity)
			this.timer = setTimeout(() => this.request(), wait);
	}

	draw() {
		const began = performance.now();
		const now = Date.now();

		this.frame = 0;
		this.frames++;
		for (const name of [...this.stale]) {
			const part = this.parts.get(name);
			if (this.wait(part, now) > 0)
				continue;
			if (performance.now() - began > BUDGET)
				break;
			this.stale.delete(name);
			part.last = now;
			part.drawn++;
			part.draw(now);
		}
		this.request();
	}

	/* How often a part was drawn; for tests. */
	drawn(name) {
		return this.parts.get(name).drawn;
	}
}
