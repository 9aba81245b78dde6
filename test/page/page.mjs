/* What the page shows, and its controls. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DEADLINE, PHONE, again, brightness, cell, choose, expectText, fits, goTo, mbpoll,
	pageTest, pixel, runMbpoll, screenshot, until } from "./harness.mjs";

const run = promisify(execFile);

/* The map. ----------------------------------------------------------------- */

pageTest("the line that an empty table shows highlights a cell", {}, async ({ server, page }) => {
	await screenshot(page, "empty");
	const line = await page.textContent("#mbpoll");
	const before = await pixel(page, 16);

	assert.equal(line, `mbpoll -m tcp -p ${server.port} -0 -1 -t 4 -r 16 127.0.0.1 1234`);
	assert.equal(await page.isVisible("#welcome"), true);
	const [, ...words] = line.split(" ");
	await runMbpoll(...words);
	await until(async () => await pixel(page, 16) !== before, "the highlight");
	await until(() => page.isHidden("#welcome"));
	await expectText(page.locator("#changes-rows tr:first-child .values"), "1234");
	await goTo(page, "HR16");
	await expectText(page.locator('[data-part="value"]'), "1234");
});

pageTest("a write by mbpoll is highlighted within a second", {}, async ({ server, page }) => {
	const took = [];

	/* The best of many: a busy machine may spoil some, a slow page all. */
	for (const end = Date.now() + DEADLINE; Date.now() < end && !(took.at(-1) < 1000);) {
		const address = 5000 + took.length;
		const highlighted = page.evaluate((at) => new Promise((resolve) => {
			const { map } = window.page;
			const context = map.canvas.getContext("2d");
			const look = () => {
				const x = map.left + ((at & 255) + 0.5) * map.cell;
				const y = map.top + ((at >> 8) + 0.5) * map.cell;
				const [r, g, b] = context.getImageData(x, y, 1, 1).data;
				if (r + g + b > 300)
					resolve(Date.now());
				else
					requestAnimationFrame(look);
			};
			look();
		}), address);
		const began = Date.now();
		await mbpoll(server, 4, address, 65535);
		took.push(await highlighted - began);
	}
	assert.ok(Math.min(...took) < 1000, `took ${took} ms`);
});

pageTest("a highlight ends, and then nothing is drawn", {}, async ({ server, page }) => {
	const highlighted = (address) => page.evaluate((at) => new Promise((resolve) => {
		const { map, model } = window.page;
		let frames = 0;
		const look = () => {
			const plain = map.pixels[at] === map.palette.values[300];
			if (model.registers[at] === 300 && !plain)
				frames++;
			if (plain)
				resolve(frames);
			else
				requestAnimationFrame(look);
		};
		look();
	}), address);
	let seen = 0;

	/* The best of many: a page that is not let run for so long draws it never. */
	for (let at = 4000, end = Date.now() + DEADLINE; Date.now() < end && seen < 2; at++) {
		const frames = highlighted(at);
		await mbpoll(server, 4, at, 300);
		seen = await frames;
	}
	assert.ok(seen >= 2, `the highlight was seen in ${seen} frames`);
	/* Before long there are two seconds, with news of the server's status but
	 * none of the table, in which nothing is drawn. */
	await until(() => page.evaluate(async () => {
		const { feed, map } = window.page;
		const frames = map.frames, last = feed.lastEvent;
		while (feed.lastEvent < last + 2000)
			await new Promise((resolve) => setTimeout(resolve, 50));
		return map.frames === frames;
	}), "two seconds without drawing");
});

pageTest("who wants no motion gets a frame that stands, not an animation",
	{ context: { reducedMotion: "reduce" } }, async ({ server, page }) => {
		let at = 4000, frames;

		/* The best of some: a page that was not let run may draw for other reasons. */
		await until(async () => {
			await page.evaluate(() => { window.before = window.page.map.frames; });
			const dark = await pixel(page, at);
			await mbpoll(server, 4, at, 300);
			await until(async () => await pixel(page, at) !== dark);
			await until(() => page.evaluate(() =>
				Date.now() - window.page.model.side.registers.latest > 2500));
			frames = await page.evaluate(() => window.page.map.frames - window.before);
			at++;
			return frames <= 8;
		}, () => `few frames for one change, not ${frames}`);
	});

pageTest("values are told apart by brightness, in dark and in light", {},
	async ({ server, page, connect }) => {
		const client = connect(server);
		const values = [1, 20, 400, 8000, 65535];

		for (const [i, value] of values.entries())
			await client.write(20000 + 2 * i, value);
		for (const theme of ["dark", "light"]) {
			await page.emulateMedia({ colorScheme: theme });
			await until(async () => await page.evaluate(() =>
				window.page.map.palette.dark) === (theme === "dark"));
			let levels;
			await until(async () => {
				levels = [];
				for (const at of [19000, ...values.keys()].map((i) => i < 100 ? 20000 + 2 * i : i))
					levels.push(brightness(await pixel(page, at)));
				const steps = levels.slice(1).map((level, i) => level - levels[i]);
				return steps.every((step) => theme === "dark" ? step > 8 : step < -8);
			}, () => `brightness to rise or fall, not ${levels}`);
		}
	});

pageTest("the writer's map gives each client a pattern besides its colour", {},
	async ({ server, page, connect }) => {
		const row = Array(100).fill(7);

		for (const i of [1, 2, 3]) {
			const client = connect(server, `127.0.0.${i}`);
			for (let y = 0; y < 6; y++)
				await client.write((i * 60 + y) * 256, ...row); /* 60: all patterns' period */
		}
		await choose(page, "writer");
		await expectText(page.locator("#legend .entry").last(), "never written");
		await until(async () => await page.locator("#legend .entry").count() === 4);
		/* The map may be drawn after its legend. */
		await until(() => page.evaluate(() => new Set([1, 2, 3].map((i) => {
			const first = window.page.map.base[i * 60 * 256];
			return Array.from({ length: 600 }, (_, n) =>
				window.page.map.base[(i * 60 + Math.floor(n / 100)) * 256 + n % 100] === first ? 1 : 0)
				.join("");
		})).size === 3), "three patterns");
		await screenshot(page, "writers");
	});

