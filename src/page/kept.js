/*
 * What the browser keeps for the page, by name. Several servers may share an
 * origin, each below a path of its own, as a proxy has put them; so the path is
 * part of each name. Browsers may deny access to their storage, as they do in a
 * frame of another site: then nothing is kept.
 */
import { urlOf } from "./line.js";

const PREFIX = `mbasyncserver${urlOf("").pathname}`;

class Kept {
	/* storage() returns a Storage, or throws. */
	constructor(storage) {
		this.storage = storage;
	}

	/* A text, or null. */
	get(name) {
		try {
			return this.storage().getItem(PREFIX + name);
		} catch {
			return null;
		}
	}

	/* Keep a text; null: nothing. */
	set(name, text) {
		try {
			if (text === null)
				this.storage().removeItem(PREFIX + name);
			else
				this.storage().setItem(PREFIX + name, text);
		} catch {
			/* It is not kept. */
		}
	}

	/* Have take() called when another tab has changed what is kept. */
	follow(name, take) {
		addEventListener("storage", ({ key }) => key === PREFIX + name && take());
	}
}

/* In this browser; and in this tab, until it is closed. */
export const inBrowser = new Kept(() => localStorage);
export const inTab = new Kept(() => sessionStorage);
