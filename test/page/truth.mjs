/* The page shows what is so, and writes what it shows. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { again, cell, choose, expectText, goTo, pageTest, until } from "./harness.mjs";

const LARGE = { viewport: { width: 2560, height: 1440 } };

function floatWords(value) {
	const view = new DataView(new ArrayBuffer(4));

	view.setFloat32(0, value);
	return [view.getUint16(0), view.getUint16(2)];
}

async function api(server, path) {
	return (await fetch(`${server.url}api/${path}`)).json();
}

/* Writing. ----------------------------------------------------------------- */

pageTest("what is edited is written in the type and order that is shown",
	{ server: ["--http-write"] }, async ({ server, page, connect }) => {
		const client = connect(server);
		const value = page.locator("input[name=value]");
		const [high, low] = floatWords(21.5);

		await client.write(100, ...floatWords(20.25), 0, 0);
		await goTo(page, "100-107");
		await choose(page, "float32");
		/* By pointer: the order is that of the column. */
		await expectText(cell(page, 100, "ABCD"), "20.25");
		await cell(page, 100, "ABCD").dblclick();
		assert.equal(await value.inputValue(), "20.25");
		await value.fill("21.5");
		await value.press("Enter");
		await expectText(cell(page, 100, "ABCD"), "21.5");
		assert.deepEqual(await client.read(100, 2), [high, low]);
		await cell(page, 102, "CDAB").dblclick();
		await value.fill("21.5");
		await value.press("Enter");
		await expectText(cell(page, 102, "CDAB"), "21.5");
		assert.deepEqual(await client.read(102, 2), [low, high]);
		/* By the keyboard: arrows choose the order. */
		await page.locator("#values-table tr.here").focus();
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("ArrowLeft");
		await page.keyboard.press("Enter");
		await page.keyboard.type("-1e3");
		await page.keyboard.press("Enter");
		await expectText(cell(page, 104, "ABCD"), "-1000");
		assert.deepEqual(await client.read(104, 2), floatWords(-1000));
		await choose(page, "int32");
		await cell(page, 106, "ABCD").dblclick();
		await value.fill("-2");
		await value.press("Enter");
		await expectText(cell(page, 106, "ABCD"), "-2");
		assert.deepEqual(await client.read(106, 2), [0xffff, 0xfffe]);
		await choose(page, "word");
		await cell(page, 100, "signed").dblclick();
		await value.fill("-3");
		await value.press("Enter");
		await expectText(cell(page, 100, "signed"), "-3");
	});

pageTest("the form writes as the view shows", { server: ["--http-write"] },
	async ({ server, page, connect }) => {
		const client = connect(server);

		await goTo(page, "registers 100");
		await choose(page, "float32");
		await page.fill("input[name=value]", "21.5");
		await page.press("input[name=value]", "Enter");
		await expectText(page.locator('[data-part="note"]'), "Written to 40101.");
		assert.deepEqual(await client.read(100, 2), floatWords(21.5));
	});

pageTest("a value that was entered does not move to another address",
	{ server: ["--http-write"] }, async ({ page }) => {
		const value = page.locator("input[name=value]");
		const here = page.locator("#values-table tr.here");

		for (const move of [
			() => goTo(page, "registers 200"),
			() => cell(page, 202, "unsigned").click(),
			() => page.keyboard.press("ArrowDown"),
			() => choose(page, "coils"),
		]) {
			await value.fill("1234");
			if (await here.isVisible())
				await here.focus();
			await move();
			assert.equal(await value.inputValue(), "", String(move));
		}
	});

pageTest("a number with a comma is refused", { server: ["--http-write"] },
	async ({ server, page, connect }) => {
		await goTo(page, "registers 300");
		for (const type of ["uint16", "int16", "float32", "int32", "uint32"]) {
			await page.selectOption("select[name=type]", type);
			await page.fill("input[name=value]", "1,234");
			await page.press("input[name=value]", "Enter");
			await expectText(page.locator('[data-part="note"]'), /comma/);
			assert.equal(await page.getAttribute('[data-part="note"]', "data-mood"), "bad");
		}
		assert.deepEqual(await connect(server).read(300, 2), [0, 0]);
	});