pageTest("coils have a map of their own", {}, async ({ server, page }) => {
	await mbpoll(server, 0, 2000, 1);
	await choose(page, "coils");
	const off = await pixel(page, 3000);
	await until(async () => await pixel(page, 2000) !== off);
	await goTo(page, "C2000");
	await expectText(cell(page, 2000, "bit"), "1 on");
	await expectText(page.locator('[data-part="value"]'), "1 on");
	await mbpoll(server, 0, 2000, 0);
	await expectText(cell(page, 2000, "bit"), "0 off");
});

pageTest("where coils overlay registers, a write is seen on both sides",
	{ server: ["-d", "o"] }, async ({ server, page }) => {
		await goTo(page, "registers 2");
		await mbpoll(server, 0, 32, 1, 0, 1);
		await expectText(cell(page, 2, "unsigned"), "5");
		await expectText(cell(page, 2, "writer"), "127.0.0.1");
		await goTo(page, "coils 47");
		await mbpoll(server, 4, 2, 32768);
		await expectText(cell(page, 47, "bit"), "1 on");
		await expectText(cell(page, 32, "bit"), "0 off");
		/* A page that comes later sees the same. */
		await page.reload();
		await page.waitForSelector("body[data-loaded]");
		await goTo(page, "coils 47");
		await expectText(cell(page, 47, "bit"), "1 on");
		await expectText(cell(page, 46, "bit"), "0 off");
	});

/* Zoom. -------------------------------------------------------------------- */

pageTest("typing an address or a range opens it", {}, async ({ page }) => {
	const cases = [
		["HR16", "registers 0 to 31", "40017"],
		["400017", "registers 0 to 31", "40017"],
		["16", "registers 16 to 47", "40017"],
		["0x10", "registers 16 to 47", "40017"],
		["400017-400020", "registers 16 to 19", "40017"],
		["100-131", "registers 100 to 131", "40101"],
		["100+4", "registers 100 to 103", "40101"],
		["registers 40017", "registers 40016 to 40047", "440018"],
		["465536", "registers 65504 to 65535", "465536"],
		["coils 5", "coils 0 to 31", "00006"],
		["C16-19", "coils 16 to 19", "00017"],
		["100017-DI19", "coils 16 to 19", "00017"],
		["000017-000020", "coils 17 to 20", "00018"],
		["hr 7-9", "registers 7 to 9", "40008"],
		["IR7.3", "registers 0 to 31", "40008"],
		["r 7-9", "registers 7 to 9", "40008"],
	];

	for (const [text, range, name] of cases) {
		await goTo(page, text);
		await expectText(page.locator('[data-part="name"]'), name);
		const got = await page.textContent("#range");
		const start = /^\w+ (\d+) to (\d+)/.exec(got);
		if (!["HR16", "400017", "16", "0x10"].includes(text))
			assert.equal(start?.[0], range, `${text}: ${got}`);
		else
			assert.ok(Number(start[1]) <= 16 && Number(start[2]) >= 16, got);
	}
	for (const text of ["65536-65537", "20-10", "valves 3", "x", "HR1-C2", "1-99999", "coils HR5",
		"HR400017", "400000", "HR16.16", "HR1.1-HR2", "1+0", "constructor 5"]) {
		await page.fill("#address", text);
		await page.press("#address", "Enter");
		assert.match(await page.getAttribute("#goto", "class"), /bad/, text);
		assert.notEqual(await page.textContent("#goto-note"), "", text);
	}
});

pageTest("an address is read as the server reads it", {}, async ({ page }) => {
	const file = await readFile(new URL("../reference_examples.txt", import.meta.url), "utf8");
	const examples = file.split("\n").filter((line) => line && !line.startsWith("#"))
		.map((line) => line.split(/ +/));
	const read = await page.evaluate(async (rows) => {
		const { formatReference, otherReading, parseReference } = await import("/reference.js");
		const name = (reading) => reading ? formatReference(reading) : "-";

		return rows.map(([text, kind]) => [text, kind, name(parseReference(text, kind)),
			name(otherReading(text))]);
	}, examples);

	assert.ok(examples.length > 50);
	assert.deepEqual(read, examples);
});

pageTest("what 40017 could also mean is offered", {}, async ({ page }) => {
	const note = page.locator("#goto-note");
	const name = page.locator('[data-part="name"]');

	await page.keyboard.press("/");
	await page.fill("#address", "40017");
	await expectText(note, "register 40017, as on the wire Alt+Enter: HR16");
	await screenshot(page, "ambiguous");
	await page.keyboard.press("Alt+Enter");
	await expectText(name, "40017");
	await expectText(note, "");
	/* After Enter, too, while the values have the focus. */
	await goTo(page, "40017-40020");
	await expectText(name, "440018");
	await expectText(note, "registers 40017 to 40020, as on the wire Alt+Enter: HR16-19");
	await page.keyboard.press("Alt+Enter");
	await expectText(page.locator("#range"), /^registers 16 to 19 /);
	await expectText(note, "");
	/* By pointer or finger; of the other table. */
	await goTo(page, "10006");
	await note.locator("button").click();
	await expectText(page.locator("#range"), /^coils 0 to 31 /);
	await expectText(name, "00006");
	/* Anything else closes it. */
	await goTo(page, "00006");
	await expectText(note, "coil 6, as on the wire Alt+Enter: C5");
	await page.keyboard.press("ArrowDown");
	await expectText(note, "");
	await page.keyboard.press("Alt+Enter");
	await expectText(name, "00008");
});

