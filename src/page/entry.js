/*
 * The address box: what is entered, an address or the name of a point, is
 * opened, and what it could also mean is offered.
 */
import { h } from "./format.js";

const $ = (id) => document.getElementById(id);

export class AddressEntry {
	/* read(text) returns what parseRange() does; open(range) shows what was
	 * entered. */
	constructor(read, open) {
		this.open = open;
		this.other = null; /* the other reading that the note offers */
		$("address").addEventListener("input", () => {
			const text = $("address").value;
			this.note(text.trim() ? read(text) : {});
		});
		$("goto").addEventListener("submit", (event) => {
			event.preventDefault();
			this.take(read($("address").value));
		});
		document.addEventListener("keydown", (event) => this.key(event), true);
		document.addEventListener("pointerdown", (event) => {
			if (this.other && !$("goto").contains(event.target))
				this.note({});
		}, true);
	}

	note({ error, note, other }) {
		this.other = other ?? null;
		$("goto-note").replaceChildren(error ?? note ?? "", ...(this.other ? [" ",
			h("button", { type: "button", onclick: () => this.take(this.other) },
				`Alt+Enter: ${this.other.name}`)] : []));
		$("goto").classList.toggle("bad", Boolean(error));
	}

	/* Open what was entered. The note stays while there is another reading. */
	take(parsed) {
		this.note(parsed.other || parsed.error ? parsed : {});
		if (!parsed.error)
			this.open(parsed);
	}

	/* Alt+Enter opens the other reading, also when the values have the focus. What
	 * else the user does there closes the note. */
	key(event) {
		if (!this.other || event.key === "Alt" || document.querySelector("dialog[open]"))
			return;
		if (event.key === "Enter" && event.altKey) {
			event.preventDefault();
			event.stopPropagation();
			this.take(this.other);
		} else if (!$("goto").contains(event.target)) {
			this.note({});
		}
	}
}
