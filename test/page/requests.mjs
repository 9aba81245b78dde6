/* The tab "Requests". */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PHONE, expectText, fits, pageTest, screenshot, until } from "./harness.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "requests-test-"));
const points = path.join(folder, "points.csv");
writeFileSync(points, "name,address,type,scale,units,access\n" +
	"flow,HR16,float32,1,m3/h,rw\ntemperature,HR18,uint16,0.1,degC,rw\n" +
	"serial,HR20,uint16,1,,ro\n");
process.on("exit", () => rmSync(folder, { recursive: true }));

const NAMED = { server: ["--points", points] };
const rows = (page) => page.locator("#requests tbody tr:not(.more)");
const column = (page, name) => page.locator(`#requests tbody tr:not(.more) td.${name}`);

async function openTab(page) {
	await page.locator("#tab-requests").click();
}

async function expectRows(page, n) {
	await until(async () => await rows(page).count() === n, () => `${n} rows`);
}

/* Enter a part of the filter. */
async function enter(page, name, text) {
	await page.fill(`#requests [name=${name}]`, text);
	await page.press(`#requests [name=${name}]`, "Enter");
}

pageTest("requests are listed by name, newest first, with values before and after", NAMED,
	async ({ server, page, connect }) => {
		const client = connect(server);

		await openTab(page);
		await client.write(16, 0x41ac, 0, 215);
		await client.write(16, 0x41ac, 0, 215);
		await client.read(18, 1);
		await client.write(20, 1).catch(() => {});
		await client.read(16, 1);
		await expectRows(page, 5);
		assert.deepEqual(await column(page, "values").allTextContents(), [
			"part of flow: 16812",
			'"serial" is read-only', "temperature 21.5 degC",
			"flow 21.5 m3/h, unchanged, temperature 21.5 degC, unchanged",
			"flow 0 → 21.5 m3/h, temperature 0 → 21.5 degC"]);
		assert.deepEqual(await column(page, "result").allTextContents(), [
			"done", "▲ 02", "done", "done", "done"]);
		assert.deepEqual(await rows(page).locator("button").allTextContents(), [
			"03 HR16", "16 HR20", "03 HR18", "16 HR16-18", "16 HR16-18"]);
		await screenshot(page, "requests");
	});

pageTest("a request opens, stays open while others come, and closes", NAMED,
	async ({ server, page, connect }) => {
		const client = connect(server);
		const button = page.locator("#requests tbody button").last();

		await openTab(page);
		await client.write(18, 7);
		await expectRows(page, 1);
		await button.click();
		await expectText(page.locator("#requests .more"), /00 01 00 00 00 09 01 10 00 12/);
		await client.read(18, 1);
		await expectRows(page, 2);
		assert.equal(await page.locator("#requests .more").count(), 1);
		assert.equal(await button.getAttribute("aria-expanded"), "true");
		assert.equal(await button.evaluate((e) => e === document.activeElement), true);
		await button.click();
		await until(async () => await page.locator("#requests .more").count() === 0);
	});

pageTest("the filter is the server's, is in the URL, and survives a reload", { ...NAMED, expect: /404/ },
	async ({ server, page, connect }) => {
		const client = connect(server), other = connect(server, "127.0.0.2");

		await openTab(page);
		await client.write(16, 1, 2);
		await other.read(18, 1);
		await client.read(100, 4);
		await client.read(100, 126);
		await expectRows(page, 4);
		await enter(page, "client", "127.0.0.2");
		await expectRows(page, 1);
		await enter(page, "client", "");
		await enter(page, "where", "flow");
		await expectRows(page, 1);
		await enter(page, "where", "HR18-100");
		await expectRows(page, 3);
		await enter(page, "function", "3");
		await page.selectOption("#requests [name=exception]", "refused");
		await expectRows(page, 1);
		await until(() => page.evaluate(() => location.hash.includes("result=refused")));
		await page.reload();
		await expectRows(page, 1);
		assert.equal(await page.inputValue("#requests [name=where]"), "HR18-100");
		await client.read(100, 127);
		await expectRows(page, 2);
		await enter(page, "where", "nothing of that name");
		await expectText(page.locator("#requests .note"), /no such point/);
		await expectRows(page, 0);
		await enter(page, "where", "HR5");
		await expectText(page.locator("#requests .note"), "No such request is recorded.");
	});

