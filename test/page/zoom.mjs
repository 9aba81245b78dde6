/* The map zooms, so that a cell can be seen and touched. */
import assert from "node:assert/strict";
import test from "node:test";
import { PHONE, again, expectText, goTo, pageTest, pixel, screenshot, until } from "./harness.mjs";
import { View } from "../../src/page/view.js";

const TARGET = 24; /* CSS pixels: what a finger can hit */

test("what is seen stays on the map, and a point of it in place", () => {
	const view = new View();

	view.resize(360);
	assert.ok(view.whole);
	view.zoom(0.5);
	assert.deepEqual([view.column, view.row, view.span], [0, 0, 256]);
	view.zoom(2, 1, 0.25);
	assert.deepEqual([view.column, view.row, view.span], [128, 32, 128]);
	view.move(1000, -1000);
	assert.deepEqual([view.column, view.row], [128, 0]);
	view.zoom(1000);
	assert.ok(view.closest);
	assert.equal(view.span, 10);
	view.reveal(65535);
	assert.deepEqual([view.column, view.row], [246, 246]);
	view.reveal(250 * 256 + 250);
	assert.deepEqual([view.column, view.row], [246, 246]);
	view.reveal(0);
	assert.deepEqual([view.column, view.row], [0, 0]);
	/* A smaller square shows less at the most; a larger one more. */
	view.resize(180);
	assert.ok(!view.closest);
	view.resize(720);
	assert.equal(view.span, 20);
});

/* The size of a cell in CSS pixels, and where a cell is. */
function cellSize(page) {
	return page.evaluate(() => window.page.map.cell / window.page.map.ratio);
}

async function centre(page, address) {
	return page.evaluate((at) => {
		const { map } = window.page;

		map.canvas.scrollIntoView({ block: "center" });
		return map.centre(at);
	}, address);
}

function hasCursor(page, address) {
	return page.evaluate((at) => window.page.map.cursor === at, address);
}

async function cursorIs(page, address) {
	await until(() => hasCursor(page, address), `the cursor to be at ${address}`);
}

const name = (page) => page.locator('[data-part="address"]');

/* Whether the whole cell is inside the map's area. */
function isSeen(page, address) {
	return page.evaluate((at) => {
		const { map: { area, left, top, cell } } = window.page;
		const x = left + (at & 255) * cell - area.x, y = top + (at >> 8) * cell - area.y;

		return x > -1 && y > -1 && x + cell < area.size + 1 && y + cell < area.size + 1;
	}, address);
}

pageTest("by the wheel a cell is enlarged, seen and picked", {}, async ({ page, connect, server }) => {
	const address = 100 * 256 + 60;
	const before = await pixel(page, address);
	const { x, y } = await centre(page, address);

	await connect(server).write(address, 4711);
	await until(async () => await pixel(page, address) !== before);
	await page.mouse.move(x, y);
	for (let i = 0; i < 20; i++)
		await page.mouse.wheel(0, -300);
	await until(() => page.isDisabled("#zoom-in"), "the closest view");
	assert.ok(await cellSize(page) >= TARGET);
	/* What was under the pointer is there still, in its colour, and so are its
	 * neighbours. */
	for (const [step, dx, dy] of [[0, 0, 0], [1, 1, 0], [256, 0, 1], [-257, -1, -1]]) {
		const at = await centre(page, address + step);
		const cell = await cellSize(page);
		assert.ok(Math.abs(at.x - x - dx * cell) <= cell && Math.abs(at.y - y - dy * cell) <= cell);
		await again(async () => {
			const { x: left, y: top } = await centre(page, address + step);
			await page.mouse.click(left + cell / 2 - 2, top - cell / 2 + 2);
		}, () => hasCursor(page, address + step), `the cursor to be at ${address + step}`);
		await expectText(name(page), new RegExp(`^register ${address + step} `));
	}
	await screenshot(page, "zoomed");
	/* A drag still selects; with Ctrl, or the middle button, it moves. */
	await again(async () => {
		const from = await centre(page, address), to = await centre(page, address + 2);
		await page.mouse.move(from.x, from.y);
		await page.mouse.down();
		await page.mouse.move(to.x, to.y, { steps: 4 });
		await page.mouse.up();
	}, async () => (await page.textContent("#range")).startsWith(
		`registers ${address} to ${address + 2} `), "the range");
	for (const button of ["left", "middle"]) {
		let by;
		await again(async () => {
			const at = await centre(page, address);
			if (button === "left")
				await page.keyboard.down("Control");
			await page.mouse.move(at.x, at.y);
			await page.mouse.down({ button });
			await page.mouse.move(at.x + 40, at.y + 25, { steps: 4 });
			await page.mouse.up({ button });
			await page.keyboard.up("Control");
			const moved = await centre(page, address);
			by = [Math.round(moved.x - at.x), Math.round(moved.y - at.y)].join();
		}, () => by === "40,25", () => `${button} to move by 40,25, not ${by}`);
	}
	await expectText(page.locator("#range"), new RegExp(`^registers ${address} to ${address + 2} `));
	for (let i = 0; i < 20; i++)
		await page.mouse.wheel(0, 300);
	await until(() => page.evaluate(() => window.page.map.view.whole));
	assert.ok(await page.isDisabled("#zoom-out"));
});