/* Who wrote what. ---------------------------------------------------------- */

pageTest("a write of the same value changes the writer and the age",
	{ server: ["--http-write"] }, async ({ server, page, connect }) => {
		const one = connect(server, "127.0.0.11"), other = connect(server, "127.0.0.12");
		const writer = page.locator('[data-part="writer"]');

		await one.write(500, 5);
		await one.write(500, 6);
		await one.writeCoil(500, true);
		await goTo(page, "registers 500-503");
		await expectText(cell(page, 500, "writer"), "127.0.0.11");
		/* In s or min, according to how long this takes. */
		await until(async () => !/^[0-4] s$/.test(await cell(page, 500, "age").textContent()));
		await other.write(500, 6);
		await expectText(cell(page, 500, "writer"), "127.0.0.12");
		await expectText(writer, "127.0.0.12");
		await expectText(cell(page, 500, "changes"), "2");
		await expectText(page.locator('[data-part="changes"]'), "· 2 changes");
		/* Again where it was not looked at in time. */
		await again(() => other.write(500, 6), async () =>
			/^[0-4] s$/.test(await cell(page, 500, "age").textContent()), "the age");
		await expectText(cell(page, 500, "changes"), "2");
		/* Through the API as well. */
		await fetch(`${server.url}api/registers`, { method: "PUT",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ address: 500, values: [6] }) });
		await expectText(cell(page, 500, "writer"), "127.0.0.1");
		await goTo(page, "coils 500");
		await expectText(writer, "127.0.0.11");
		await other.writeCoil(500, true);
		await expectText(writer, "127.0.0.12");
		const [{ client }] = await api(server, "writers?kind=coils&address=500");
		assert.equal(client, "127.0.0.12");
	});

pageTest("the map shows who has written the same value", {},
	async ({ server, page, connect }) => {
		const one = connect(server, "127.0.0.11"), other = connect(server, "127.0.0.12");
		const writer = (kind) => page.evaluate((name) =>
			window.page.model.writer(name, 30000), kind);

		await one.write(30000, 6);
		await one.writeCoil(30000, true);
		await until(async () => await writer("registers") === "127.0.0.11");
		await other.write(30000, 6);
		await other.writeCoil(30000, true);
		await until(async () => await writer("registers") === "127.0.0.12");
		await until(async () => await writer("coils") === "127.0.0.12");
	});

pageTest("the number of changes is the server's, everywhere", {},
	async ({ server, page, connect }) => {
		const client = connect(server);

		for (let i = 1; i <= 40; i++)
			await client.write(600, i);
		await goTo(page, "registers 600");
		await expectText(cell(page, 600, "changes"), "40");
		await expectText(page.locator('[data-part="changes"]'), "· 40 changes");
		await page.reload();
		await page.waitForSelector("body[data-loaded]");
		await expectText(cell(page, 600, "changes"), "40");
		await expectText(page.locator('[data-part="changes"]'), "· 40 changes");
	});

/* The list of changes. ----------------------------------------------------- */

/* Write one register again and again, all at once, without waiting for replies,
 * which are lost: the client is of no further use. */
function pipeline(client, address, values) {
	const requests = values.map((value) => [0, 1, 0, 0, 0, 6, 1, 6, address >> 8, address & 255,
		value >> 8, value & 255]);

	client.socket.resume();
	return new Promise((resolve) => {
		client.socket.write(Buffer.from(requests.flat()), resolve);
	});
}

