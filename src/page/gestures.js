/*
 * The pointer on the map. A click or a drag selects; the wheel zooms, and the
 * middle button, or Ctrl and the first, move what is seen. Two fingers zoom and
 * move; when it is zoomed, one moves, and a tap selects.
 */
const NOTCH = 1 / 300;     /* of the wheel: doublings for each of its pixels */
const PINCH = 1 / 100;     /* the same for a touchpad, which comes as Ctrl */
const LINE = 40;           /* pixels of a wheel that counts lines */
const TAP = 8;             /* CSS pixels that a finger may move in a tap */

const position = ({ clientX, clientY }) => ({ x: clientX, y: clientY });
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const distance = (a, b) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));

/* map.on has select() and cancel(), see map.js. */
export function listenToPointers(map) {
	const { canvas, on } = map;
	const fingers = new Map(); /* positions of pointers that are down */
	let from = null, before = null; /* of a selection */
	let moving = null;              /* {tap: the event that may become one} */

	function extend(to, done) {
		on.select(Math.min(from, to), Math.max(from, to), to, done);
	}

	/* Undo a selection that is not done. */
	function cancel() {
		if (from !== null) {
			map.setSelection(before.selection);
			map.setCursor(before.cursor);
			on.cancel();
		}
		from = null;
	}

	function begin(event, address) {
		before = { selection: map.selection, cursor: map.cursor };
		from = event.shiftKey ? map.cursor : address;
		if (event.shiftKey)
			extend(address, false);
	}

	canvas.addEventListener("pointerdown", (event) => {
		const address = map.addressAt(event);
		const moves = event.button === 1 || event.ctrlKey ||
			event.pointerType === "touch" && !map.view.whole;

		if (address === null || event.button > 1)
			return;
		canvas.setPointerCapture(event.pointerId);
		fingers.set(event.pointerId, position(event));
		if (fingers.size > 1) {
			cancel();
			moving = {};
		} else if (moves) {
			event.preventDefault();
			moving = { tap: event.button === 0 && !event.ctrlKey && event };
		} else {
			begin(event, address);
		}
	});

	/* Zoom and move as the fingers do, or the one. */
	function follow(event) {
		const old = fingers.get(event.pointerId), now = position(event);
		const [other] = [...fingers].filter(([id]) => id !== event.pointerId);

		if (other) {
			const [, still] = other, at = middle(old, still);
			map.zoom(distance(now, still) / distance(old, still), at);
			map.move(middle(now, still).x - at.x, middle(now, still).y - at.y);
		} else if (!moving.tap || distance(now, position(moving.tap)) > TAP) {
			moving.tap = null;
			map.move(now.x - old.x, now.y - old.y);
		} else {
			return;
		}
		fingers.set(event.pointerId, now);
	}

	canvas.addEventListener("pointermove", (event) => {
		if (moving) {
			if (fingers.has(event.pointerId))
				follow(event);
			on.hover(null);
			return;
		}
		const address = map.addressAt(event, from !== null);
		on.hover(address, event.clientX, event.clientY);
		if (from !== null && address !== from)
			extend(address, false);
	});
	canvas.addEventListener("pointerup", (event) => {
		fingers.delete(event.pointerId);
		if (moving?.tap)
			begin(moving.tap, map.addressAt(moving.tap));
		if (from !== null)
			extend(map.addressAt(event, true), true);
		from = null;
		moving = fingers.size > 0 ? {} : null;
	});
	/* For example when a touch becomes scrolling. */
	canvas.addEventListener("pointercancel", (event) => {
		fingers.delete(event.pointerId);
		cancel();
		moving = fingers.size > 0 ? {} : null;
		on.hover(null);
	});
	canvas.addEventListener("pointerleave", () => on.hover(null));

	/* Two fingers never scroll the page. */
	for (const name of ["touchstart", "touchmove"])
		canvas.addEventListener(name, (event) => {
			if (event.touches.length > 1 && event.cancelable)
				event.preventDefault();
		}, { passive: false });

	/* Where the wheel scrolls the page, it zooms with Ctrl only. */
	canvas.addEventListener("wheel", (event) => {
		const { scrollHeight } = document.documentElement;
		const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);

		if (!event.ctrlKey && scrollHeight > innerHeight)
			return;
		event.preventDefault();
		map.zoom(2 ** (-pixels * (event.ctrlKey && Math.abs(pixels) < LINE ? PINCH : NOTCH)),
			position(event));
	}, { passive: false });
}

/* The buttons that zoom around the cursor. Returns a function that shows whether
 * they can do more. */
export function listenToZoomButtons(map, more, less) {
	more.addEventListener("click", () => map.zoomAround(2));
	less.addEventListener("click", () => map.zoomAround(0.5));
	return ({ whole, closest }) => {
		more.disabled = closest;
		less.disabled = whole;
	};
}