pageTest("dragging over the map opens what was dragged over", {}, async ({ page }) => {
	const centre = (address) => page.evaluate((at) => window.page.map.centre(at), address);
	const text = (selector) => page.locator(selector).textContent();
	const selected = () => page.evaluate(() => window.page.map.selection?.first === 2570 &&
		window.page.map.selection.last === 2700);
	let during = false;

	await again(async () => {
		const from = await centre(2570), to = await centre(2700);
		await page.mouse.up();
		await page.mouse.move(from.x, from.y);
		await page.mouse.down();
		await page.mouse.move(to.x - 20, to.y, { steps: 3 });
		await page.mouse.move(to.x, to.y);
		during = await selected();
		await page.mouse.up();
	}, async () => during && await selected() &&
		/^registers 2570 to 2700 /.test(await text("#range")), "the selection");
	assert.equal(await page.isVisible("#values-table"), true);
	await again(async () => {
		const { x, y } = await centre(2570);
		await page.mouse.click(x, y);
	}, async () => await text('[data-part="name"]') === "42571", "the cell that is clicked");
	await again(async () => {
		const { x, y } = await centre(2700);
		await page.mouse.move(x, y);
	}, async () => await text("#tip b") === "42701 = 0 · 0x0000", "the tip");
});

pageTest("a long range makes few rows, and all can be reached", {}, async ({ page }) => {
	await goTo(page, "registers 0-65535");
	await expectText(page.locator("#range"), /65,536$/);
	const rows = () => page.locator("#values-table tbody tr[data-address]").count();
	assert.ok(await rows() < 60, `${await rows()} rows`);
	await page.keyboard.press("End");
	await expectText(page.locator('[data-part="name"]'), "465536");
	await expectText(cell(page, 65535, "unsigned"), "0");
	assert.ok(await rows() < 60, `${await rows()} rows`);
});

/* Views of values. --------------------------------------------------------- */

const PI = [0x4048, 0xf5c3];            /* 3.14 as float32 */
const NEGATIVE = [0xf8a4, 0x32eb];      /* -123456789 as int32 */
const swapped = (word) => (word & 255) << 8 | word >> 8;
const ORDERS = {
	ABCD: ([high, low]) => [high, low],
	CDAB: ([high, low]) => [low, high],
	BADC: ([high, low]) => [swapped(high), swapped(low)],
	DCBA: ([high, low]) => [swapped(low), swapped(high)],
};

pageTest("every view shows known bit patterns", {}, async ({ server, page }) => {
	const at = { ABCD: 100, CDAB: 102, BADC: 104, DCBA: 106 };

	for (const [order, arrange] of Object.entries(ORDERS)) {
		await mbpoll(server, 4, at[order], ...arrange(PI));
		await mbpoll(server, 4, at[order] + 100, ...arrange(NEGATIVE));
	}
	await goTo(page, "100-107");
	await choose(page, "float32");
	for (const order of Object.keys(ORDERS))
		await expectText(cell(page, at[order], order), "3.14");
	await screenshot(page, "float32");
	await goTo(page, "200-207");
	await choose(page, "int32");
	for (const order of Object.keys(ORDERS))
		await expectText(cell(page, at[order] + 100, order), "-123456789");
	await choose(page, "uint32");
	for (const order of Object.keys(ORDERS))
		await expectText(cell(page, at[order] + 100, order), "4171510507");
	await choose(page, "word");
	await expectText(cell(page, 200, "unsigned"), "63652");
	await expectText(cell(page, 200, "signed"), "-1884");
	await expectText(cell(page, 200, "hex"), "0xF8A4");
	await expectText(cell(page, 200, "binary"), "1111 1000 1010 0100");
	for (const [order, address] of Object.entries(at)) {
		await goTo(page, `registers ${address}`);
		await expectText(page.locator(`[data-view="float32 ${order}"]`), "3.14");
		await goTo(page, `registers ${address + 100}`);
		await expectText(page.locator(`[data-view="int32 ${order}"]`), "-123456789");
		await expectText(page.locator(`[data-view="uint32 ${order}"]`), "4171510507");
	}
});

pageTest("floats are written with the fewest digits that mean them", {}, async ({ page }) => {
	const texts = await page.evaluate(async () => {
		const { wideText } = await import("/views.js");
		return [[0x3dcc, 0xcccd], [0, 0], [0x8000, 0], [0x7f80, 0], [0xff80, 0], [0x7fc0, 1],
			[0, 1], [0x7f7f, 0xffff], [0x4b18, 0x967f], [0x4b18, 0x9680], [0xc2ed, 0x4000]]
			.map(([a, b]) => wideText(a, b, "float32", "ABCD"));
	});

	assert.deepEqual(texts, ["0.1", "0", "-0", "+∞", "−∞", "NaN", "1e-45", "3.4028235e38",
		"9999999", "1e7", "-118.625"]);
});

pageTest("a value has a trend, its writer, its age and its changes", {},
	async ({ server, page, connect }) => {
		const client = connect(server, "127.0.0.7");

		await goTo(page, "300-303");
		for (const value of [10, 20, 5]) {
			await client.write(300, value);
			await expectText(cell(page, 300, "unsigned"), String(value));
		}
		await expectText(cell(page, 300, "writer"), "127.0.0.7");
		await expectText(cell(page, 300, "changes"), "3");
		await expectText(cell(page, 300, "age"), /^\d+ (s|min)$/);
		await expectText(cell(page, 301, "writer"), "–");
		assert.deepEqual(await page.evaluate(() => window.page.model.history("registers", 300)),
			[0, 10, 20, 5]);
		await until(() => page.evaluate(() => {
			const canvas = document.querySelector('#values-table tr[data-address="300"] canvas');
			return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
				.data.some((byte) => byte > 0);
		}), "a trend to be drawn");
	});

/* Clients. ----------------------------------------------------------------- */

