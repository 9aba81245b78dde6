/* Asks for the token that writing needs, and tries it on the server. */
import { setText } from "./format.js";

export class TokenDialog {
	/* dialog with a form, a .note and a cancel button; accepted(status). */
	constructor(dialog, feed, accepted) {
		this.dialog = dialog;
		this.form = dialog.querySelector("form");
		this.note = dialog.querySelector(".note");
		this.feed = feed;
		this.accepted = accepted;
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.attempt();
		});
		dialog.querySelector("button[type=button]")
			.addEventListener("click", () => dialog.close());
	}

	ask() {
		this.form.reset();
		setText(this.note, "");
		this.dialog.showModal();
	}

	async attempt() {
		this.feed.token = this.form.elements.token.value.trim();
		try {
			const status = await this.feed.ask("/api/status");
			if (status.writable) {
				this.dialog.close();
				this.accepted(status);
				return;
			}
			setText(this.note, "That is not the server's token.");
		} catch (refused) {
			setText(this.note, refused.message);
		}
		this.feed.token = null;
	}
}