{
	const folder = mkdtempSync(path.join(tmpdir(), "page-truth-"));
	const file = path.join(folder, "plant.csv");
	writeFileSync(file, "name,address,type,units\nflow,HR100,float32,m3/h\nlevel,HR120,,\n" +
		"speed,HR121,,\nvalve,HR149,float32,\nfar,HR151,,\nlamp,C7,,\nfault,HR40.2,bool,\n");
	process.on("exit", () => rmSync(folder, { recursive: true }));

	pageTest("each write is one entry, with the points and values that it wrote",
		{ server: ["--points", file] }, async ({ page, server, connect }) => {
			const client = connect(server);
			const rows = page.locator("#changes-rows tr");
			const first = (part) => rows.first().locator(part);
			const values = [0x41ac, 0, ...Array(48).fill(7)];

			await page.click("#tab-changes");
			await client.write(100, ...values);
			await expectText(first("button"), "registers 100–149");
			await expectText(first(".values"),
				`${values.slice(0, 12).join(" ")} … 38 more`);
			await expectText(first(".names"), "flow 21.5 m3/h, level 7, speed 7 +1");
			assert.match(await first(".names").getAttribute("title"), /, valve$/);
			/* Only some of the values change, then none. */
			values[49] = 8;
			await client.write(100, ...values);
			await until(async () => await rows.count() === 2);
			await expectText(first("button"), "registers 100–149");
			await client.write(100, ...values);
			await until(async () => await rows.count() === 3);
			await expectText(first(".values"), /… 38 more, unchanged$/);
			await client.writeCoil(7, true);
			await expectText(first(".names"), "lamp true");
			await client.write(40, 4);
			await expectText(first(".names"), "fault true");
			assert.equal(await rows.count(), 5);
		});
}

pageTest("of writes within a moment none is lost", {}, async ({ server, page, connect }) => {
	const values = Array.from({ length: 30 }, (_, i) => i >> 1); /* each value twice */

	await page.click("#tab-changes");
	await pipeline(connect(server), 5, values);
	await until(() => page.evaluate(() => window.page.log.entries.length === 30));
	assert.deepEqual(await page.evaluate(() => window.page.log.entries.map(
		({ address, values: [value], changed }) => [address, value, changed])),
	values.map((value, i) => [5, value, i > 1 && i % 2 === 0]));
	await until(async () => await page.locator("#changes-rows tr").count() === 30);
	await expectText(page.locator("#changes-rows tr .values").first(), "14, unchanged");
});

pageTest("writes that are too many to list are counted, and the list says so", {},
	async ({ server, page, connect }) => {
		const client = connect(server);

		await page.click("#tab-changes");
		await page.evaluate(() => {
			const { log } = window.page, add = log.add.bind(log);
			window.told = { listed: 0, counted: 0, missed: 0 };
			log.add = (entry) => {
				window.told.listed += entry.values?.length ? 1 : 0;
				window.told.counted += entry.writes ?? 0;
				window.told.missed += entry.missed ?? 0;
				add(entry);
			};
		});
		await pipeline(connect(server), 5, Array.from({ length: 5000 }, (_, i) => i));
		await until(() => page.evaluate(() => window.page.model.registers[5] === 4999));
		/* What was missed last is known with the next write. */
		await until(async () => {
			await client.write(6, 1);
			return page.evaluate(() => window.page.log.next > 5000);
		});
		const { told, next } = await page.evaluate(() =>
			({ told: window.told, next: window.page.log.next }));
		assert.equal(told.listed + told.counted + told.missed, next - 1);
		assert.ok(told.counted > 0);
		await page.evaluate(() => window.page.feed.tell("writes", { number: window.page.log.next,
			writes: [{ time: "2026-01-01T00:00:00Z", kind: "coils", address: 1, values: [1],
				changed: true, client: "127.0.0.1", unit: 1, function: 5 }],
			more: { time: "2026-01-01T00:00:00Z", writes: 1234, values: 5678, client: null,
				ranges: [{ kind: "coils", address: 5, quantity: 1 },
					{ kind: "registers", address: 0, quantity: 65536 }] } }));
		const row = page.locator("#changes-rows tr").first();
		await expectText(row.locator("td").nth(1), "coil 5registers 0–65535");
		await expectText(row.locator(".values"),
			"▲ 1,234 more writes of 5,678 values, too many to list");
		await expectText(row.locator("td").nth(3), "several clients");
	});