pageTest("clients are shown with what they do", {}, async ({ server, page, connect }) => {
	const client = connect(server, "127.0.0.5");

	for (let i = 0; i < 12; i++)
		await client.read(0, 10);
	await client.write(1, 2);
	await client.read(65535, 10); /* exception 02 */
	await page.click("#tab-clients");
	const card = page.locator(".client", { hasText: "127.0.0.5:" });
	await expectText(card.locator(".chip", { hasText: "03" }).first(), "03 × 13");
	await expectText(card.locator(".chip", { hasText: "16" }), "16 × 1");
	await expectText(card.locator(".chip.bad"), "▲ exception 02 illegal data address × 1");
	await expectText(card.locator(".state"), /^connected/);
	await expectText(page.locator("#clients-count"), "1");
	await screenshot(page, "clients");
	client.close();
	await until(async () => await page.textContent("#clients-count") === "");
});

{
	const folder = mkdtempSync(path.join(tmpdir(), "page-points-"));
	const file = path.join(folder, "plant.csv");
	writeFileSync(file, "name,address,type\nflow <b>,HR20,float32\nlevel,HR22,\n" +
		"speed,HR23,\nGröße,HR24,\n");
	process.on("exit", () => rmSync(folder, { recursive: true }));

	pageTest("polls have the names of points", { server: ["--points", file] },
		async ({ server, page, connect }) => {
			const client = connect(server, "127.0.0.5");
			const poll = page.locator(".client .polls tbody tr");

			for (let i = 0; i < 3; i++) {
				await client.read(20, 5);
				await client.read(21, 1);
				await client.read(50, 1);
			}
			await page.click("#tab-clients");
			await expectText(poll.nth(0).locator(".names"), "flow <b>, level, speed +1");
			await expectText(poll.nth(1).locator(".names"), "flow <b>");
			await expectText(poll.nth(1), /half a point/);
			assert.doesNotMatch(await poll.nth(0).textContent(), /half/);
			assert.equal(await poll.nth(2).locator(".names").count(), 0);
			await screenshot(page, "clients-points");
		});
}

pageTest("a client that does nothing more is seen to do nothing", {},
	async ({ server, page, connect }) => {
		const client = connect(server, "127.0.0.5");
		const card = page.locator(".client", { hasText: "127.0.0.5:" });
		const fact = (name) => card.locator(".facts div", { hasText: name }).locator("dd").first();

		await page.click("#tab-clients");
		await until(async () => {
			await client.read(0, 10);
			return await fact("Requests/s").count() > 0 &&
				await fact("Requests/s").textContent() !== "0";
		}, "a rate");
		await expectText(fact("Requests/s"), "0");
		/* That comes from the server; it is then silent, and time goes on. */
		const [idle] = await fact("Idle").allTextContents();
		await until(async () => await fact("Idle").textContent() !== idle, "idle time to pass");
	});

pageTest("ages are right though the browser's clock is wrong", {},
	async ({ server, page, connect }) => {
		const one = connect(server, "127.0.0.11"), other = connect(server, "127.0.0.12");

		await page.addInitScript(() => {
			const now = Date.now;
			Date.now = () => now() + 26 * 3600 * 1000;
		});
		for (let i = 0; i < 4; i++) {
			await one.write(77, i);
			await other.write(77, 100 + i);
		}
		await page.reload();
		await page.waitForSelector("body[data-loaded]");
		await page.click("#tab-clients");
		await expectText(page.locator(".client .state").first(), /^connected \d+ (s|min)$/);
		await page.click("#tab-contended");
		const last = page.locator("#contended-rows td").last();
		await expectText(last, /^\d+ (s|min) ago$/);
		const before = await last.textContent();
		await until(async () => await last.textContent() !== before, "time to pass");
	});

pageTest("addresses that two clients write in turn are listed with both", {},
	async ({ server, page, connect }) => {
		const one = connect(server, "127.0.0.11"), other = connect(server, "127.0.0.12");

		for (let i = 0; i < 4; i++) {
			await one.write(77, i);
			await other.write(77, 100 + i);
		}
		await page.click("#tab-contended");
		const row = page.locator("#contended-rows tr");
		await expectText(row.locator("button"), "register 77");
		await expectText(row.locator("td").nth(1), "127.0.0.12");
		await expectText(row.locator("td").nth(2), "127.0.0.11");
		await row.locator("button").click();
		await expectText(cell(page, 77, "unsigned"), "103");
		await until(async () =>
			/contended/.test(await cell(page, 77, "writer").getAttribute("class")));
	});

/* Writing. ----------------------------------------------------------------- */

async function writeValue(page, text, type, order) {
	if (type)
		await page.selectOption("select[name=type]", type);
	if (order)
		await page.selectOption("select[name=order]", order);
	await page.fill("input[name=value]", text);
	await page.press("input[name=value]", "Enter");
}

pageTest("without permission nothing can be written, and it says why", {},
	async ({ page }) => {
		assert.equal(await page.isVisible(".write button[type=submit]"), false);
		assert.equal(await page.isVisible("input[name=value]"), false);
		assert.match(await page.textContent(".locked"), /--http-write/);
		assert.equal(await page.isVisible(".locked"), true);
	});

pageTest("before it is known what is permitted, nothing is said of it",
	{ server: ["--http-write"] }, async ({ server, page }) => {
		/* Nothing that the page asks as it goes away is to be held. */
		await page.goto("about:blank");
		const held = new Promise((resolve) =>
			page.route("**/api/status", resolve, { times: 1 }));

		await page.goto(server.url);
		const route = await held;
		assert.equal(await page.isVisible(".locked"), false);
		assert.equal(await page.isVisible("input[name=value]"), false);
		await route.continue();
		await until(() => page.isVisible("input[name=value]"));
		assert.equal(await page.isVisible(".locked"), false);
	});

