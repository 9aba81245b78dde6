/* Watch lists, points and trends. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { DEADLINE, PHONE, again, choose, expectText, fits, goTo, pageTest, screenshot, until } from "./harness.mjs";
import { Series, allRows, countBetween, csv, drawnRows } from "../../src/page/series.js";
import { valuesOf } from "../../src/page/past.js";
import { decode, inUnits, parseTyped, typedText } from "../../src/page/typed.js";
import { formatList, parseList } from "../../src/page/watchlists.js";

const folder = mkdtempSync(path.join(tmpdir(), "watch-test-"));
const POINTS = path.join(folder, "plant.csv");

writeFileSync(POINTS, `name,address,type,order,value,scale,units,access,description
supply,HR0,int16,,62.5,0.1,degC,,sensor T1
setpoint,HR10,int16,,65,0.1,degC,rw,
flow,HR20,float32,CDAB,12.75,,m3/h,,
energy,HR22,uint64,CDAB,18446744073709551615,,Wh,,
model,HR30,string16,,BH-200,,,,
status,HR40,uint16,,5,,,,
fault,HR40.2,bool,,,,,,
sealed,HR50,uint16,,7,,,ro,
"pump; 100%~on",C0,bool,,true,,,rw,
`);
test.after(() => rmSync(folder, { recursive: true, force: true }));

const STATE = path.join(folder, "state");

execFileSync(process.env.MBASYNCSERVER, ["--state", STATE, "--state-create"], { stdio: "ignore" });

const WITH_POINTS = { server: ["--http-write", "--points", POINTS] };

const row = (page, name, panel = "watch") =>
	page.locator(`#${panel} tr`).filter({ has: page.locator("th b", { hasText: name }) });
const value = (page, name, panel) => row(page, name, panel).locator("td.value > span");
const names = (page, panel = "watch") => page.locator(`#${panel} tbody th b`).allTextContents();

async function add(page, text, type = "uint16", order = "ABCD") {
	await page.fill("#watch-add", text);
	await page.selectOption("#watch form.add select >> nth=0", type);
	await page.selectOption("#watch form.add select >> nth=1", order);
	await page.press("#watch-add", "Enter");
}

async function openAt(open, server, hash) {
	return open({ url: server.url + hash });
}

function words(server, point) {
	return fetch(`${server.url}api/points/${encodeURIComponent(point)}`)
		.then((reply) => reply.json());
}

/* What needs no page. ------------------------------------------------------ */

test("values are read from words as the server reads them", () => {
	const bits = (type, order, ...given) => decode(given, { type, order });

	assert.equal(bits("int16", "ABCD", 0xfffe), -2);
	assert.equal(bits("int16", "BADC", 0xfeff), -2);
	assert.equal(bits("float32", "CDAB", 0x0000, 0x414c), 12.75);
	assert.equal(bits("uint32", "DCBA", 0x7856, 0x3412), 0x12345678);
	assert.equal(bits("uint64", "ABCD", 0xffff, 0xffff, 0xffff, 0xfffd), 2n ** 64n - 3n);
	assert.equal(bits("int64", "CDAB", 0xfffd, 0xffff, 0xffff, 0xffff), -3n);
	assert.equal(bits("float64", "CDAB", 0, 0, 0x8000, 0x4029), 12.75);
	assert.equal(bits("string5", "ABCD", 0x4241, 0x4443, 0x4546), "BADCE");
	assert.equal(bits("string5", "BADC", 0x4142, 0x0044, 0x4546), "BAD");
	assert.equal(inUnits(663, { type: "int16", scale: 0.1 }), 66.3);
	assert.equal(inUnits(1000003, { type: "int32", divisor: 1000, offset: -1000 }), 0.003);
	assert.equal(inUnits(2n ** 60n, { type: "int64" }), 2n ** 60n);
	assert.equal(typedText(decode([0x41ac, 0], { type: "float32" }), { type: "float32" }), "21.5");
	assert.equal(typedText(-Infinity, { type: "float64" }), "-Infinity");
});

