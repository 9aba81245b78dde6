/*
 * What a page costs, for tests that print it. Other load on the machine makes
 * times by the clock longer, but hardly those of the processor.
 */
import { loadavg } from "node:os";

/* Do round(n), n = 0, 1, ..., each so many ms, until the function that this
 * returns is called; that returns how many there were. What was late is not
 * made up for, so that there are never more in a time. */
export function repeat(ms, round) {
	let going = true, rounds = 0;
	const done = (async () => {
		for (; going; rounds++) {
			const begin = Date.now();
			await round(rounds, () => going);
			const rest = begin + ms - Date.now();
			if (rest > 0)
				await new Promise((resolve) => setTimeout(resolve, rest));
		}
	})();

	return async () => {
		going = false;
		await done;
		return rounds;
	};
}

/* Write all registers, each with value(address), while going(). */
export async function writeAll(client, value, going = () => true) {
	for (let first = 0; first < 65536 && going(); first += 120)
		await client.write(first, ...Array.from({ length: Math.min(120, 65536 - first) },
			(_, i) => value(first + i)));
}

/* The longest task of the page's thread, in ms of the processor. */
function longestTask(events) {
	const threads = new Set(events.filter(({ name, args }) =>
		name === "thread_name" && args.name === "CrRendererMain")
		.map(({ pid, tid }) => `${pid} ${tid}`));

	return Math.max(0, ...events.filter(({ name, ph, pid, tid }) => ph === "X" &&
		name.endsWith("RunTask") && threads.has(`${pid} ${tid}`))
		.map(({ tdur }) => (tdur ?? 0) / 1000));
}

/* How much the machine has to do. */
export function load() {
	return loadavg()[0].toFixed(1);
}

export class Meter {
	static async of(page) {
		const meter = new Meter();

		meter.page = page;
		meter.session = await page.context().newCDPSession(page);
		meter.root = await page.context().browser().newBrowserCDPSession();
		meter.bytes = meter.requests = 0;
		meter.events = [];
		meter.session.on("Network.dataReceived", ({ dataLength }) => { meter.bytes += dataLength; });
		meter.session.on("Network.requestWillBeSent", () => { meter.requests++; });
		meter.session.on("Tracing.dataCollected", ({ value }) => meter.events.push(...value));
		await meter.session.send("Performance.enable", { timeDomain: "threadTicks" });
		await meter.session.send("Network.enable");
		return meter;
	}

	/* Of the page's thread: Nodes, JSEventListeners, JSHeapUsedSize in bytes;
	 * TaskDuration and ScriptDuration in s of the processor. */
	async metrics() {
		const { metrics } = await this.session.send("Performance.getMetrics");

		return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
	}

	/* The processor time of all threads, in s, by process: pages and the others
	 * of the browser. */
	async processes() {
		const { processInfo } = await this.root.send("SystemInfo.getProcessInfo");

		return processInfo;
	}

	/* What is left once the garbage is collected: nodes, listeners, heap in bytes. */
	async memory() {
		await this.session.send("HeapProfiler.collectGarbage");
		const { Nodes, JSEventListeners, JSHeapUsedSize } = await this.metrics();

		return { nodes: Nodes, listeners: JSEventListeners, heap: JSHeapUsedSize };
	}

	/*
	 * Measure while work() runs. Returns what that returns, and: seconds; in
	 * percent of one processor, the time of the page's process (all), of its
	 * thread (thread) and of its scripts (script), and of all processes of the
	 * browser (browser); longest, its longest task in ms of the processor; heap in
	 * bytes; how many bytes were received, and how many requests were sent.
	 */
	async measure(work) {
		await this.session.send("Tracing.start",
			{ transferMode: "ReportEvents", categories: "toplevel" });
		const earlier = new Map((await this.processes()).map(({ id, cpuTime }) => [id, cpuTime]));
		const before = await this.metrics();
		const begin = performance.now();
		this.bytes = this.requests = 0;
		const result = await work();
		const { bytes, requests } = this;
		const seconds = (performance.now() - begin) / 1000;
		const after = await this.metrics();
		const spent = (await this.processes()).map(({ id, type, cpuTime }) =>
			({ type, time: cpuTime - (earlier.get(id) ?? 0) }));
		const ended = new Promise((resolve) => this.session.once("Tracing.tracingComplete", resolve));
		await this.session.send("Tracing.end");
		await ended;
		const longest = longestTask(this.events.splice(0));
		const part = (time) => 100 * time / seconds;

		return { ...result, seconds, bytes, requests, longest,
			/* Of several renderers, the others only wait. */
			all: part(Math.max(...spent.filter(({ type }) => type === "renderer")
				.map(({ time }) => time))),
			browser: part(spent.reduce((sum, { time }) => sum + time, 0)),
			thread: part(after.TaskDuration - before.TaskDuration),
			script: part(after.ScriptDuration - before.ScriptDuration),
			heap: after.JSHeapUsedSize };
	}
}

/* What measure() has found, as a text. */
export function costText({ all, thread, script, browser, longest }) {
	return `of one processor ${all.toFixed(1)} % in the page's process, ${thread.toFixed(1)} % in ` +
		`its thread, ${script.toFixed(1)} % in scripts, ${browser.toFixed(1)} % in the browser; ` +
		`longest task ${longest.toFixed()} ms of the processor; the machine's load was ${load()}`;
}
