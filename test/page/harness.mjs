/*
 * What the tests of the page share: the real server, a real browser, real
 * Modbus clients.
 *
 * Nothing sleeps until something has "surely" happened: a test waits for a
 * condition, with a deadline that only a failure reaches.
 */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";

const { MBASYNCSERVER, MBPOLL, CHROMIUM, PAGE_MODULES, SCREENSHOTS } = process.env;
const { chromium } = createRequire(path.join(PAGE_MODULES, "x.js"))("playwright-core");

/* Only for what hangs: a machine that has much else to do may stop any process
 * for many seconds, again and again. */
export const DEADLINE = 240000;
const TEST = 1200000;
export const LAPTOP = { viewport: { width: 1366, height: 768 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2,
	hasTouch: true, isMobile: true };

const run = promisify(execFile);

/* Clients. ----------------------------------------------------------------- */

/* mbpoll with these arguments. It waits as long as it can, for 10 s, and is run
 * again where that was too short. Returns what it printed. */
export async function runMbpoll(...words) {
	for (const end = Date.now() + DEADLINE;;)
		try {
			return (await run(MBPOLL, ["-o", "10", ...words])).stdout;
		} catch (error) {
			if (!/timed out/.test(error.stderr) || Date.now() > end)
				throw error;
		}
}

/* The same, which counts from 0 here: a table of its -t, an address, values to
 * write. */
export function mbpoll(server, table, address, ...values) {
	return runMbpoll("-m", "tcp", "-p", String(server.port), "-0", "-1", "-t", String(table),
		"-r", String(address), "127.0.0.1", ...values.map(String));
}

/* A client that can come from any address of the loopback network. */
export class Client {
	constructor(server, source = "127.0.0.1") {
		this.socket = net.connect({ port: server.port, host: "127.0.0.1", localAddress: source });
		this.socket.setNoDelay(true);
		this.received = Buffer.alloc(0);
	}

	/* Ask, and return the PDU of the answer. */
	async ask(pdu) {
		const header = Buffer.from([0, 1, 0, 0, 0, pdu.length + 1, 1]);

		this.socket.write(Buffer.concat([header, pdu]));
		while (this.received.length < 6 ||
		       this.received.length < 6 + this.received.readUInt16BE(4))
			this.received = Buffer.concat([this.received, ...await once(this.socket, "data")]);
		const end = 6 + this.received.readUInt16BE(4);
		const answer = this.received.subarray(7, end);
		this.received = this.received.subarray(end);
		return answer;
	}

	async write(address, ...values) {
		const pdu = Buffer.alloc(6 + 2 * values.length);

		pdu.writeUInt8(16, 0);
		pdu.writeUInt16BE(address, 1);
		pdu.writeUInt16BE(values.length, 3);
		pdu.writeUInt8(2 * values.length, 5);
		values.forEach((value, i) => pdu.writeUInt16BE(value & 0xffff, 6 + 2 * i));
		assert.equal((await this.ask(pdu))[0], 16);
	}

	async writeCoil(address, on) {
		const pdu = Buffer.from([5, address >> 8, address & 255, on ? 255 : 0, 0]);

		assert.equal((await this.ask(pdu))[0], 5);
	}

	async read(address, quantity) {
		const pdu = Buffer.from([3, address >> 8, address & 255, quantity >> 8, quantity & 255]);
		const answer = await this.ask(pdu);

		return answer[0] !== 3 ? [] :
			Array.from({ length: quantity }, (_, i) => answer.readUInt16BE(2 + 2 * i));
	}

	close() {
		this.socket.destroy();
	}
}

/* The server. -------------------------------------------------------------- */

const running = new Set(); /* processes */

export class Server {
	static async start(options = [], { port = 0, http = 0 } = {}) {
		const server = new Server();

		/* setpriv: when these tests are killed, their servers are, too. */
		server.process = spawn("setpriv", ["--pdeathsig", "KILL", MBASYNCSERVER,
			"-p", String(port), "--listen", "127.0.0.1",
			"--http", `127.0.0.1:${http}`, ...options],
		{ stdio: ["ignore", "pipe", "pipe"] });
		running.add(server.process);
		server.process.on("exit", () => running.delete(server.process));
		server.log = "";
		let out = "";
		server.process.stdout.on("data", (data) => { out += data; });
		server.process.stderr.on("data", (data) => { server.log += data; });
		server.ended = new Promise((resolve) => server.process.on("exit", resolve));
		await until(() => out.includes("Server running...") && / http: https?:\S+/.test(server.log) ||
			server.process.exitCode !== null, () => `the server to start: ${server.log}`);
		assert.equal(server.process.exitCode, null, server.log);
		server.port = Number(/on port (\d+)/.exec(out)[1]);
		server.url = / http: (https?:\/\/\S+?\/)[:\s]/.exec(server.log)[1];
		server.http = Number(new URL(server.url).port);
		return server;
	}

	async stop() {
		if (this.process.exitCode !== null)
			return;
		this.process.kill("SIGCONT");
		this.process.kill("SIGTERM");
		assert.equal(await this.ended, 0, this.log);
		assert.doesNotMatch(this.log, /Sanitizer|runtime error:/);
	}
}

/* The browser. ------------------------------------------------------------- */

let browser, profile;

test.before(async () => {
	profile = mkdtempSync(path.join(tmpdir(), "page-test-"));
	browser = await chromium.launch({
		executablePath: CHROMIUM,
		timeout: DEADLINE,
		args: [...(process.getuid() === 0 ? ["--no-sandbox"] : []),
			"--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update",
			"--disable-sync", "--disable-dev-shm-usage", `--disk-cache-dir=${profile}`],
	});
	if (SCREENSHOTS)
		mkdirSync(SCREENSHOTS, { recursive: true });
});

test.after(async () => {
	/* What a test that took too long has left behind. */
	running.forEach((server) => server.kill("SIGKILL"));
	await browser?.close();
	if (profile)
		rmSync(profile, { recursive: true, force: true });
});

/* Wait until condition() holds. */
export async function until(condition, what = "a condition") {
	const end = Date.now() + DEADLINE;

	while (!await condition()) {
		if (Date.now() > end)
			throw new Error(`waited in vain for ${typeof what === "function" ? what() : what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/*
 * Do something again and again until condition() holds, soon after: what a
 * pointer does goes wrong where the page has moved since its place was asked
 * for, and a finger that is slow does something else. act() may fail as well.
 */
export async function again(act, condition, what = "a condition") {
	let error;

	await until(async () => {
		error = null;
		try {
			await act();
		} catch (caught) {
			error = caught;
			return false;
		}
		for (const end = Date.now() + 5000; Date.now() < end;) {
			if (await condition())
				return true;
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		return false;
	}, () => `${typeof what === "function" ? what() : what}${error ? `; at last ${error}` : ""}`);
}

/* One warning is about these tests, which look at pixels. */
function isExcused(message) {
	return message.text().includes("willReadFrequently");
}

/* Runs in each page before its own scripts. Some seconds of silence are no lost
 * server, and twenty no lost reply: on a machine that has much else to do they
 * come of themselves, move what is below, and leave gaps in lists. */
function bePatient() {
	const { setInterval } = window;

	window.setInterval = (act, ...rest) => {
		if (!/SILENCE_MAX/.test(act))
			return setInterval(act, ...rest);
		window.isPatient = true;
		return 0;
	};
	AbortSignal.timeout = () => new AbortController().signal;
}

/*
 * A test with a server and a page: body({server, page, open}). Whatever the
 * page says on the console, and any violation of its security policy, fails
 * the test, but for what matches options.expect. options.timeout: in ms.
 * options.impatient: the page gives up a server that is silent, as it does for
 * users; otherwise it waits.
 */
export function pageTest(name, options, body) {
	test(name, { timeout: options.timeout ?? TEST }, async (t) => {
		const complaints = [];
		const servers = [];
		const clients = [];
		const context = await browser.newContext({ ...LAPTOP, colorScheme: "dark",
			...options.context });
		context.setDefaultTimeout(DEADLINE);
		await context.addInitScript(() => document.addEventListener(
			"securitypolicyviolation", (event) =>
				console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
		if (!options.impatient)
			await context.addInitScript(bePatient);
		const start = async (...how) => {
			servers.push(await Server.start(...how));
			return servers.at(-1);
		};
		const connect = (server, source) => {
			clients.push(new Client(server, source));
			return clients.at(-1);
		};
		const open = async (server) => {
			const page = await context.newPage();
			page.on("console", (message) => {
				if (["error", "warning"].includes(message.type()) && !isExcused(message))
					complaints.push(message.text());
			});
			page.on("pageerror", (error) => complaints.push(error.stack));
			await page.goto(server.url);
			await page.waitForSelector("body[data-state=live][data-loaded]");
			await until(() => page.evaluate(() =>
				window.page.points.epoch === window.page.feed.epoch), "the points");
			assert.ok(options.impatient || await page.evaluate(() =>
				window.isPatient || window.page.feed.line.holds === false), "a patient page");
			return page;
		};
		try {
			const server = await start(options.server || []);
			await body({ t, server, start, connect, open, page: await open(server) });
			assert.deepEqual(complaints.filter((text) => !options.expect?.test(text)), []);
		} finally {
			await context.close();
			clients.forEach((client) => client.close());
			for (const server of servers)
				await server.stop();
		}
	});
}

/* Let pages of a context see clients of some hosts as the API would show them
 * if they had certificates: known has {subject, role} by host. */
export function giveCertificates(context, known) {
	return context.addInitScript((certificates) => {
		const parse = JSON.parse;
		const of = (text) => certificates[text?.replace(/:\d+$/, "")];
		const add = (value) => {
			if (Array.isArray(value)) {
				if (typeof value[0] === "object")
					value.forEach(add);
				return;
			}
			if (typeof value !== "object" || value === null)
				return;
			if (typeof value.client === "string" && of(value.client))
				value.subject = of(value.client).subject;
			if (typeof value.other === "string" && of(value.other))
				value.other_subject = of(value.other).subject;
			if (typeof value.peer === "string")
				Object.assign(value, of(value.peer));
			if (Array.isArray(value.clients) && value.clients.some(of))
				value.subjects = value.clients.map((host) => of(host)?.subject ?? null);
			Object.values(value).forEach(add);
		};

		JSON.parse = (...how) => {
			const value = parse(...how);

			add(value);
			return value;
		};
	}, known);
}

/* Things that people do. --------------------------------------------------- */

export async function goTo(page, text) {
	await page.keyboard.press("Escape");
	await page.keyboard.press("/");
	await page.fill("#address", text);
	await page.keyboard.press("Enter");
}

/* Choose one of the switches, as a pointer does. */
export async function choose(page, value) {
	await page.locator(`label:has(> input[value="${value}"])`).click();
}

/* The text of a cell of the table of values. */
export function cell(page, address, column) {
	return page.locator(`#values-table tr[data-address="${address}"] td.${column}`);
}

/* Wait for a text, exactly. */
export async function expectText(locator, text) {
	let got;

	await until(async () => {
		got = (await locator.allTextContents())[0]?.trim();
		return text instanceof RegExp ? text.test(got ?? "") : got === text;
	}, () => `${locator} to be ${JSON.stringify(String(text))}, not ${JSON.stringify(got)}`);
}

/* The pixel in the middle of an address of the map, as "r,g,b". */
export function pixel(page, address) {
	return page.evaluate((at) => {
		const { map } = window.page;
		const x = map.left + ((at & 255) + 0.5) * map.cell;
		const y = map.top + ((at >> 8) + 0.5) * map.cell;

		return map.canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3).join();
	}, address);
}

/* Whether one need not scroll sideways. A phone's layout would widen with what
 * sticks out, so that its own width says nothing. */
export function fits(page) {
	return page.evaluate((width) => document.documentElement.scrollWidth <= width,
		page.viewportSize().width);
}

/* How bright that is, 0 to 255. */
export function brightness(rgb) {
	const [r, g, b] = rgb.split(",").map(Number);

	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export async function screenshot(page, name) {
	if (SCREENSHOTS)
		await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}