test("what is entered becomes what the server takes", () => {
	const entered = (text, type, more) => parseTyped(text, { type, ...more });

	assert.deepEqual(entered("0x10", "uint16"), { value: 16 });
	assert.deepEqual(entered("-9007199254740993", "int64"), { value: "-9007199254740993" });
	assert.deepEqual(entered("66.5", "int16", { scale: 0.1 }), { value: 66.5 });
	assert.deepEqual(entered(" on ", "bool"), { value: true });
	assert.deepEqual(entered(" as it is", "string16"), { value: " as it is" });
	assert.deepEqual(entered("NaN", "float32"), { value: "NaN" });
	for (const [text, type] of [["1,234", "uint16"], ["1.5", "uint16"], ["", "float32"],
		["2", "bool"], ["1e999", "float64"], ["0x10", "float32"]])
		assert.ok(entered(text, type).error, `${text} as ${type}`);
});

test("a list is the same after it was a text", () => {
	const list = [{ key: "a;b~c%3B", scale: "auto" }, { key: "@HR16:float32:CDAB", scale: "" },
		{ key: "%2540", scale: "D" }];

	assert.deepEqual(parseList(formatList(list)), list);
	assert.deepEqual(parseList("a;a~B;;b~nothing;c~~d"), [{ key: "a", scale: "" }]);
});

test("a series has each change, and at most so many", () => {
	const series = new Series();

	for (const [time, one] of [[10, 1], [20, 1], [30, 2], [30, 3], [40, NaN], [45, NaN],
		[50, 2n ** 60n + 1n], [50, 2n ** 60n + 1n], [60, 5n]])
		series.push(time, one);
	assert.deepEqual(allRows([series], 5, 70), [[5, NaN], [10, 1], [30, 3], [40, NaN],
		[50, 2n ** 60n + 1n], [60, 5]]);
	series.prepend([[1, 8], [2, 9], [10, 77]]);
	assert.deepEqual([1, 2, 9, 10].map((time) => series.at(time)), [8, 9, 9, 1]);
	for (let i = 0; i < 100000; i++)
		series.push(100 + i, i);
	assert.ok(series.length <= 40000 && series.length >= 30000 - 1);
	assert.equal(series.at(100000), 99900);
	assert.equal(series.exact.size, 0);
});

test("rows that are drawn lose no peak, and are bounded", () => {
	const series = [new Series(), new Series()];

	for (let i = 0; i < 30000; i++) {
		series[0].push(i, i === 12345 ? 1000 : Math.sin(i / 100));
		series[1].push(i, i === 54 ? -7 : i & 1);
	}
	const rows = drawnRows(series, 0, 30000, 400);
	assert.ok(rows.length <= 201, `${rows.length} rows`);
	assert.equal(Math.max(...rows.map((one) => one[1])), 1000);
	assert.equal(Math.min(...rows.map((one) => one[2])), -7);
	assert.equal(countBetween(series, 100, 200), 200);
	rows.slice(1).forEach((one, i) => assert.ok(one[0] >= rows[i][0]));
	assert.equal(rows.at(-1)[0], 30000);
});

test("CSV is quoted where it must be", () => {
	assert.equal(csv(['a "b", c', "d"], [[0, 1.5, NaN], [1, 2n ** 63n, -1]]),
		'time,"a ""b"", c",d\r\n1970-01-01T00:00:00.000Z,1.5,\r\n' +
		"1970-01-01T00:00:00.001Z,9223372036854775808,-1\r\n");
});

test("the past of a value is made of writes of its words", () => {
	const item = { kind: "registers", address: 20, quantity: 2, type: "uint32", order: "ABCD" };
	const model = { get: (kind, address) => address };
	const rows = [{ time: 5, address: 18, before: [0, 0, 7], after: [0, 0, 1] },
		{ time: 6, address: 21, before: [21, 0], after: [2, 9] }];

	assert.deepEqual(valuesOf(item, rows, 1, model, (time) => time),
		[[1, 7 * 65536 + 21], [5, 65536 + 21], [6, 65536 + 2]]);
	assert.deepEqual(valuesOf({ ...item, bit: 4, quantity: 1, type: "bool" }, rows.slice(1), 1,
		model, (time) => time), [[1, true], [6, true]]);
});

