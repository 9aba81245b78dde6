/* The summary of the server: version, uptime and rates; and instructions for a
 * first write when nothing has been written yet. */
import { drawRates } from "./chart.js";
import { count, duration, rate, setText } from "./format.js";

const RATES = 120; /* seconds shown */
const $ = (id) => document.getElementById(id);
const colour = (selector) => getComputedStyle(document.querySelector(selector)).color;

/* The rates of two minutes. A status has all of them, or only the last. */
export class Rates {
	constructor() {
		this.all = [];
	}

	take(rates) {
		const last = this.all.at(-1)?.t ?? "";

		this.all = rates.length > 1 || rates[0]?.t < last ? rates :
			this.all.concat(rates.filter((rate) => rate.t > last)).slice(-RATES);
	}
}

export function showSummary(status, rates) {
	const requests = rates.map((r) => r.requests);
	const writes = rates.map((r) => r.writes);
	const interval = status.state?.commit_interval_ms;

	setText($("version"), status.version);
	setText($("about"),
		`port ${status.port} · ${status.mode} · up ${duration(status.uptime_s * 1000)}` +
		(interval > 0 ? ` · on disk after ${interval} ms` : ""));
	setText($("load-rate"), rate(status.requests_per_s || 0));
	setText($("load-clients"), count(status.connections || 0));
	setText($("requests-text"), `${rate(requests.at(-1) || 0)} requests/s`);
	setText($("writes-text"), `${rate(writes.at(-1) || 0)} writes/s`);
	drawRates($("rates"), [
		{ values: requests, colour: colour(".key.requests"), fill: 0.15 },
		{ values: writes, colour: colour(".key.writes"), dash: [4, 3] },
	], RATES, { line: colour("#rates"), text: colour(".rates") });
}

/* Who shares the table: "Shared through 10.0.0.9:6379: plant-a:502 (this server),
 * plant-b:502 3 entries behind. Writes are possible." Empty if it is not. */
export function sharedText(shared) {
	if (!shared)
		return "";
	const servers = shared.servers.map(({ host, behind, own }) => host +
		(own ? " (this server)" : behind > 0 ? ` ${count(behind)} entries behind` : ""));
	const who = servers.length > 0 ? `: ${servers.join(", ")}` : "";

	return `Shared through ${shared.engine}${who}. ` +
		`Writes are ${shared.writable ? "possible" : "refused"}.`;
}

/* Show, before the first change, what the map is and how to write a value. */
export function showWelcome({ model, log, mirror: { status } }) {
	const host = location.hostname.replace(/^\[|\]$/g, "");
	const line = `mbpoll -m tcp -p ${status.port} -0 -1 -t 4 -r 16 ${host} 1234`;
	const listed = log.entries.length > 0;
	const empty = !listed && model.isEmpty();

	setText($("mbpoll"), line);
	setText($("modpoll"), line.replace("mbpoll", "modpoll"));
	$("welcome").hidden = !empty;
	$("quiet").hidden = empty || listed;
	$("changes-table").hidden = !listed;
}
