/*
 * What the page costs while values change all day, and what that leaves
 * behind. The figures are printed; what is asserted are counts, which no other
 * load on the machine changes. PAGE_MINUTES=10 adds a test of so many minutes.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { Meter, costText, repeat, writeAll } from "./cost.mjs";
import { pageTest, until } from "./harness.mjs";

const SECONDS = 6;
const NAMED = 200;      /* points, at HR1000 and behind */
const MINUTES = Number(process.env.PAGE_MINUTES ?? 0);

const folder = mkdtempSync(path.join(tmpdir(), "steady-test-"));
const POINTS = path.join(folder, "plant.csv");
const UNITS = ["degC", "bar", "", "m3/h"];
const name = (i) => `line${Math.floor(i / 20)}.value${i}`;

writeFileSync(POINTS, "name,address,type,scale,units,description\n" +
	Array.from({ length: NAMED }, (_, i) => `${name(i)},HR${1000 + i},` +
		`${i % 2 ? "int16,0.1" : "uint16,"},${UNITS[i % 4]},point ${i}\n`).join(""));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/* Watch so many of the points, the first of them with trends. */
async function watch(page, count, trends) {
	const list = Array.from({ length: count }, (_, i) => name(i) + (i < trends ? "~auto" : ""));

	await page.evaluate((hash) => { location.hash = hash; }, `#tab=watch&watch=${list.join(";")}`);
	await until(() => page.evaluate((wanted) => window.page.frames.drawn("watch") > 0 &&
		window.page.trend.lines.length === wanted &&
		(wanted === 0 || window.page.trend.updates > 0), trends));
}

/* Write all points, ten times a second. */
function writePoints(client) {
	return repeat(100, async (round) => {
		for (const first of [0, 100])
			await client.write(1000 + first, ...Array.from({ length: 100 }, (_, i) =>
				first + i + 7 * round));
	});
}

pageTest("200 named values change ten times a second", { server: ["--points", POINTS] },
	async ({ t, server, page, connect }) => {
		await watch(page, NAMED, 0);
		const client = connect(server);
		const stop = writePoints(client);
		await until(() => page.evaluate(() => window.page.model.changes > 20));
		const meter = await Meter.of(page);
		const got = await meter.measure(() => page.evaluate((ms) => new Promise((resolve) => {
			const { map, model, frames } = window.page;
			const rows = document.querySelector("#watch table");
			const state = () => ({ paints: map.frames, lists: frames.drawn("watch"),
				frames: frames.frames, changes: model.changes });
			const first = state();
			let built = 0;
			new MutationObserver((records) => records.forEach(({ addedNodes }) =>
				addedNodes.forEach(({ nodeName }) => { built += nodeName === "TR"; })))
				.observe(rows, { childList: true, subtree: true });

			setTimeout(() => {
				const last = state();
				for (const each of Object.keys(last))
					last[each] -= first[each];
				resolve({ ...last, built, rows: rows.querySelectorAll("tr[data-key]").length,
					histories: model.histories.size, entries: window.page.log.entries.length });
			}, ms);
		}), 1000 * SECONDS));
		const rounds = await stop();
		const per = (n) => (n / got.seconds).toFixed(1);
		t.diagnostic(`${costText(got)}; ${per(got.paints)} paints of the map/s, ` +
			`${per(got.lists)} of the list/s, ${per(got.frames)} frames/s; heap ${(got.heap / 1e6).toFixed(1)} MB; ` +
			`${per(got.bytes / 1000)} kB/s, ${per(got.requests)} requests/s; ${rounds} rounds of ` +
			`writes; ${got.rows} rows, ${got.built} built, ${got.histories} histories, ` +
			`${got.entries} entries`);
		assert.ok(got.lists <= 5 * got.seconds, `${got.lists} of the list`);
		/* Also those of what is drawn once a second. */
		assert.ok(got.frames <= 8 * got.seconds, `${got.frames} frames`);
		/* For the first seconds more, while the glow is new. */
		assert.ok(got.paints <= 12 * got.seconds + 80, `${got.paints} of the map`);
		/* None, unless the room for them changes, as where the server is lost. */
		assert.ok(got.built <= 2 * got.rows, `${got.built} rows built`);
		assert.ok(got.rows <= 60, `${got.rows} rows`);
		assert.ok(got.requests <= 6 * got.seconds, `${got.requests} requests`);
		assert.ok(got.bytes <= 80000 * got.seconds, `${got.bytes} bytes`);
		assert.ok(got.histories <= 64, `${got.histories} histories`);
		const written = await client.read(1000, 100);
		await until(() => page.evaluate((values) => values.every((value, i) =>
			window.page.model.registers[1000 + i] === value), written));
	});

/* Let the page take so many batches of changes, one after another as fast as it
 * can, with a drawing of everything after every so many. The last is the same
 * each time. */