/* Lists. ------------------------------------------------------------------- */

pageTest("points and addresses of any type are watched, after a reload too", WITH_POINTS,
	async ({ server, page, connect }) => {
		const client = connect(server);

		await page.click("#tab-watch");
		for (const name of ["flow", "energy", "model", "pump; 100%~on"])
			await add(page, name);
		await add(page, "HR100-103", "float32", "CDAB");
		await add(page, "C7");
		await add(page, "HR40.2");
		await add(page, "22", "int64", "CDAB");
		await client.write(100, 0, 0x41ac, 0, 0xc040);
		const check = async () => {
			await expectText(value(page, "flow"), "12.75");
			await expectText(value(page, "energy"), "18446744073709551615");
			await expectText(value(page, "HR22"), "-1");
			await expectText(value(page, "model"), "BH-200");
			await expectText(value(page, "pump; 100%~on"), "1 on");
			await expectText(value(page, "HR100"), "21.5");
			await expectText(value(page, "HR102"), "-3");
			await expectText(value(page, "C7"), "0 off");
			await expectText(value(page, "HR40.2"), "1 on");
			await expectText(row(page, "HR100").locator("td.writer"), "127.0.0.1");
			await expectText(row(page, "HR100").locator("td.at"), "HR100 · 40101");
		};
		await check();
		await until(async () => (await page.evaluate(() => location.hash)).includes("HR22:int64"));
		await page.reload();
		await check();
		/* The browser has it, too. */
		await page.goto("about:blank");
		await page.goto(server.url);
		await page.click("#tab-watch");
		await check();
		await add(page, "no such thing");
		await expectText(page.locator("#watch > .note"), /neither a point nor an address/);
		await add(page, "65535", "float32");
		await expectText(page.locator("#watch > .note"), "There is no float32 at 65535.");
	});

pageTest("lists have names, and a link loses none", WITH_POINTS, async ({ server, page, open }) => {
	const name = async (button, text) => {
		await page.click(`#watch button:text-is("${button}")`);
		await page.fill(".name-dialog input", text);
		await page.keyboard.press("Enter");
	};

	await page.click("#tab-watch");
	await add(page, "flow");
	await name("New", "Boiler");
	await until(async () => (await names(page)).length === 0);
	await add(page, "supply");
	await add(page, "setpoint");
	await page.selectOption("#watch-list", "Watch");
	await until(async () => String(await names(page)) === "flow");
	await page.selectOption("#watch-list", "Boiler");
	await until(async () => String(await names(page)) === "supply,setpoint");
	await name("Rename", "Boiler 2");
	const other = await openAt(open, server, "#tab=watch&list=Watch&watch=energy~B;@C5");
	await until(async () => String(await names(other)) === "energy,C5");
	assert.deepEqual(await other.locator("#watch-list option").allTextContents(),
		["Watch", "Boiler 2", "Watch (link)"]);
	/* What one tab changes, another one that shows the list has at once. */
	await other.selectOption("#watch-list", "Boiler 2");
	await until(async () => String(await names(other)) === "supply,setpoint");
	await row(page, "supply").locator("button").click();
	await until(async () => String(await names(other)) === "setpoint");
	await page.click('#watch button:text-is("Delete")');
	await until(async () => await page.inputValue("#watch-list") === "Watch");
});

