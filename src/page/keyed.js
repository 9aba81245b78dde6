/*
 * A list of elements with keys: an element is made once for its key, then moved
 * and updated, never rebuilt. So focus, selection and pointer stay where they
 * are.
 */

export class KeyedList {
	/* make(item) returns {element, ...}; update(row, item), if given, sets what
	 * may have changed. */
	constructor(root, make, update = null) {
		this.root = root;
		this.make = make;
		this.update = update;
		this.rows = new Map();
		this.made = 0; /* for tests */
	}

	/* Show these items, in this order; key(item) is unique. Returns whether the
	 * focus was on an element that has gone. */
	show(items, key) {
		const before = this.rows, { activeElement } = document;
		const focused = this.root.contains(activeElement) && activeElement;

		this.rows = new Map();
		for (const item of items) {
			const name = key(item);
			let row = before.get(name);
			if (!row) {
				row = this.make(item);
				this.made++;
			}
			before.delete(name);
			this.rows.set(name, row);
			this.update?.(row, item);
		}
		/* What stays in order is not touched: moving it would take its focus. What
		 * goes, goes last, or a list that is shorter meanwhile is scrolled. */
		const gone = new Set([...before.values()].map((row) => row.element));
		let at = this.root.firstChild;
		for (const { element } of this.rows.values()) {
			while (gone.has(at))
				at = at.nextSibling;
			if (element === at)
				at = at.nextSibling;
			else
				this.root.insertBefore(element, at);
		}
		gone.forEach((element) => element.remove());
		if (focused && focused !== document.activeElement && focused.isConnected)
			focused.focus({ preventScroll: true });
		return focused && !focused.isConnected;
	}

	/* The rows, by key. */
	get(key) {
		return this.rows.get(key);
	}
}
