/*
 * The tabs and their panels. A module plugs in with one call of add(), and is
 * drawn through frames.js when it is stale and can be seen. Where the window has
 * room, "a wall", some panels are always shown, beside the one that is chosen
 * among the others. Until the user has chosen one, the tab "first" is shown.
 */
import { h } from "./format.js";

const $ = (id) => document.getElementById(id);

export class Tabs {
	/* The chosen tab is the field "tab" of the store. wall: a media query that
	 * matches where there is room. */
	constructor(store, frames, wall) {
		this.store = store;
		this.frames = frames;
		this.wall = wall;
		this.list = document.querySelector("[role=tablist]");
		this.all = new Map();
		this.first = "changes";
		store.define("tab", { fallback: "",
			parse: (text) => /^[a-z]+$/.test(text) ? text : undefined });
		store.subscribe((changed) => changed.has("tab") && this.apply());
		this.list.addEventListener("keydown", (event) => this.key(event));
		wall.addEventListener("change", () => this.apply());
	}

	/*
	 * Add a tab: {name, title, element, draw(now), shown(visible), interval,
	 * always, before}. name is that of the part in frames.js and of the tab in
	 * the URL; element, a section.panel, is put behind the others if it is not in
	 * the page; its id becomes the name. title is the text of its button. These may
	 * be left out: shown is called when the panel comes into view or leaves it;
	 * interval, as in frames.js; always: shown on a wall whatever is chosen;
	 * before: the name of the tab in front of which the new one stands.
	 */
	add(tab) {
		const { name, title, element, draw, interval = 0, always = false, before } = tab;
		const next = before ? $(`tab-${before}`) : null;
		let button = $(`tab-${name}`);

		element.id = name;
		if (!element.isConnected)
			document.querySelector(".panels").append(element);
		if (!button) {
			button = h("button", { type: "button", role: "tab", id: `tab-${name}`,
				"aria-controls": name }, title, " ",
			h("span", { id: `${name}-count`, class: "badge" }));
			this.list.insertBefore(button, next);
		}
		for (const part of [element, button])
			part.classList.toggle("always", always);
		button.addEventListener("click", () => this.choose(name));
		this.all.set(name, { ...tab, button, visible: false });
		this.frames.add(name, draw, { interval, seen: () => this.sees(name) });
	}

	/* The names of the tabs that can be chosen, from left to right. */
	get names() {
		return [...this.list.querySelectorAll("[role=tab]")]
			.map((button) => button.id.replace(/^tab-/, ""))
			.filter((name) => this.all.has(name) &&
				!(this.wall.matches && this.all.get(name).always));
	}

	get chosen() {
		const { names } = this;

		return [this.store.get("tab"), this.first].find((name) => names.includes(name)) ??
			names[0];
	}

	sees(name) {
		return this.chosen === name || this.wall.matches && this.all.get(name).always;
	}

	choose(name, focus = false) {
		this.store.set({ tab: name });
		this.apply(); /* also when it was chosen before: draw at once */
		if (focus)
			$(`tab-${name}`).focus();
	}

	/* Show what the store says. To be called once all have been added. */
	apply() {
		const now = this.chosen;

		for (const [name, tab] of this.all) {
			const chosen = name === now, visible = this.sees(name);
			tab.button.setAttribute("aria-selected", String(chosen));
			tab.button.tabIndex = chosen ? 0 : -1;
			tab.element.classList.toggle("chosen", chosen);
			if (visible !== tab.visible) {
				tab.visible = visible;
				tab.shown?.(visible);
			}
			if (visible)
				this.frames.now(name);
		}
		this.reveal(this.all.get(now)?.button);
	}

	/* A phone has not room for all tabs at once. */
	reveal(button) {
		if (!button)
			return;
		const list = this.list.getBoundingClientRect(), at = button.getBoundingClientRect();
		this.list.scrollLeft += Math.max(0, at.right - list.right) -
			Math.max(0, list.left - at.left);
	}

	key(event) {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		const { names } = this;

		if (!step)
			return;
		const next = names.indexOf(this.chosen) + step;
		this.choose(names[(next + names.length) % names.length], true);
	}
}