pageTest("values are edited in place, in the type and order that is shown",
	{ ...WITH_POINTS, expect: /status of 400/ },
	async ({ server, page, connect }) => {
		const client = connect(server);
		const enter = async (name, text) => {
			await row(page, name).locator("td.at").click();
			await page.keyboard.press("Enter");
			await page.fill("#watch td.value input", text);
			await page.keyboard.press("Enter");
		};
		const note = page.locator("#watch > .note");

		await page.click("#tab-watch");
		for (const name of ["flow", "setpoint", "energy", "model", "sealed", "pump; 100%~on",
			"fault"])
			await add(page, name);
		await add(page, "HR100", "float32", "CDAB");
		await add(page, "HR104", "uint64", "DCBA");
		await add(page, "C5");
		await add(page, "HR110.15");
		await client.write(110, 1);
		await enter("flow", "21.5");
		await expectText(note, "21.5 written to flow.");
		await expectText(value(page, "flow"), "21.5");
		assert.deepEqual(await client.read(20, 2), [0, 0x41ac]);
		await enter("setpoint", "66.5");
		await expectText(value(page, "setpoint"), "66.5");
		assert.deepEqual(await client.read(10, 1), [665]);
		await enter("HR100", "-3");
		await expectText(value(page, "HR100"), "-3");
		assert.deepEqual(await client.read(100, 2), [0, 0xc040]);
		await enter("HR104", "9223372036854775809");
		await expectText(value(page, "HR104"), "9223372036854775809");
		assert.deepEqual(await client.read(104, 4), [0x0100, 0, 0, 0x0080]);
		await enter("energy", "18446744073709551614");
		await expectText(value(page, "energy"), "18446744073709551614");
		await enter("model", "XY, 7");
		await expectText(value(page, "model"), "XY, 7");
		/* Errors, and what clients may not write. */
		await enter("flow", "1,5");
		await expectText(note, /A comma is ambiguous/);
		assert.equal(await page.getAttribute("#watch td.value input", "aria-invalid"), "true");
		await page.keyboard.press("Escape");
		await enter("setpoint", "9000");
		await expectText(note, /Not written to setpoint: .*expected a number/);
		await page.keyboard.press("Escape");
		await expectText(value(page, "setpoint"), "66.5");
		await row(page, "sealed").locator("td.at").click();
		await page.keyboard.press("Enter");
		await expectText(note, "sealed is read-only: clients may not write it.");
		/* Space toggles. */
		for (const [name, after] of [["pump; 100%~on", "0 off"], ["C5", "1 on"],
			["fault", "0 off"], ["HR110.15", "1 on"]]) {
			await row(page, name).locator("td.at").click();
			await page.keyboard.press("Space");
			await expectText(value(page, name), after);
		}
		assert.deepEqual(await client.read(110, 1), [0x8001]);
		await enter("HR110.15", "0");
		await expectText(value(page, "HR110.15"), "0 off");
		assert.equal((await words(server, "pump; 100%~on")).value, false);
		assert.equal((await words(server, "status")).value, 1);
	});

pageTest("a server that is read-only is not written from a list", { server: [] },
	async ({ page }) => {
		await page.click("#tab-watch");
		await add(page, "C5");
		await row(page, "C5").locator("td.at").click();
		await page.keyboard.press("Space");
		await expectText(page.locator("#watch > .note"), /^Read-only/);
		assert.equal(await page.locator("#tab-points").count(), 0);
	});

pageTest("a list is filtered, sorted, moved and removed from", WITH_POINTS,
	async ({ server, page, connect }) => {
		const client = connect(server);

		await page.click("#tab-watch");
		for (const name of ["flow", "energy", "setpoint", "supply"])
			await add(page, name);
		await page.fill('#watch input[type="search"]', "DEGC");
		await until(async () => String(await names(page)) === "setpoint,supply");
		await page.fill('#watch input[type="search"]', "t1");
		await until(async () => String(await names(page)) === "supply");
		await page.fill('#watch input[type="search"]', "");
		await page.click('#watch th.name button');
		await until(async () => String(await names(page)) === "energy,flow,setpoint,supply");
		await client.write(10, 700);
		await page.click('#watch th.age button');
		await until(async () => (await names(page))[0] === "setpoint");
		await page.click('#watch th.age button');
		await until(async () => String(await names(page)) === "flow,energy,setpoint,supply");
		await row(page, "supply").locator("td.at").click();
		await page.keyboard.press("Alt+ArrowUp");
		await until(async () => String(await names(page)) === "flow,energy,supply,setpoint");
		await page.keyboard.press("Delete");
		await until(async () => String(await names(page)) === "flow,energy,setpoint");
		assert.equal(await page.evaluate(() => document.activeElement.dataset.key), "setpoint");
		await choose(page, "coils");
		await row(page, "energy").locator("td.at").click();
		await until(() => page.evaluate(() => window.page.map.cursor === 22 &&
			window.page.map.kind === "registers"));
		/* Another address, by a key. */
		await goTo(page, "HR30");
		await page.keyboard.press("Escape");
		await page.keyboard.press("w");
		await page.click("#tab-watch");
		await until(async () => (await names(page)).at(-1) === "HR30");
	});