pageTest("pausing stops the list, and nothing is lost", {},
	async ({ server, page, connect }) => {
		const client = connect(server);
		const pause = page.locator("#requests button", { hasText: /Pause|Resume/ });
		const open = new Set();

		page.on("request", (request) => open.add(request));
		for (const end of ["requestfinished", "requestfailed"])
			page.on(end, (request) => open.delete(request));
		await openTab(page);
		await client.write(1, 1);
		await expectRows(page, 1);
		await pause.click();
		assert.equal(await pause.getAttribute("aria-pressed"), "true");
		/* What was asked before, and is not answered yet; then no more. */
		await page.evaluate(() => fetch("/api/status").then((answer) => answer.text()));
		await until(() => open.size === 0, "the last answer");
		const asked = page.waitForRequest(/api\/requests/, { timeout: 2500 })
			.then(() => true, () => false);
		await client.write(1, 2);
		assert.equal(await asked, false);
		assert.equal(await rows(page).count(), 1);
		await pause.click();
		await expectRows(page, 2);
	});

pageTest("what is filtered can be downloaded", {},
	async ({ server, page, connect }) => {
		const client = connect(server);

		await openTab(page);
		await client.read(1, 1);
		await client.write(1, 1);
		await enter(page, "function", "16");
		await expectRows(page, 1);
		for (const [name, check] of [
			["JSON lines", (bytes) => assert.equal(JSON.parse(bytes.toString()).function, 16)],
			["pcapng", (bytes) => assert.equal(bytes.readUInt32BE(0), 0x0a0d0d0a)],
		]) {
			const [download] = await Promise.all([page.waitForEvent("download"),
				page.locator("#requests a", { hasText: name }).click()]);
			check(readFileSync(await download.path()));
		}
	});

pageTest("a finding leads to its requests", NAMED,
	async ({ server, page, connect }) => {
		const client = connect(server);

		await client.read(18, 1);
		await client.read(100, 126);
		await client.write(20, 1).catch(() => {});
		await page.locator("#tab-clients").click();
		await page.locator(".hints li", { hasText: "quantity 126" }).locator("button").click();
		await expectRows(page, 1);
		await expectText(column(page, "values"), "quantity 126: 1 to 125 can be read at once");
		assert.equal(await page.inputValue("#requests [name=client]"), "127.0.0.1");
		await page.locator("#tab-clients").click();
		await page.locator(".hints li", { hasText: "read-only" }).locator("button").click();
		await expectText(column(page, "values"), '"serial" is read-only');
		await expectRows(page, 1);
		assert.equal(await page.inputValue("#requests [name=where]"), "serial");
	});

pageTest("without a recorder the page says so", { server: ["--http-recorder", "0"],
	expect: /404/ },
async ({ page }) => {
	await openTab(page);
	await expectText(page.locator("#requests .note"), /--http-recorder/);
	/* It does not ask again. */
	assert.equal(await page.waitForRequest(/api\/requests/, { timeout: 2500 })
		.then(() => true, () => false), false);
});

pageTest("a busy server is shown in bounded rows", {},
	async ({ server, page, connect }) => {
		const client = connect(server);

		await openTab(page);
		for (let i = 0; i < 1000; i++)
			await client.write(i % 100, i);
		await expectText(column(page, "values"), /→ 999$/);
		await expectRows(page, 200);
	});

pageTest("requests fit a phone", { ...NAMED, context: PHONE },
	async ({ server, page, connect }) => {
		const client = connect(server);

		await client.write(16, 0x41ac, 0, 215);
		await client.read(100, 126);
		await openTab(page);
		await expectRows(page, 2);
		assert.ok(await fits(page));
		/* The form has no part that is cut off. */
		assert.ok(await page.locator("#requests .filter").evaluate((form) =>
			[...form.elements].every((e) => e.getBoundingClientRect().right <= innerWidth)));
		await page.locator("#requests tbody button").first().click();
		await page.evaluate(() => document.getElementById("requests").scrollIntoView());
		await screenshot(page, "requests-phone");
		assert.ok(await fits(page));
	});
