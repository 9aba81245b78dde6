/* Each list is one stop of the tabulator; keys move in it, and the focus stays
 * where it is while the list changes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectText, goTo, pageTest, until } from "./harness.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "lists-test-"));
const POINTS = path.join(folder, "plant.csv");

writeFileSync(POINTS, "name,address\n" +
	Array.from({ length: 300 }, (_, i) => `p${i},HR${i}\n`).join(""));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const SERVER = { server: ["--http-write", "--points", POINTS] };

/* The row, or card, that has the focus: its text, and whether it is seen. */
function focused(page) {
	return page.evaluate(() => {
		const { activeElement } = document;
		const row = activeElement.closest("tbody tr, .client");
		const scroller = row?.closest(".scroller").getBoundingClientRect();
		const box = row?.getBoundingClientRect();

		return { text: row?.textContent ?? "", tag: activeElement.tagName,
			row: row ? [...row.parentElement.children].indexOf(row) : -1,
			seen: Boolean(row) && box.top < scroller.bottom && box.bottom > scroller.top };
	});
}

/* How many stops of the tabulator are in an element. */
function stops(page, selector) {
	return page.evaluate((where) => [...document.querySelectorAll(`${where} :is(button, ` +
		"a[href], input, select, [tabindex])")].filter((element) =>
		element.tabIndex >= 0 && element.checkVisibility()).length, selector);
}

/* Press a key, and wait for the row that then has the focus. */
async function press(page, key, row) {
	await page.keyboard.press(key);
	await until(async () => {
		const now = await focused(page);
		return (typeof row === "number" ? now.row === row : row.test(now.text)) && now.seen;
	}, () => `the row ${row} after ${key}`);
}

pageTest("keys move in a list of items, which is one stop", SERVER,
	async ({ page }) => {
		await page.click("#tab-points");
		await page.locator("#points tbody tr.here").click({ position: { x: 60, y: 10 } });
		assert.equal(await stops(page, "#points tbody"), 1);
		await press(page, "ArrowDown", /^☆p1 /);
		await press(page, "End", /^☆p299 /);
		assert.equal(await stops(page, "#points tbody"), 1);
		await press(page, "PageUp", /^☆p2[5-9]\d /);
		await press(page, "Home", /^☆p0 /);
		/* The star is reached, and left again. */
		await page.keyboard.press("ArrowRight");
		assert.equal((await focused(page)).tag, "BUTTON");
		await page.keyboard.press("Enter");
		await expectText(page.locator("#points tr.here button"), "★");
		assert.equal((await focused(page)).tag, "BUTTON");
		await page.keyboard.press("Escape");
		assert.equal((await focused(page)).tag, "TR");
		await press(page, "ArrowDown", /^☆p1 /);
		/* Scrolled out of sight, the list keeps the focus, and its cursor. */
		await page.evaluate(() => { document.querySelector("#points .scroller").scrollTop = 4000; });
		await until(async () => {
			const now = await focused(page);
			return now.tag === "TR" && now.seen;
		}, "the focus to stay in the list");
		await press(page, "ArrowDown", /^☆p2 /);
	});

pageTest("the focus stays on a row that is moved, and goes to the next where it has gone", SERVER,
	async ({ page, server, connect }) => {
		const client = connect(server);

		await page.goto(`${server.url}#tab=watch&watch=p1;p2;p3;p4&watch-sort=age`);
		await page.reload();
		await page.waitForSelector("body[data-loaded]");
		const names = () => page.locator("#watch tbody th b").allTextContents();
		await until(async () => (await names()).length === 4);
		const last = (await names()).at(-1);
		await page.locator("#watch tr", { hasText: last }).locator("td.at").click();
		await client.write(Number(last.slice(1)), 4711);
		await until(async () => (await names())[0] === last, "the row to be the first");
		assert.match((await focused(page)).text, new RegExp(`${last} `));
		assert.equal(await stops(page, "#watch tbody"), 1);
		/* The controls of a row: the trend, and the button that removes it. */
		await page.keyboard.press("ArrowRight");
		assert.equal((await focused(page)).tag, "SELECT");
		await page.keyboard.press("Escape");
		await page.keyboard.press("ArrowLeft");
		assert.equal((await focused(page)).tag, "BUTTON");
		await page.keyboard.press("Enter");
		await until(async () => (await names()).length === 3);
		await until(async () => (await focused(page)).row === 0, "the focus on the next row");
	});

