/* The dialog for the token that writing requires. Checks it at the server. */
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

	open() {
		this.attempts++;
		this.form.reset();
		setText(this.note, "");
		this.dialog.showModal();
	}

	/* Try the entered token. The result is ignored when the dialog has been closed
	 * or another attempt has begun meanwhile. */
	async attempt() {
		const token = this.form.elements.token.value.trim();
		const mine = ++this.attempts;
		let status = null, refusal = "That is not the server's token.";

		try {
			status = await this.feed.request("api/status", { token });
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