/* Points. ------------------------------------------------------------------ */

pageTest("all points are listed, and the address box knows their names", WITH_POINTS,
	async ({ page }) => {
		await page.click("#tab-points");
		await until(async () => (await names(page, "points")).length === 9);
		/* They are loaded once, for all that needs them. */
		assert.equal(await page.evaluate(() => performance.getEntriesByType("resource")
			.filter(({ name }) => name.endsWith("/api/points")).length), 1);
		await expectText(value(page, "energy", "points"), "18446744073709551615");
		await expectText(row(page, "flow", "points").locator("td.raw"), "0x0000 0x414C");
		await expectText(row(page, "sealed", "points").locator("th small"), "ro");
		await row(page, "flow", "points").locator("button").click();
		await page.click("#tab-watch");
		await until(async () => String(await names(page)) === "flow");
		await page.keyboard.press("Escape");
		await page.keyboard.press("/");
		await page.keyboard.type("set");
		await expectText(page.locator("#goto-note"), "setpoint: register 10");
		await page.keyboard.press("Enter");
		await until(() => page.evaluate(() => window.page.map.cursor === 10));
		await goTo(page, "energy");
		await until(() => page.evaluate(() => window.page.map.cursor === 22));
	});

writeFileSync(path.join(folder, "many.csv"), "name,address\n" +
	Array.from({ length: 20000 }, (_, i) => `p${i},HR${i}\n`).join(""));

pageTest("of 20,000 points those are drawn that are seen",
	{ server: ["--points", path.join(folder, "many.csv")] }, async ({ server, page, connect }) => {
		await page.click("#tab-points");
		await until(async () => (await names(page, "points")).length > 0);
		assert.ok((await names(page, "points")).length < 60);
		await page.fill('#points input[type="search"]', "p1999");
		await until(async () => (await names(page, "points")).length === 11);
		await connect(server).write(19995, 4321);
		await expectText(value(page, "p19995", "points"), "4321");
		await page.fill('#points input[type="search"]', "");
		await page.locator("#points tr.here").click({ position: { x: 60, y: 10 } });
		await page.keyboard.press("End");
		await expectText(value(page, "p19999", "points"), "0");
	});

/* Trends. ------------------------------------------------------------------ */

const TRENDED = "#tab=watch&span=1+min&watch=supply~auto;flow~auto;energy~B;fault~auto";