pageTest("writes while the page is not connected are counted, and the list says so", {},
	async ({ server, page, connect, open }) => {
		const client = connect(server);
		const rows = page.locator("#changes-rows tr");
		const entries = (tab) => tab.evaluate(() => window.page.log.entries.length);

		await page.click("#tab-changes");
		await client.write(5, 1);
		await until(async () => await rows.count() === 1);
		await page.evaluate(() => window.page.feed.line.line.close());
		await client.write(5, 2);
		await client.write(5, 2);
		await page.evaluate(() => window.page.feed.line.line.open());
		await expectText(rows.first().locator("td").nth(1),
			"▲ 2 writes are not listed: this page was not connected, or received too slowly.");
		/* A page that is opened later knows of none, and then of the same. */
		const other = await open(server);
		assert.equal(await entries(other), 0);
		await client.write(5, 3);
		await until(async () => await entries(page) === 3 && await entries(other) === 1);
	});

pageTest("a click in the list does not stop it, and Pause does",
	{ context: LARGE }, async ({ server, page, connect }) => {
		const client = connect(server);
		const first = page.locator("#changes-rows tr").first().locator(".values");

		await client.write(10, 1);
		await expectText(first, "1");
		await page.locator("#changes-rows button").first().click();
		await client.write(10, 2);
		await expectText(first, "2");
		assert.equal(await page.textContent("#pause"), "Pause");
		assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON");
		await page.click("#pause");
		await client.write(10, 3);
		await until(() => page.evaluate(() => window.page.model.registers[10] === 3));
		await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
		await expectText(first, "2");
		await page.click("#pause");
		await expectText(first, "3");
	});

/* What is shown. ----------------------------------------------------------- */

pageTest("rows of 32 bits begin at the address that was asked for", {},
	async ({ server, page, connect }) => {
		await connect(server).write(1001, ...floatWords(1.5), ...floatWords(-8));
		await goTo(page, "1001-1010");
		await choose(page, "float32");
		await expectText(cell(page, 1001, "ABCD"), "1.5");
		await goTo(page, "1001");
		await expectText(cell(page, 1001, "ABCD"), "1.5");
		await expectText(cell(page, 1003, "ABCD"), "-8");
		await goTo(page, "1000");
		await expectText(page.locator("#values-table tr.here th b"), "1000");
		/* Also when the address came first. */
		await choose(page, "word");
		await goTo(page, "1001");
		await choose(page, "float32");
		await expectText(page.locator("#values-table tr.here th b"), "1001");
		await goTo(page, "65535");
		await expectText(page.locator('[data-part="name"]'), "465536");
	});

pageTest("the tip at the pointer shows the present value", {}, async ({ server, page, connect }) => {
	const client = connect(server);

	/* Again where the map has moved meanwhile. */
	await until(async () => {
		const { x, y } = await page.evaluate(() => window.page.map.centre(2570));
		await page.mouse.move(x, y);
		return await page.locator("#tip b").textContent() === "42571 = 0 · 0x0000";
	});
	await client.write(2570, 255);
	await expectText(page.locator("#tip b"), "42571 = 255 · 0x00FF");
});

pageTest("what could not be seen is true when it comes into view", {},
	async ({ server, page, connect }) => {
		const client = connect(server);
		const drawn = () => page.evaluate(() => window.page.frames.drawn("cell"));

		await goTo(page, "2570");
		await page.click("#tab-watch"); /* on a laptop, in the inspector's place */
		await until(() => page.evaluate(() => !window.page.inspector.visible));
		const before = await drawn();
		await client.write(2570, 255);
		await until(() => page.evaluate(() => window.page.model.registers[2570] === 255));
		/* With the pointer there, the tip needs to be drawn. */
		assert.equal(await drawn(), before);
		await until(async () => {
			const { x, y } = await page.evaluate(() => window.page.map.centre(2570));
			await page.mouse.move(x, y);
			return await page.locator("#tip b").textContent() === "42571 = 255 · 0x00FF";
		});
		await client.write(2570, 256);
		await expectText(page.locator("#tip b"), "42571 = 256 · 0x0100");
		await page.click("#tab-values");
		await expectText(page.locator('[data-part="value"]'), "256");
	});