pageTest("keys move in the table of values, also where it was scrolled", SERVER,
	async ({ page }) => {
		await goTo(page, "0-999");
		await press(page, "End", /^999/);
		assert.equal(await stops(page, "#values-table tbody"), 1);
		await press(page, "Home", /^0/);
		await press(page, "PageDown", /^\d/);
		await page.evaluate(() => { document.getElementById("values-scroller").scrollTop = 15000; });
		await until(async () => (await focused(page)).seen, "the focus to be seen");
		assert.equal(await stops(page, "#values-table tbody"), 1);
		/* Who comes to it there is at a row that is seen. */
		await page.focus("#tab-values");
		await page.keyboard.press("Tab"); /* the form of values */
		await page.evaluate(() => document.querySelector('#values-table tr[tabindex="0"]').focus());
		await until(async () => (await focused(page)).seen &&
			await page.evaluate(() => window.page.map.cursor) > 400, "the cursor to be there");
	});

/* A list that modules make of what the server tells: changes, and so on. */
async function checkList(page, tab, items, grow) {
	const rows = page.locator(`#${tab} ${items}`);

	await page.click(`#tab-${tab}`);
	await until(async () => await rows.count() > 3, `rows of ${tab}`);
	assert.equal(await stops(page, `#${tab} .scroller`), 1, tab);
	await page.focus(`#${tab} .scroller [tabindex="0"]`);
	await press(page, "Home", 0);
	await press(page, "ArrowDown", 1);
	await press(page, "ArrowDown", 2);
	await press(page, "ArrowUp", 1);
	const { text } = await focused(page);
	const before = await rows.count();
	await grow();
	await until(async () => await rows.count() > before, `more rows of ${tab}`);
	const after = await focused(page);
	assert.equal(after.text.slice(0, 12), text.slice(0, 12), tab);
	await page.keyboard.press("End");
	await until(async () => (await focused(page)).row === await page.evaluate(() =>
		document.activeElement.closest("tbody tr, .client").parentElement.children.length - 1));
	assert.ok((await focused(page)).seen);
	assert.equal(await stops(page, `#${tab} .scroller`), 1, tab);
}

pageTest("keys move in the lists of changes, clients, requests and contended addresses", {},
	async ({ page, server, connect }) => {
		const clients = [1, 2, 3, 4, 5].map((i) => connect(server, `127.0.0.${i}`));
		const write = async (address) => {
			for (const [i, client] of clients.entries()) {
				await client.write(address, i);
				await client.write(address, i + 10);
			}
		};

		/* One at a time: what is written at once is one change. */
		for (let i = 0; i < 6; i++) {
			const log = await page.evaluate(() => window.page.log.count);
			await write(10 + 200 * i);
			await until(() => page.evaluate((n) => window.page.log.count > n, log));
		}
		await checkList(page, "changes", "#changes-rows tr", () => write(20000));
		await checkList(page, "contended", "#contended-rows tr", () => write(30000));
		await checkList(page, "requests", "tbody tr", () => clients[0].read(1, 1));
		await checkList(page, "clients", ".client", async () => {
			await connect(server, "127.0.0.9").read(1, 1);
		});
		/* A request opens by its key, and what is in a card is reached. */
		await page.click("#tab-requests");
		await page.focus('#requests .scroller [tabindex="0"]');
		await press(page, "Home", 0);
		await page.keyboard.press("Enter");
		await page.waitForSelector("#requests .more");
		await clients[1].read(0, 126);
		await page.click("#tab-clients");
		const card = page.locator(".client", { has: page.locator("button") });
		await card.waitFor();
		await card.focus();
		await page.keyboard.press("ArrowRight");
		assert.equal((await focused(page)).tag, "BUTTON");
		await page.keyboard.press("Enter");
		await page.waitForSelector('#tab-requests[aria-selected="true"]');
	});