function hurry(page, batches, drawings) {
	return page.evaluate(async ([count, every]) => {
		const { feed, frames, mirror } = window.page;
		const taken = () => new Promise((resolve) => {
			const look = () => mirror.queue.length === 0 ? resolve() : requestAnimationFrame(look);
			look();
		});

		for (let n = 0; n < count; n++) {
			feed.tell("changes", { seq: feed.seq, time: new Date().toISOString(),
				changes: Array.from({ length: 40 }, (_, i) => ({ kind: "registers",
					address: 1000 + 5 * i, values: Array.from({ length: 4 },
						(_value, j) => 7 * (count - n) + i + j),
					client: `192.0.2.${n % 20}`, unit: 1, function: 16 })) });
			if (n % every < every - 1)
				continue;
			await taken();
			const drawn = frames.drawn("watch");
			frames.now("watch", "changes", "values", "cell", "status", "clients");
			while (frames.drawn("watch") === drawn)
				await new Promise((resolve) => requestAnimationFrame(resolve));
		}
		await taken();
	}, [batches, Math.floor(batches / drawings)]);
}

/* What the page keeps, for values that change. */
function kept(page) {
	return page.evaluate(() => {
		const { model, log, trend } = window.page;

		return { histories: model.histories.size, entries: log.entries.length,
			clients: model.clients.length, series: trend.series.size,
			values: Math.max(...[...trend.series.values()].map(({ times }) => times.length)) };
	});
}

const leftText = ({ nodes, listeners, heap }) =>
	`${nodes} nodes, ${listeners} listeners, heap ${(heap / 1e6).toFixed(2)} MB`;

pageTest("hours of changes leave nothing behind", { server: ["--points", POINTS] },
	async ({ t, page }) => {
		await watch(page, 50, 4);
		const meter = await Meter.of(page);
		await hurry(page, 600, 3); /* what is bounded is full */
		/* What trends draw would grow until it has been as long as they show. */
		await page.evaluate(() => window.page.trend.togglePause());
		await hurry(page, 200, 2);
		const before = await meter.memory();
		await hurry(page, 3000, 40);
		const after = await meter.memory(), keeps = await kept(page);
		t.diagnostic(`3000 batches: before, ${leftText(before)}; after, ${leftText(after)}`);
		/* One thing left by each drawing would be 40. */
		assert.ok(after.nodes <= before.nodes + 20, `${before.nodes}, then ${after.nodes} nodes`);
		assert.ok(after.listeners <= before.listeners + 20,
			`${before.listeners}, then ${after.listeners} listeners`);
		/* 4 bytes left by each value would be 2 MB. */
		assert.ok(after.heap <= before.heap + 1e6, `${before.heap}, then ${after.heap} bytes`);
		assert.ok(keeps.histories <= 1024 && keeps.entries <= 300, JSON.stringify(keeps));
		assert.equal(keeps.series, 4);
		assert.ok(keeps.values <= 40000, `${keeps.values} values`);
	});

/* Everything changes, 50 values are watched, 10 of them trended over a minute. */
if (MINUTES > 0)
	pageTest(`${MINUTES} minutes leave nothing behind`, { server: ["--points", POINTS],
		timeout: MINUTES * 60000 * 2 + 120000 },
	async ({ t, server, page, connect }) => {
		const client = connect(server);
		const stop = repeat(100, (round, going) =>
			writeAll(client, (address) => address + round * 257, going));
		await page.evaluate(() => window.page.store.set({ span: "1 min" }));
		await watch(page, 50, 10);
		const meter = await Meter.of(page);
		const paints = () => page.evaluate(() => window.page.map.frames);
		const each = [];
		for (let minute = 1; minute <= MINUTES; minute++) {
			const before = await paints();
			const got = await meter.measure(() => page.evaluate(() =>
				new Promise((resolve) => setTimeout(resolve, 60000))));
			const drawn = await paints() - before;
			each.push(await meter.memory());
			console.log(`# minute ${minute}: ${leftText(each.at(-1))}; ${costText(got)}; ` +
				`${(drawn / got.seconds).toFixed(1)} paints/s; ` +
				JSON.stringify(await kept(page)));
		}
		t.diagnostic(`${await stop()} rounds of writes`);
		/* After two minutes, what is bounded is full. Labels of trends come and go;
		 * one thing left by each drawing would be 200 a minute. */
		const [first, last] = [each[Math.min(1, MINUTES - 1)], each.at(-1)];
		assert.ok(last.nodes <= first.nodes + 500, `${first.nodes}, then ${last.nodes} nodes`);
		assert.ok(last.listeners <= first.listeners + 50,
			`${first.listeners}, then ${last.listeners} listeners`);
		assert.ok(last.heap <= first.heap + 3e6, `${first.heap}, then ${last.heap} bytes`);
	});