pageTest("trends have the values of their time, and CSV has them exactly", WITH_POINTS,
	async ({ server, page, open, connect }) => {
		const client = connect(server);
		/* All of it, however long it takes. */
		const trended = await openAt(open, server, TRENDED.replace("span=1+min", "span=15+min"));
		const series = (key) => trended.evaluate((name) => {
			const { times, values, length } = window.page.trend.series.get(name);
			return Array.from({ length }, (_, i) => [times[i], values[i]])
				.filter(([, one]) => !Number.isNaN(one)); /* while the server was gone */
		}, key);

		await page.close();
		await until(() => trended.evaluate(() => [...window.page.trend.lanes.values()]
			.every(({ graph }) => graph)));
		assert.deepEqual(await trended.locator(".lane > p").allTextContents(),
			["degC", "m3/h", "scale B", "on/off"]);
		const began = Date.now();
		for (const one of [630, 640, 650]) {
			await client.write(0, one);
			await until(async () => (await series("supply")).at(-1)[1] === one / 10);
		}
		await client.write(40, 1);
		await until(async () => (await series("fault")).at(-1)[1] === 0); /* it was 1 */
		const supply = await series("supply");
		assert.deepEqual(supply.map(([, one]) => one), [62.5, 63, 64, 65]);
		assert.ok(supply.slice(1).every(([time]) => time >= began && time <= Date.now()));
		/* Pause: the view stays, values are still recorded. */
		await trended.click('#watch button:text-is("Pause")');
		const view = await trended.evaluate(() => window.page.trend.view);
		await until(() => trended.evaluate(() => {
			const { lanes, view: [from] } = window.page.trend;
			return [...lanes.values()].every(({ graph }) => graph.xAxisRange()[0] === from);
		}));
		/* The values under the cursor, which may be at the edge. */
		let tries = 0;
		await until(async () => {
			const at = await trended.evaluate((time) => {
				const [{ graph, plot }] = window.page.trend.lanes.values();
				const box = plot.getBoundingClientRect();
				return [box.left + graph.toDomXCoord(time), box.top + 30];
			}, supply[2][0] + 1);
			await trended.mouse.move(at[0] + 1 - tries++ % 3, at[1]);
			return trended.locator(".mark:visible").count();
		});
		await expectText(trended.locator(".readout span b").nth(2), "18446744073709551615 Wh");
		await screenshot(trended, "watch");
		await client.write(0, 660);
		await until(async () => (await series("supply")).at(-1)[1] === 66);
		assert.deepEqual(await trended.evaluate(() => window.page.trend.view), view);
		await trended.click('#watch button:text-is("Live")');
		assert.equal(await trended.evaluate(() => window.page.trend.view), null);
		const saved = trended.waitForEvent("download");
		await trended.click('#watch button:text-is("CSV")');
		const lines = readFileSync(await (await saved).path(), "utf8").trim().split("\r\n");
		assert.equal(lines[0], "time,supply (degC),flow (m3/h),energy (Wh),fault");
		assert.match(lines.filter((line) => !line.includes(",,")).at(-1),
			/^\d{4}-\d\d-\d\dT[\d:.]+Z,66,12.75,18446744073709551615,0$/);
		assert.deepEqual([...new Set(lines.slice(1).map((line) => line.split(",")[1]))]
			.filter((text) => text !== ""), ["62.5", "63", "64", "65", "66"]);
	});

pageTest("a trend is zoomed by the pointer and by keys", WITH_POINTS,
	async ({ server, open }) => {
		const page = await openAt(open, server, TRENDED);
		const view = () => page.evaluate(() => window.page.trend.view);
		const ranges = () => page.evaluate(() => [...window.page.trend.lanes.values()]
			.map(({ graph }) => graph.xAxisRange().map(Math.round).join()));
		let from, to;

		await until(() => page.evaluate(() => [...window.page.trend.lanes.values()]
			.every(({ graph }) => graph)));
		await again(async () => {
			await page.locator(".lanes").focus();
			await page.keyboard.press("Escape"); /* where it went wrong */
			const plot = await page.locator(".plot").first().boundingBox();
			await page.mouse.move(plot.x + plot.width / 2, plot.y + 20);
			await page.mouse.down();
			await page.mouse.move(plot.x + plot.width * 3 / 4, plot.y + 22, { steps: 4 });
			await page.mouse.up();
			[from, to] = await view() ?? [];
		}, () => to - from > 5000 && to - from < 30000, () => `a quarter, not ${to - from} ms`);
		await until(async () => new Set(await ranges()).size === 1);
		await page.mouse.move(0, 0);
		await page.locator(".lanes").focus();
		await page.keyboard.press("-");
		await until(async () => Math.abs((await view())[1] - (await view())[0] - 2 * (to - from)) < 2);
		await page.keyboard.press("Shift+ArrowLeft");
		await until(async () => (await view())[1] < to);
		await page.keyboard.press("ArrowLeft");
		await until(() => page.evaluate(() => window.page.trend.cursor !== null));
		await page.keyboard.press("Escape");
		assert.equal(await view(), null);
		await page.keyboard.press("Space");
		assert.notEqual(await view(), null);
	});