pageTest("by keys and buttons the map zooms around the cursor, and follows it", {},
	async ({ page }) => {
		const address = 200 * 256 + 100;

		await goTo(page, String(address));
		await page.focus("#map");
		for (let i = 0; i < 8; i++)
			await page.keyboard.press("+");
		assert.ok(await cellSize(page) >= TARGET);
		assert.ok(await isSeen(page, address));
		for (const [key, step] of [["ArrowRight", 1], ["PageUp", -16 * 256], ["ArrowUp", -256]])
			await page.keyboard.press(key);
		const cursor = address + 1 - 17 * 256;
		await cursorIs(page, cursor);
		assert.ok(await isSeen(page, cursor));
		await page.keyboard.press("End");
		await cursorIs(page, cursor | 255);
		assert.ok(await isSeen(page, cursor | 255));
		await page.keyboard.press("-");
		assert.equal(await page.evaluate(() => window.page.map.view.closest), false);
		await page.keyboard.press("0");
		assert.ok(await page.evaluate(() => window.page.map.view.whole));
		for (let i = 0; i < 8 && !await page.isDisabled("#zoom-in"); i++)
			await page.click("#zoom-in");
		assert.ok(await cellSize(page) >= TARGET);
		await page.click("#zoom-out");
		assert.ok(await page.isEnabled("#zoom-in"));
		/* An address that is opened is seen. */
		await goTo(page, "7");
		await until(() => isSeen(page, 7));
	});

pageTest("on a phone two fingers zoom, one moves, and a tap picks", { context: PHONE },
	async ({ page }) => {
		const address = 128 * 256 + 77;
		const session = await page.context().newCDPSession(page);
		const touch = (type, ...touchPoints) => session.send("Input.dispatchTouchEvent",
			{ type, touchPoints: touchPoints.map((point, id) => ({ ...point, id })) });
		/* What an attempt that has failed may have left down. */
		const lift = () => touch("touchCancel").catch(() => {});
		const at = await centre(page, address);
		const scrolled = await page.evaluate(() => scrollY);
		const fingers = (gap) => [{ x: at.x - gap, y: at.y }, { x: at.x + gap, y: at.y }];

		await again(async () => {
			await lift();
			for (let i = 0; i < 3; i++) {
				await touch("touchStart", fingers(20)[0]);
				await touch("touchStart", ...fingers(20));
				for (let gap = 28; gap <= 84; gap += 8)
					await touch("touchMove", ...fingers(gap));
				await touch("touchEnd");
			}
		}, async () => await cellSize(page) >= TARGET, "cells to be large");
		assert.equal(await page.evaluate(() => window.page.map.selection), null);
		assert.ok(await isSeen(page, address));
		for (const step of [0, 1, -256]) {
			await again(async () => {
				const cell = await centre(page, address + step);
				await page.touchscreen.tap(cell.x + 11, cell.y + 11);
			}, () => hasCursor(page, address + step), `the cursor to be at ${address + step}`);
		}
		await expectText(name(page), new RegExp(`^register ${address - 256} `));
		await screenshot(page, "zoomed-phone");
		/* One finger moves the map, not the page, and picks nothing. */
		let before, after;
		await again(async () => {
			await lift();
			before = await centre(page, address);
			await touch("touchStart", before);
			for (let i = 1; i <= 6; i++)
				await touch("touchMove", { x: before.x - 10 * i, y: before.y - 5 * i });
			await touch("touchEnd");
			after = await page.evaluate((cell) => window.page.map.centre(cell), address);
		}, () => Math.abs(after.x - before.x + 60) < 2 && Math.abs(after.y - before.y + 30) < 2,
		() => `the map to move by -60,-30, not ${after.x - before.x},${after.y - before.y}`);
		await cursorIs(page, address - 256);
		assert.ok(await page.evaluate(() => scrollY) >= scrolled);
		await again(() => page.tap("#zoom-out"),
			() => page.evaluate(() => !window.page.map.view.closest), "less zoom");
	});
