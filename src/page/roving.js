/*
 * One stop of the tabulator for a whole list: arrows, Home, End, Page Up and
 * Page Down move the focus from item to item, left and right between what an
 * item has.
 */
export class Roving {
	/* root: its children that match the selector are the items; the focus is on
	 * their buttons, and before these on the item itself if it is a card. */
	constructor(root, selector, { card = false } = {}) {
		Object.assign(this, { root, selector, card });
		this.current = null; /* the item that the tabulator stops at */
		this.index = 0;
		root.addEventListener("focusin", ({ target }) => {
			this.current = this.items.find((item) => item.contains(target)) ?? this.current;
			this.update();
		});
		root.addEventListener("keydown", (event) => this.key(event));
	}

	get items() {
		return [...this.root.children].filter((item) => item.matches(this.selector) &&
			(this.card || item.querySelector("button")));
	}

	stops(item) {
		return [...this.card ? [item] : [], ...item.querySelectorAll("button")];
	}

	/* To be called when items have come, gone or changed. lost: the focus was on
	 * one that has gone. */
	update(lost = false) {
		const { items } = this;

		if (!items.includes(this.current))
			this.current = items[Math.min(this.index, items.length - 1)] ?? null;
		this.index = Math.max(0, items.indexOf(this.current));
		for (const item of items) {
			const stops = this.stops(item), { activeElement } = document;
			const stop = item !== this.current ? null :
				stops.includes(activeElement) ? activeElement : stops[0];
			for (const one of stops) {
				const index = one === stop ? 0 : -1;
				if (one.tabIndex !== index || !one.hasAttribute("tabindex"))
					one.tabIndex = index;
			}
		}
		if (lost && this.current)
			this.stops(this.current)[0]?.focus({ preventScroll: true });
	}

	/* How many items fit in what is seen of the list. */
	get page() {
		const seen = this.root.closest(".scroller").clientHeight;

		return Math.max(1, Math.floor(seen / (this.current.offsetHeight || 1)) - 1);
	}

	key(event) {
		const { items, current, index } = this;

		if (!current?.contains(event.target) || event.defaultPrevented || event.ctrlKey ||
		    event.altKey || event.metaKey)
			return;
		const stops = this.stops(current), at = stops.indexOf(document.activeElement);
		const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
		const to = { ArrowUp: index - 1, ArrowDown: index + 1, PageUp: index - this.page,
			PageDown: index + this.page, Home: 0, End: items.length - 1 }[event.key];
		const next = side ? current : items[Math.min(items.length - 1, Math.max(0, to))];
		if (!next)
			return;
		event.preventDefault();
		const stop = side ? stops[at + side] : this.stops(next)[0];
		stop?.focus({ preventScroll: true });
		next.scrollIntoView({ block: "nearest" });
	}
}