pageTest("while the server is gone a trend has no value", { ...WITH_POINTS, expect: /Failed to load|ERR_/ },
	async ({ server, open, start, page }) => {
		const trended = await openAt(open, server, TRENDED);

		await page.close();
		await until(() => trended.evaluate(() => window.page.trend.series.get("flow")?.length > 0));
		await server.stop();
		await trended.waitForSelector("body[data-state=lost]");
		await until(() => trended.evaluate(() => Number.isNaN(
			window.page.trend.series.get("flow").at(Date.now()))));
		await start(WITH_POINTS.server, { port: server.port, http: server.http });
		await trended.waitForSelector("body[data-state=live]");
		await until(() => trended.evaluate(() =>
			window.page.trend.series.get("flow").at(Date.now()) === 12.75));
	});

pageTest("the journal's past is loaded into a trend",
	{ server: [...WITH_POINTS.server, "--state", STATE] },
	async ({ server, open, connect, page }) => {
		const client = connect(server);
		const began = Date.now();

		await page.close();
		/* Each at a time of its own. */
		for (const [address, ...all] of [[0, 600], [0, 601], [0, 602], [20, 0, 0x41ac],
			[21, 0xc040], [40, 0]]) { /* flow: 21.5, -3 */
			const last = Date.now();
			await client.write(address, ...all);
			await until(() => Date.now() > last + 5);
		}
		const trended = await openAt(open, server, TRENDED);
		await until(() => trended.evaluate(() => [...window.page.trend.lanes.values()]
			.every(({ graph }) => graph)));
		await trended.click('#watch button:text-is("Load past")');
		await expectText(trended.locator(".trend-tools .note"), /values loaded/);
		const values = await trended.evaluate(() => Object.fromEntries(
			[...window.page.trend.series].map(([name, { times, values: all, length }]) =>
				[name, Array.from({ length }, (_, i) => [times[i], all[i]])
					.filter(([, one]) => !Number.isNaN(one))])));
		const tail = (name, n) => values[name].map(([, one]) => one).slice(-n);
		assert.deepEqual(tail("supply", 4), [62.5, 60, 60.1, 60.2]);
		assert.deepEqual(tail("flow", 3), [12.75, 21.5, -3]);
		assert.deepEqual(tail("fault", 2), [1, 0]);
		/* They are the server's, and its clock is known as well as it was last told. */
		assert.ok(values.supply.slice(-3).every(([time]) =>
			time > began - DEADLINE && time < Date.now() + DEADLINE));
	});

pageTest("without a journal there is no past to load", WITH_POINTS, async ({ server, open }) => {
	const trended = await openAt(open, server, TRENDED);

	await until(() => trended.evaluate(() => window.page.trend.updates > 0));
	assert.equal(await trended.isVisible('#watch button:text-is("Load past")'), false);
});

const SERIES = 10, LENGTH = 6000, SECONDS = 10;

pageTest("a line of many values has its dashes", { server: [] },
	async ({ server, open }) => {
		const page = await openAt(open, server,
			"#tab=watch&span=15+min&watch=@HR0:uint16~A;@HR1:uint16~A");

		await until(() => page.evaluate(() => [...window.page.trend.lanes.values()]
			.some(({ graph }) => graph)));
		await page.evaluate(() => {
			const now = Date.now();
			for (const { series, number } of window.page.trend.lines)
				series.prepend(Array.from({ length: 6000 }, (_, i) =>
					[now - 100 * (6000 - i), 20000 * (1 + number) + (i & 1)]));
		});
		/* In how many columns each line has a pixel of its colour. */
		const columns = () => page.evaluate(() => {
			const { trend } = window.page;
			const [{ plot, graph }] = trend.lanes.values();
			const counts = [];

			for (const { item } of trend.lines) {
				const [r, g, b] = graph.getColors()[graph.indexFromSetName(item.key) - 1]
					.match(/[0-9a-f]{2}/g).map((digits) => parseInt(digits, 16));
				const found = new Set();
				for (const canvas of plot.querySelectorAll("canvas")) {
					const { width, height } = canvas;
					const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
					for (let i = 0; i < data.length; i += 4)
						if (data[i + 3] > 100 && Math.abs(data[i] - r) +
							Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 30)
							found.add(i / 4 % width);
				}
				counts.push(found.size);
			}
			return counts;
		});
		let counts;
		await until(async () => {
			counts = await columns();
			return counts[0] > 100 && counts[1] > 0.5 * counts[0] && counts[1] < 0.9 * counts[0];
		}, () => `a whole line and one of dashes, not ${counts} columns`);
	});

