/* What the page says of its connection to the server, and of the server. */
import { duration, setText, timeOfDay } from "./format.js";
import { SimulationLine } from "./simulation.js";
import { Rates, sharedText, showSummary, showWelcome } from "./summary.js";

const $ = (id) => document.getElementById(id);
const NAMES = { live: "live", lost: "disconnected", connecting: "connecting" };

export class Connection {
	/* page: see app.js; resized() is called when the room for the rest changes. */
	constructor(page, resized) {
		const { feed, frames } = page;

		Object.assign(this, { page, feed, mirror: page.mirror, resized });
		this.rates = new Rates();
		this.simulation = new SimulationLine(page, $("shared"), resized);
		feed.on("status", (status) => this.rates.take(status.rates || []));
		feed.on("state", (state, since) => this.show(state, since));
		frames.add("status", () => this.draw());
		setInterval(() => {
			if (!document.hidden && feed.state === "lost") /* no role="status" */
				setText($("state-for"), ` ${duration(Date.now() - feed.since)}`);
		}, 1000);
		this.frames = frames;
	}

	show(state, since) {
		document.body.dataset.state = state;
		$("state").dataset.state = state;
		setText($("state-name"), NAMES[state]);
		setText($("state-for"), "");
		$("lost").hidden = state !== "lost";
		if (state === "lost")
			setText($("lost"), `▲ Disconnected since ${timeOfDay(since)}. ${this.feed.reason}` +
				"The values are those of that time. Reconnecting…");
		this.resized();
		this.frames.soon("status");
	}

	/* A line that takes no room while it is empty. */
	showLine(line, text) {
		setText(line, text);
		if (line.hidden !== (text === "")) {
			line.hidden = text === "";
			this.resized();
		}
	}

	draw() {
		const { status } = this.mirror;

		if (!status)
			return;
		showSummary(status, this.rates.all);
		const healthy = !status.health || status.health === "ok" || this.feed.state === "lost";
		this.showLine($("health"), healthy ? "" : `▲ ${status.health}`);
		this.showLine($("shared"), sharedText(status.shared));
		this.simulation.show(status.simulation);
		showWelcome(this.page);
	}
}
