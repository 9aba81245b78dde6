/*
 * The line that says that points move by themselves, and the button that pauses
 * them, where the user may write. Without --simulate there are no such elements.
 */
import { count, h, setText } from "./format.js";

export class SimulationLine {
	/* page: see app.js; resized() is called when the line comes or goes. It stands
	 * behind an element. */
	constructor(page, behind, resized) {
		Object.assign(this, { page, behind, resized, line: null, refusal: "" });
	}

	/* simulation: of the status; undefined without --simulate. */
	show(simulation) {
		if (simulation && !this.line)
			this.add();
		if (!simulation && this.line)
			this.remove();
		if (!simulation)
			return;
		this.running = simulation.running;
		setText(this.text, `${count(simulation.points)} points move by themselves, seed ` +
			`${simulation.seed}${this.running ? "" : ": paused"}. `);
		setText(this.button, this.running ? "Pause" : "Resume");
		setText(this.note, this.refusal);
		this.button.hidden = this.may() === "no";
	}

	/* Whether the user may write: "yes", "no", or "token" as soon as it is given. */
	may() {
		return this.page.inspector.form.dataset.may;
	}

	add() {
		this.text = h("span", { role: "status" });
		this.button = h("button", { type: "button", onclick: () => this.toggle() });
		this.note = h("span", { role: "alert" });
		this.line = h("p", { id: "simulation", class: "shared" }, this.text, this.button, " ",
			this.note);
		this.behind.after(this.line);
		this.resized();
	}

	remove() {
		this.line.remove();
		this.line = null;
		this.resized();
	}

	async toggle() {
		if (this.may() === "token") {
			this.page.unlock();
			return;
		}
		try {
			await this.page.put("api/simulation", { running: !this.running });
			this.refusal = "";
		} catch (refused) {
			this.refusal = refused.message;
		}
		this.show({ ...this.page.mirror.status.simulation,
			running: this.refusal ? this.running : !this.running });
	}
}