pageTest("with permission a value is written, in any form",
	{ server: ["--http-write"] }, async ({ server, page, connect }) => {
		const client = connect(server);
		const note = page.locator('[data-part="note"]');

		await goTo(page, "registers 400");
		await writeValue(page, "1234");
		await expectText(note, "Written to 40401.");
		assert.deepEqual(await client.read(400, 1), [1234]);
		await expectText(cell(page, 400, "unsigned"), "1234");
		await writeValue(page, "-2", "int16");
		await expectText(cell(page, 400, "unsigned"), "65534");
		await writeValue(page, "0x1F", "uint16");
		await expectText(cell(page, 400, "unsigned"), "31");
		for (const [order, arrange] of Object.entries(ORDERS)) {
			await writeValue(page, "3.14", "float32", order);
			await expectText(cell(page, 400, "unsigned"), String(arrange(PI)[0]));
			assert.deepEqual(await client.read(400, 2), arrange(PI));
		}
		await writeValue(page, "70000", "uint16");
		await expectText(note, "uint16 goes from 0 to 65535.");
		await goTo(page, "coils 9");
		await writeValue(page, "1");
		await expectText(cell(page, 9, "bit"), "1 on");
		await expectText(page.locator('[data-part="writer"]'), "127.0.0.1");
	});

pageTest("a refused write says why, and changes nothing",
	{ server: ["--http-write", "--read-only-range", "registers:200-299"],
		expect: /status of 4\d\d/ }, async ({ server, page, connect }) => {
		await goTo(page, "registers 250");
		await writeValue(page, "5");
		await expectText(page.locator('[data-part="note"]'), /^Not written to 40251: .{12,}/);
		assert.equal(await page.getAttribute('[data-part="note"]', "data-mood"), "bad");
		assert.deepEqual(await connect(server).read(250, 1), [0]);
	});

{
	const folder = mkdtempSync(path.join(tmpdir(), "page-token-"));
	const file = path.join(folder, "token");
	const token = "a-token-for-this-test";
	writeFileSync(file, `${token}\n`, { mode: 0o600 });
	process.on("exit", () => rmSync(folder, { recursive: true }));

	pageTest("where a token is needed it is asked for once",
		{ server: ["--http-write", "--http-token", file], expect: /status of 401/ },
		async ({ server, page, connect }) => {
			assert.equal(await page.isVisible("input[name=value]"), false);
			await page.click("#unlock");
			await page.fill("#token input", "not-the-token-at-all");
			await page.click("#token button[type=submit]");
			await expectText(page.locator("#token .note"), "That is not the server's token.");
			await page.fill("#token input", token);
			await page.click("#token button[type=submit]");
			await until(() => page.isHidden("#token"), "the dialog to close");
			await goTo(page, "registers 500");
			await writeValue(page, "77");
			await expectText(cell(page, 500, "unsigned"), "77");
			await page.reload();
			await page.waitForSelector("body[data-loaded]");
			await goTo(page, "registers 501");
			await writeValue(page, "78");
			await expectText(page.locator('[data-part="note"]'), "Written to 40502.");
			assert.deepEqual(await connect(server).read(500, 2), [77, 78]);
		});

	pageTest("a token that is given up before the server answers changes nothing",
		{ server: ["--http-write", "--http-token", file] }, async ({ page }) => {
			const submit = () => page.click("#token button[type=submit]");
			const held = new Promise((resolve) =>
				page.route("**/api/status", resolve, { times: 1 }));

			await page.click("#unlock");
			await page.fill("#token input", token);
			await submit();
			const route = await held;
			await page.keyboard.press("Escape");
			await until(() => page.isHidden("#token"));
			await page.focus("#address");
			const answered = page.waitForResponse("**/api/status");
			await route.continue();
			await (await answered).finished();
			await page.evaluate(() => fetch("/api/status").then((answer) => answer.text()));
			assert.equal(await page.evaluate(() => document.activeElement.id), "address");
			assert.equal(await page.isVisible("input[name=value]"), false);
			/* It can still be given, and then has its effect. */
			await page.click("#unlock");
			await page.fill("#token input", token);
			await submit();
			await until(() => page.isVisible("input[name=value]"), "writing to be open");
		});
}

{
	const folder = mkdtempSync(path.join(tmpdir(), "page-https-"));
	const file = (name) => path.join(folder, name);
	process.on("exit", () => rmSync(folder, { recursive: true }));

	/* A browser tells the server where each request comes from. */
	pageTest("over HTTPS the page shows values and writes them",
		{ context: { ignoreHTTPSErrors: true } }, async ({ start, page, connect }) => {
			await run(fileURLToPath(new URL("../../scripts/test-certificates", import.meta.url)), [folder]);
			const server = await start(["--http-write", "--http-tls",
				"--tls-cert", file("server.pem"), "--tls-key", file("server.key")]);

			assert.match(server.url, /^https:/);
			await page.goto(server.url);
			await page.waitForSelector("body[data-state=live][data-loaded]");
			await mbpoll(server, 4, 16, 1234);
			await goTo(page, "HR16");
			await expectText(cell(page, 16, "unsigned"), "1234");
			await writeValue(page, "77");
			await expectText(cell(page, 16, "unsigned"), "77");
			assert.deepEqual(await connect(server).read(16, 1), [77]);
		});
}

/* The line to the server. -------------------------------------------------- */

pageTest("a server that was started anew is followed anew",
	{ expect: /ERR_|Failed to load/ }, async ({ server, start, page }) => {
		await mbpoll(server, 4, 16, 1234);
		await goTo(page, "HR16");
		await expectText(cell(page, 16, "unsigned"), "1234");
		await server.stop();
		await until(() => page.isVisible("#lost"));
		assert.match(await page.textContent("#lost"), /^▲ Disconnected since \d\d:\d\d:\d\d/);
		await expectText(page.locator("#state"), /^disconnected/);
		await screenshot(page, "lost");
		/* What was known stays seen. */
		assert.equal(await cell(page, 16, "unsigned").textContent(), "1234");
		const next = await start([], { port: server.port, http: server.http });
		await until(() => page.isHidden("#lost"));
		await expectText(cell(page, 16, "unsigned"), "0");
		await expectText(cell(page, 16, "writer"), "–");
		await mbpoll(next, 4, 17, 4321);
		await expectText(cell(page, 17, "unsigned"), "4321");
	});

