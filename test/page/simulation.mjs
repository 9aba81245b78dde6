/* Points that move by themselves. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { expectText, fits, pageTest, PHONE, screenshot, until } from "./harness.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "page-simulation-"));
const POINTS = path.join(folder, "plant.csv");
const TOKEN = path.join(folder, "token");

writeFileSync(POINTS, `name,address,type,access,simulate
count,HR0,uint16,ro,count(1) every 100ms
lamp,C5,bool,,toggle(1s)
still,HR9,uint16,,
`);
writeFileSync(TOKEN, "sesame-sesame-sesame", { mode: 0o600 });
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SIMULATED = ["--points", POINTS, "--simulate"];

const line = (page) => page.locator("#simulation");
const button = (page) => line(page).locator("button");
const mark = (page, name) => page.locator(`#points tr[data-key="${name}"] .simulated`);
const count = (page) => page.evaluate(() => window.page.model.registers[0]);

async function simulation(server) {
	return (await fetch(`${server.url}api/simulation`)).json();
}

pageTest("each point that moves has a mark, and a line says so", { server: SIMULATED },
	async ({ page }) => {
		await page.click("#tab-points");
		await expectText(mark(page, "count"), "sim");
		await expectText(mark(page, "lamp"), "sim");
		assert.equal(await mark(page, "still").count(), 0);
		assert.match(await mark(page, "count").getAttribute("title"), /count\(1\) every 100ms/);
		await expectText(line(page).locator("span").first(),
			"2 points move by themselves, seed 1.");
		const before = await count(page);
		await until(async () => await count(page) > before, "a value that moves");
		await expectText(page.locator('#points tr[data-key="count"] td.writer'),
			"simulation");
		assert.equal(await button(page).isVisible(), false); /* without --http-write */
		await screenshot(page, "simulation");
	});

pageTest("it is paused and resumed", { server: [...SIMULATED, "--http-write"] },
	async ({ page, server, open }) => {
		const other = await open(server);

		await expectText(button(page), "Pause");
		await button(page).click();
		await expectText(button(page), "Resume");
		assert.equal((await simulation(server)).running, false);
		await expectText(line(other).locator("span").first(), /: paused\.$/);
		await button(other).click();
		await until(async () => (await simulation(server)).running, "it to move");
		await expectText(button(page), "Pause");
	});

pageTest("who has no token yet is asked for it",
	{ server: [...SIMULATED, "--http-write", "--http-token", TOKEN] },
	async ({ page, server }) => {
		await button(page).click();
		await page.fill("#token input", "sesame-sesame-sesame");
		await page.keyboard.press("Enter");
		await page.waitForSelector("#token", { state: "hidden" });
		await button(page).click();
		await expectText(button(page), "Resume");
		assert.equal((await simulation(server)).running, false);
	});

pageTest("without --simulate there is nothing of it", { server: ["--points", POINTS] },
	async ({ page }) => {
		await page.click("#tab-points");
		await page.waitForSelector('#points tr[data-key="count"]');
		assert.equal(await page.locator("#simulation, .simulated").count(), 0);
	});

pageTest("a server that is started anew without it takes the marks away",
	{ server: SIMULATED, expect: /Failed to load|ERR_/ },
	async ({ page, server, start }) => {
		await page.click("#tab-points");
		await expectText(mark(page, "count"), "sim");
		await server.stop();
		await start(["--points", POINTS], { port: server.port, http: server.http });
		await until(async () => await page.locator("#simulation, .simulated").count() === 0,
			"them to go");
	});

pageTest("it fits on a phone", { server: [...SIMULATED, "--http-write"], context: PHONE },
	async ({ page }) => {
		await expectText(button(page), "Pause");
		assert.ok(await fits(page));
	});