pageTest("a trend has steps, over time", {}, async ({ server, page, connect }) => {
	const client = connect(server);

	await page.evaluate(() => {
		window.slopes = 0;
		window.lines = 0;
		const { moveTo, lineTo } = CanvasRenderingContext2D.prototype;
		CanvasRenderingContext2D.prototype.moveTo = function (x, y) {
			this.at = [x, y];
			moveTo.call(this, x, y);
		};
		CanvasRenderingContext2D.prototype.lineTo = function (x, y) {
			if (this.canvas.className === "trend") {
				window.lines++;
				if (x !== this.at[0] && y !== this.at[1])
					window.slopes++;
			}
			this.at = [x, y];
			lineTo.call(this, x, y);
		};
	});
	await goTo(page, "coils 40");
	for (let i = 0; i < 40; i++) {
		await client.writeCoil(40, i % 2 === 0);
		await expectText(cell(page, 40, "bit"), i % 2 === 0 ? "1 on" : "0 off");
	}
	await until(() => page.evaluate(() => window.lines > 80));
	assert.equal(await page.evaluate(() => window.slopes), 0);
	const times = await page.evaluate(() =>
		[...window.page.model.histories.get("coils", 40).times].slice(0, 41));
	assert.deepEqual(times, [...times].sort((a, b) => a - b));
});

/* The URL. ----------------------------------------------------------------- */

pageTest("the URL leads to what is shown", {}, async ({ server, page, open }) => {
	await goTo(page, "HR1000-1009");
	await choose(page, "float32");
	await cell(page, 1004, "CDAB").click();
	await choose(page, "age");
	await until(async () => /order=CDAB/.test(page.url()) && /mode=age/.test(page.url()));
	const url = page.url();
	assert.equal(new URL(url).hash,
		"#tab=values&range=HR1000-1009&cursor=1004&mode=age&view=float32&order=CDAB");
	const check = async (shown) => {
		await expectText(shown.locator("#range"), /^registers 1000 to 1009 /);
		await expectText(shown.locator('[data-part="name"]'), "41005");
		await expectText(cell(shown, 1004, "CDAB"), "0");
		assert.equal(await shown.isVisible("#values"), true);
		assert.equal(await shown.evaluate(() => window.page.map.mode), "age");
	};
	await page.reload();
	await page.waitForSelector("body[data-loaded]");
	await check(page);
	const other = await open({ url });
	await check(other);
	/* A link that is entered while the page is open; what it does not have is the
	 * fallback, but for what belongs to others. */
	await other.evaluate(() => { location.hash = "#tab=values&range=C5&x=1"; });
	await expectText(other.locator('[data-part="name"]'), "00006");
	assert.equal(await other.evaluate(() => window.page.map.mode), "value");
	await choose(other, "writer");
	await until(() => /x=1/.test(other.url()) && /mode=writer/.test(other.url()));
	/* The browser keeps the order; a URL that has one wins. */
	const plain = await open(server);
	assert.equal(await plain.evaluate(() => window.page.store.get("order")), "CDAB");
	const linked = await open({ url: `${server.url}#order=DCBA` });
	assert.equal(await linked.evaluate(() => window.page.store.get("order")), "DCBA");
	for (const bad of ["range=x", "cursor=99999", "view=no", "tab=none", "range", "%", "order=%zz"]) {
		await page.evaluate((hash) => { location.hash = `#tab=values&${hash}`; }, bad);
		await until(() => page.evaluate(() => window.page.store.get("tab") !== undefined));
	}
});

pageTest("a link to the map is none to the store", {}, async ({ page }) => {
	await goTo(page, "HR1000-1009");
	await until(() => /range=/.test(page.url()));
	await page.evaluate(() => { location.hash = "#map"; });
	await expectText(page.locator("#range"), /^registers 1000 to 1009 /);
});