pageTest("what comes late from the server does not replace what is known since",
	{ expect: /ERR_|Failed to load/ }, async ({ server, start, page }) => {
		const loaded = () => page.evaluate(() => document.body.dataset.loaded);
		const before = await loaded();
		/* A new start of the server makes the page load twice: for that start,
		 * and for what it may have missed. The first dump is held. */
		const held = new Promise((resolve) => page.route("**/api/dump", async (route) =>
			resolve({ route, response: await route.fetch() }), { times: 1 }));

		await server.stop();
		const next = await start([], { port: server.port, http: server.http });
		const { route, response } = await held;
		await until(async () => await loaded() !== before, "the second load");
		await goTo(page, "registers 17");
		await mbpoll(next, 4, 17, 4321);
		await expectText(cell(page, 17, "unsigned"), "4321");
		const answered = page.waitForResponse("**/api/dump");
		await route.fulfill({ response });
		await (await answered).finished();
		await page.evaluate(() => fetch("/api/dump").then((answer) => answer.json()));
		assert.equal(await page.evaluate(() => window.page.model.registers[17]), 4321);
	});

pageTest("who listens is told once that the server is gone",
	{ expect: /ERR_|Failed to load/ }, async ({ server, page }) => {
		const said = () => page.evaluate(() =>
			[...document.querySelectorAll("[role=status], [role=alert], [aria-live]")]
				.map((element) => element.textContent));

		await server.stop();
		await expectText(page.locator("#state"), /^disconnected \d+ (s|min)$/);
		const before = await said();
		assert.ok(before.some((text) => /disconnected/.test(text)));
		const [shown] = await page.locator("#state").allTextContents();
		await until(async () => await page.textContent("#state") !== shown, "time to pass");
		assert.deepEqual(await said(), before);
	});

pageTest("a server that says nothing is noticed, and what was missed caught up",
	{ impatient: true, expect: /ERR_|Failed to load/ }, async ({ server, page, connect }) => {
		const client = connect(server);

		await goTo(page, "600-607");
		await client.write(600, 1);
		await expectText(cell(page, 600, "unsigned"), "1");
		server.process.kill("SIGSTOP");
		const answer = client.write(600, 2, 3);
		await until(() => page.isVisible("#lost"), "the silence to be noticed");
		server.process.kill("SIGCONT");
		await answer;
		await until(() => page.isHidden("#lost"));
		await expectText(cell(page, 600, "unsigned"), "2");
		await expectText(cell(page, 601, "unsigned"), "3");
	});

pageTest("a page for which there is no room says so, and comes when there is",
	{ expect: /status of 503|MIME/ }, async ({ server, page }) => {
		await page.goto("about:blank");
		await until(async () => /http_event_readers 0\n/.test(
			await (await fetch(`${server.url}metrics`)).text()), "its reader to go");
		const readers = [];
		/* As many as there may be: a further one is refused. */
		for (let refused = false; !refused;) {
			const reader = http.get(`${server.url}api/events`);
			const [response] = await once(reader, "response");
			refused = response.statusCode !== 200;
			response.resume();
			response.on("error", () => {});
			readers.push(reader);
		}
		try {
			await page.goto(server.url);
			await expectText(page.locator("#lost"), /The server answers, but .* too many are open/);
		} finally {
			readers.forEach((reader) => reader.destroy());
		}
		await page.waitForSelector("body[data-state=live]");
		await until(() => page.isHidden("#lost"));
	});

pageTest("a page open for months keeps a bounded memory", {}, async ({ page }) => {
	const sizes = await page.evaluate(() => {
		const { model, log, feed } = window.page;
		for (let i = 0; i < 20000; i++) {
			feed.tell("writes", { number: log.next, writes: [{ time: "2026-01-01T00:00:00Z",
				kind: "coils", address: 1, values: Array(1968).fill(1), changed: true,
				client: "192.0.2.1", unit: 1, function: 15 }] });
			model.follow("registers", i);
			model.apply({ time: new Date().toISOString(), changes: [
				{ kind: "registers", address: i * 7 % 65536, values: [i & 0xffff, 1],
					client: `192.0.${i >> 8}.${i & 255}`, unit: 1, function: 16 }] }, Date.now());
		}
		return [log.entries.length, Math.max(...log.entries.map(({ values }) => values.length)),
			model.histories.size, model.clients.length,
			...[...model.histories.all.values()].map((history) => history.length)];
	});

	const [log, values, histories, clients, ...lengths] = sizes;
	assert.ok(log > 0 && log <= 300, `${log} changes`);
	assert.ok(values <= 125, `${values} values`);
	assert.ok(histories > 0 && histories <= 1024, `${histories} histories`);
	assert.ok(clients <= 1024, `${clients} clients`);
	assert.ok(Math.max(...lengths) <= 240);
});

/* For everybody. ----------------------------------------------------------- */

pageTest("everything can be done by the keyboard",
	{ server: ["--http-write"] }, async ({ server, page, connect }) => {
		const press = (...keys) => keys.reduce((before, key) =>
			before.then(() => page.keyboard.press(key)), Promise.resolve());
		const focused = () => page.evaluate(() => {
			const element = document.activeElement;
			const style = getComputedStyle(element);
			const cell = getComputedStyle(element.firstElementChild || element);
			return { id: element.id, tag: element.tagName, address: element.dataset.address,
				seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 ||
					cell.boxShadow !== "none" };
		});

		await press("/");
		assert.equal((await focused()).id, "address");
		await page.keyboard.type("registers 700-731");
		await press("Enter");
		assert.equal((await focused()).address, "700");
		assert.ok((await focused()).seen, "focus can't be seen in the table");
		await press("ArrowDown", "ArrowDown");
		assert.equal((await focused()).address, "702");
		await press("Enter");
		assert.equal((await focused()).tag, "INPUT");
		await page.keyboard.type("99");
		await press("Enter");
		await expectText(cell(page, 702, "unsigned"), "99");
		assert.deepEqual(await connect(server).read(702, 1), [99]);
		await press("Escape");
		assert.equal((await focused()).id, "map");
		assert.ok((await focused()).seen, "focus can't be seen on the map");
		await press("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft");
		await expectText(page.locator('[data-part="name"]'), "40958");
		await expectText(page.locator("#map-cell"), /^register 957, 40958: 0, not written yet$/);
		await press("Shift+ArrowDown");
		await press("Enter");
		await expectText(page.locator("#range"), /^registers 957 to 1213 /);
		await press("?");
		assert.equal(await page.isVisible("#help"), true);
		await press("Enter");
		assert.equal(await page.isVisible("#help"), false);
		/* Each stop of the tabulator can be seen. */
		await page.evaluate(() => document.activeElement.blur());
		for (let i = 0; i < 25; i++) {
			await press("Tab");
			const at = await focused();
			if (at.tag === "BODY")
				break;
			const radio = await page.evaluate(() => document.activeElement.type === "radio" &&
				getComputedStyle(document.activeElement.nextElementSibling).outlineStyle !== "none");
			assert.ok(at.seen || radio, `focus can't be seen on ${JSON.stringify(at)}`);
		}
	});

