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
		this.attempts = 0;
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.attempt();
		});
		dialog.querySelector("button[type=button]")
			.addEventListener("click", () => dialog.close());
	}

	ask() {
		this.attempts++;
		this.form.reset();
		setText(this.note, "");
		this.dialog.showModal();
	}

	/* Only an attempt that is still waited for has an effect: not one that was
	 * given up by closing the dialog, and not the one before the last. */
	async attempt() {
		const token = this.form.elements.token.value.trim();
		const mine = ++this.attempts;
		let status = null, refusal = "That is not the server's token.";

		try {
			status = await this.feed.ask("/api/status", { token });
		} catch (refused) {
			refusal = refused.message;
		}
		if (mine !== this.attempts || !this.dialog.open)
			return;
		if (!status?.writable) {
			setText(this.note, refusal);
			return;
		}
		this.feed.token = token;
		this.dialog.close();
		this.accepted(status);
	}
}