pageTest("ten trends of 6,000 values, four times a second", { server: [] },
	async ({ t, server, open, connect, page: first }) => {
		const list = Array.from({ length: SERIES }, (_, i) => `@HR${i}:int16~A`).join(";");
		const page = await openAt(open, server, `#tab=watch&span=15+min&watch=${list}`);
		const client = connect(server);

		await first.close();
		await until(() => page.evaluate(() => [...window.page.trend.lanes.values()]
			.some(({ graph }) => graph)));
		await page.evaluate(([length]) => {
			const now = Date.now();
			for (const { series, number } of window.page.trend.lines)
				series.prepend(Array.from({ length }, (_, i) =>
					[now - 100 * (length - i), 300 * number + (i & 1) + Math.round(50 * Math.sin(i / 50 + number)) * 2]));
		}, [LENGTH]);
		let going = true;
		const writing = (async () => {
			for (let i = 0; going; i++) {
				await client.write(0, ...Array.from({ length: SERIES }, (_, n) =>
					Math.round(100 * Math.sin(i / 20 + n)) + 300 * n));
				await new Promise((resolve) => setTimeout(resolve, 100));
			}
		})();
		const got = await page.evaluate((ms) => new Promise((resolve) => {
			const { trend } = window.page;
			const tasks = [], before = trend.updates, draws = [];
			const draw = trend.drawLane;
			trend.drawLane = function (...args) {
				const began = performance.now();
				draw.apply(this, args);
				draws.push(Math.round(performance.now() - began));
			};
			new PerformanceObserver((all) =>
				all.getEntries().forEach(({ duration }) => tasks.push(Math.round(duration))))
				.observe({ entryTypes: ["longtask"] });
			const began = performance.now();
			const end = () => trend.updates === before ? setTimeout(end, 100) : /* not let run */
				resolve({ tasks, updates: trend.updates - before, draws,
					seconds: (performance.now() - began) / 1000,
					values: trend.count(), width: document.querySelector(".plot").clientWidth,
					rows: [...trend.lanes.values()].map(({ rows }) => rows) });
			setTimeout(end, ms);
		}), 1000 * SECONDS);
		going = false;
		await writing;
		const sorted = got.draws.sort((a, b) => a - b);
		const said = `${got.values} values in ${SERIES} series: ` +
			`${(got.updates / got.seconds).toFixed(1)} updates/s, ${got.rows} rows, drawn in ` +
			`${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms (most); ` +
			`tasks over 50 ms: ${got.tasks.length}, the longest ${Math.max(0, ...got.tasks)} ms`;
		t.diagnostic(said);
		console.log(`# ${said}`);
		assert.ok(got.values >= SERIES * LENGTH);
		assert.ok(got.updates >= 1 && got.updates <= 6 * got.seconds, `${got.updates} updates`);
		assert.ok(got.rows.every((rows) => rows <= 2 * got.width + 1), `${got.rows} rows`);
	});

pageTest("lists and trends fit on a phone", { ...WITH_POINTS, context: PHONE },
	async ({ server, open, page: first }) => {
		const page = await openAt(open, server, TRENDED);

		await first.close();
		await until(() => page.evaluate(() => [...window.page.trend.lanes.values()]
			.every(({ graph }) => graph)));
		assert.ok(await fits(page));
		await screenshot(page, "watch-phone");
	});