/* Runs in the page: texts that stand out too little from what is behind; null
 * while rows fade. */
function faintTexts() {
	if (document.getAnimations().length > 0)
		return null;
	const parse = (text) => {
		const numbers = text.match(/[\d.]+/g).map(Number);
		return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
	};
	const luminance = (rgb) => rgb.map((v) => {
		const c = v / 255;
		return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	}).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const { rgb, alpha } = parse(getComputedStyle(at).backgroundColor);
			if (alpha === 1)
				return rgb;
		}
		return [255, 255, 255];
	};
	const faint = [];
	let seen = 0;

	for (const element of document.body.querySelectorAll("*")) {
		const own = [...element.childNodes].some((node) =>
			node.nodeType === 3 && node.textContent.trim() !== "");
		const box = element.getBoundingClientRect();
		if (!own || box.width < 2 || box.height < 2 || !element.checkVisibility())
			continue;
		const a = luminance(parse(getComputedStyle(element).color).rgb);
		const b = luminance(behind(element));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		seen++;
		if (ratio < 4.5)
			faint.push(`${element.tagName}.${element.className} ` +
				`“${element.textContent.trim().slice(0, 30)}”: ${ratio.toFixed(2)}`);
	}
	return { faint: [...new Set(faint)], seen };
}

for (const colorScheme of ["dark", "light"])
	pageTest(`texts stand out well enough, ${colorScheme}`,
		{ context: { colorScheme }, server: ["--http-write"], expect: /ERR_|Failed to load/ },
		async ({ server, page, connect }) => {
			const check = async (state) => {
				let found;
				await until(async () => {
					found = await page.evaluate(faintTexts);
					return found;
				}, "rows to have faded");
				const { faint, seen } = found;
				assert.ok(seen > 30, `only ${seen} texts`);
				assert.deepEqual(faint, [], state);
			};
			const one = connect(server, "127.0.0.2"), other = connect(server, "127.0.0.3");

			await check("empty");
			for (let i = 1; i < 5; i++) {
				await one.write(30, i);
				await other.write(30, i + 10);
			}
			await other.read(65535, 9);
			for (const tab of ["values", "changes", "clients", "contended"]) {
				await page.click(`#tab-${tab}`);
				await check(tab);
			}
			await goTo(page, "registers 30");
			await one.write(30, 99);
			await expectText(cell(page, 30, "unsigned"), "99");
			await check("fresh");
			await page.click("#help-button");
			await check("help");
			await page.keyboard.press("Escape");
			await server.stop();
			await until(() => page.isVisible("#lost"));
			await check("lost");
		});

pageTest("the theme can be switched, and is kept", {}, async ({ page }) => {
	const ground = () => page.evaluate(() => getComputedStyle(document.documentElement)
		.backgroundColor);
	const dark = await ground();

	await page.click("#theme");
	await page.click("#theme");
	assert.notEqual(await ground(), dark);
	await page.reload();
	await page.waitForSelector("body[data-loaded]");
	assert.notEqual(await ground(), dark);
	await page.click("#theme");
	assert.equal(await ground(), dark);
});

for (const width of [320, 390, 768, 1024])
	pageTest(`nothing sticks out at a width of ${width}`,
		{ context: { ...PHONE, viewport: { width, height: 844 } }, server: ["--http-write"] },
		async ({ server, page, connect }) => {
			const client = connect(server);
			const check = async (state) => assert.ok(await fits(page), state);

			await check("empty");
			await client.write(100, ...Array(60).fill(54321));
			for (const tab of ["values", "changes", "clients", "contended"]) {
				await page.click(`#tab-${tab}`);
				await check(tab);
			}
			await again(async () => {
				const { x, y } = await page.evaluate(() => {
					window.page.map.canvas.scrollIntoView({ block: "center" });
					return window.page.map.centre(128 * 256 + 128);
				});
				await page.touchscreen.tap(x, y);
			}, () => page.isVisible("#values-table"), "the values");
			await expectText(page.locator('[data-part="name"]'), /^43\d{4}$/);
			await check("tapped");
			await page.click("#help-button");
			await check("help");
		});

pageTest("a page that is scrolled by its map has chosen nothing", { context: PHONE },
	async ({ page }) => {
		const session = await page.context().newCDPSession(page);
		const touch = (type, ...touchPoints) =>
			session.send("Input.dispatchTouchEvent", { type, touchPoints });
		const chosen = () => page.evaluate(() =>
			[window.page.map.selection, window.page.map.cursor]);
		const left = []; /* by fingers that were taken back */
		let down = false;

		await page.evaluate(() => document.addEventListener("pointercancel",
			() => { window.taken = true; }));
		/* A finger that rests for half a second, as one does where the browser is not
		 * let run, does not scroll, but marks cells. It is not lifted, but taken
		 * back, which leaves nothing chosen either. */
		await again(async () => {
			if (down) {
				await touch("touchCancel").catch(() => {}); /* unless it never came down */
				left.push(await chosen());
			}
			down = true;
			const { x, y } = await page.evaluate(() => {
				window.page.map.canvas.scrollIntoView({ block: "center" });
				window.from = scrollY;
				window.taken = false;
				return window.page.map.centre(128 * 256 + 100);
			});
			await Promise.all([touch("touchStart", { x, y }),
				...Array.from({ length: 10 }, (_, i) => touch("touchMove", { x, y: y - 12 * (i + 1) }))]);
		}, () => page.evaluate(() => window.taken && scrollY > window.from), "the page to scroll");
		await touch("touchEnd");
		for (const each of [...left, await chosen()])
			assert.deepEqual(each, [null, 0]);
		await again(async () => {
			const { x, y } = await page.evaluate(() => {
				window.page.map.canvas.scrollIntoView({ block: "center" });
				return window.page.map.centre(200 * 256 + 100);
			});
			await page.touchscreen.tap(x, y);
		}, async () => /· 32$/.test(await page.textContent("#range")), "the cell that is tapped");
	});

pageTest("the browser lets the page do nothing that it need not",
	{ expect: /CSP|Content Security Policy|violates/ }, async ({ page }) => {
		const policy = (await page.request.get(page.url())).headers()["content-security-policy"];

		assert.match(policy, /default-src 'none'/);
		assert.doesNotMatch(policy, /unsafe/);
		const ran = await page.evaluate(() => {
			const script = document.createElement("script");
			script.textContent = "window.intruder = true;";
			document.head.append(script);
			return window.intruder === true;
		});
		assert.equal(ran, false);
		const outside = await page.evaluate(() =>
			performance.getEntriesByType("resource").map((entry) => new URL(entry.name).origin)
				.filter((origin) => origin !== location.origin));
		assert.deepEqual(outside, []);
	});

/* To look at. -------------------------------------------------------------- */

/* A plant: four clients fill parts of the table, then go on changing some. */
async function makePlant(server, connect) {
	const [scada, line, energy, panel] = ["127.0.0.10", "127.0.0.21", "127.0.0.37", "127.0.0.90"]
		.map((source) => connect(server, source));
	const fill = async (client, address, values) => {
		for (let i = 0; i < values.length; i += 123)
			await client.write(address + i, ...values.slice(i, i + 123));
	};
	const wave = (n, least, most, period) => Array.from({ length: n }, (_, i) =>
		Math.round(least + (most - least) * (0.5 + 0.5 * Math.sin(i / period))));
	const float = (value) => {
		const view = new DataView(new ArrayBuffer(4));
		view.setFloat32(0, value);
		return [view.getUint16(0), view.getUint16(2)];
	};

	await fill(scada, 4096, wave(2900, 1, 900, 60));
	await fill(line, 12288, wave(1800, 100, 60000, 17));
	await fill(energy, 20480, Array.from({ length: 5200 }, (_, i) => i % 16 < 11 ? 1 + i * i % 4096 : 0));
	await fill(panel, 36864, Array.from({ length: 1200 }, (_, i) => i % 40 < 30 ? 1 << i % 16 : 0));
	await fill(scada, 49152, wave(3600, 0, 255, 230));
	await scada.write(40, ...float(21.5), ...float(-40), ...float(1013.25), ...float(3.6e6));
	for (let i = 0; i < 40; i++)
		await panel.writeCoil(100 + i * 3, true);
	let t = 0;
	return async () => {
		t++;
		await scada.write(16, t % 1000, 500 + Math.round(400 * Math.sin(t / 6)), t >> 3,
			t % 40 < 20 ? 1 : 0, 30000 + (t * 7919) % 900);
		await line.write(12288 + (t * 23) % 1700, ...wave(60, 100, 60000, 5 + t % 7));
		await energy.write(20480 + (t * 331) % 5000, t);
		await (t % 2 ? scada : panel).write(21, 100 + t);
		await panel.read(0, 50);
		await panel.read(16 + t % 4, 1);
		await energy.read(20480, 125);
		if (t % 20 === 0)
			await panel.read(65530, 10);
	};
}

const VIEWS = {
	laptop: { viewport: { width: 1366, height: 768 } },
	large: { viewport: { width: 2560, height: 1440 } },
	phone: PHONE,
};

for (const [name, context] of Object.entries(VIEWS))
	pageTest(`a plant at work, ${name}`, { context },
		async ({ server, page, connect }) => {
			const turn = await makePlant(server, connect);

			await goTo(page, "16-47");
			for (let i = 0; i < 60; i++) {
				const asked = await page.evaluate(() => window.page.model.changes);
				await turn();
				await until(() => page.evaluate((n) => window.page.model.changes > n, asked));
			}
			await expectText(cell(page, 16, "unsigned"), "60");
			const first = await page.evaluate(() => window.page.tabs.chosen);
			for (const colorScheme of ["dark", "light"]) {
				let coloured;
				await page.emulateMedia({ colorScheme });
				await page.evaluate((tab) => window.page.tabs.choose(tab), first);
				await until(async () => {
					coloured = await page.evaluate((dark) => window.page.map.palette.dark === dark &&
						window.page.map.base.filter((p) => p !== window.page.map.palette.paper).length,
					colorScheme === "dark");
					return coloured > 10000;
				}, () => `cells to have a colour, not only ${coloured}`);
				assert.ok(await fits(page));
				await page.evaluate(() => scrollTo(0, 0));
				await screenshot(page, `${name}-${colorScheme}`);
				for (const tab of ["changes", "clients"]) {
					if (!await page.isVisible(`#tab-${tab}`))
						break;
					await page.click(`#tab-${tab}`);
					await page.locator(`#${tab} :is(.client, td.time)`).first().waitFor();
					await page.locator(".panels").evaluate((panels) => panels.scrollIntoView());
					await screenshot(page, `${name}-${colorScheme}-${tab}`);
				}
			}
		});
