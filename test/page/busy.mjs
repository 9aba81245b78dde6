/*
 * What the page costs while much changes. The figures are printed; what is
 * asserted are counts, which no other load on the machine changes.
 */
import assert from "node:assert/strict";
import { Meter, costText, load, repeat, writeAll } from "./cost.mjs";
import { goTo, pageTest, until } from "./harness.mjs";

const SECONDS = 6;

/* The server ends a stream that is not read for 10 s while there is something to
 * send: that can be a browser that is not let run. */
const CUT = /ERR_INCOMPLETE_CHUNKED_ENCODING/;

/* Watch the page for some ms: what is drawn and kept, and the longest task by
 * the clock. */
function look(page, ms) {
	return page.evaluate((time) => new Promise((resolve) => {
		const { map, model, frames } = window.page;
		const state = () => ({ paints: map.frames, changes: model.changes,
			tables: frames.drawn("values"), lists: frames.drawn("changes") });
		const tasks = [];
		const observer = new PerformanceObserver((list) =>
			list.getEntries().forEach(({ duration }) => tasks.push(duration)));
		const first = state();

		observer.observe({ entryTypes: ["longtask"] });
		const end = () => {
			const last = state();
			if (last.paints === first.paints) { /* the page was not let run */
				setTimeout(end, 100);
				return;
			}
			for (const name of Object.keys(last))
				last[name] -= first[name];
			resolve({ ...last, longestByClock: Math.max(0, ...tasks),
				histories: model.histories.size, entries: window.page.log.entries.length,
				rows: document.querySelectorAll("tbody tr").length });
		};
		setTimeout(end, time);
	}), ms);
}

for (const [name, context] of [
	["a laptop", { viewport: { width: 1366, height: 768 } }],
	["a wall", { viewport: { width: 2560, height: 1440 } }],
])
	pageTest(`with all registers changing the page draws, on ${name}`, { context, expect: CUT },
		async ({ t, server, page, connect }) => {
			await goTo(page, "0-63");
			const client = connect(server);
			const stop = repeat(100, (round, going) =>
				writeAll(client, (address) => address + round * 257, going));
			await until(() => page.evaluate(() => window.page.model.changes > 1000));
			const meter = await Meter.of(page);
			const got = await meter.measure(() => look(page, 1000 * SECONDS));
			const rounds = await stop();
			const per = (n) => (n / got.seconds).toFixed(1);
			t.diagnostic(`${per(got.paints)} paints/s; ${costText(got)}; longest task by the ` +
				`clock ${got.longestByClock.toFixed()} ms; heap ${(got.heap / 1e6).toFixed(1)} MB; ` +
				`${per(got.bytes / 1000)} kB/s, ${per(got.changes)} runs/s; ${rounds} rounds of ` +
				`writes; ${got.rows} rows, ${got.histories} histories, ${got.entries} entries`);
			assert.ok(got.paints >= 1 && got.paints <= 35 * got.seconds);
			assert.ok(got.tables <= 11 * got.seconds, `${got.tables} drawings of the table`);
			assert.ok(got.lists <= 5 * got.seconds, `${got.lists} drawings of the list`);
			assert.ok(got.rows <= 200, `${got.rows} rows`);
			assert.ok(got.histories <= 64, `${got.histories} histories`);
			assert.ok(got.entries <= 300, `${got.entries} entries`);
			assert.ok(got.bytes <= 600000 * got.seconds, `${got.bytes} bytes`);
			/* In the end the page has what the table has. */
			const { registers } = await (await fetch(`${server.url}api/dump`)).json();
			await until(() => page.evaluate((values) => values.every((value, i) =>
				window.page.model.registers[i] === value), registers));
		});

pageTest("what is there each second is sent once", {}, async ({ page }) => {
	const rates = await page.evaluate(() => new Promise((resolve) => {
		const { feed, connection } = window.page;
		let lengths = [];
		feed.on("state", () => { lengths = []; }); /* a new stream begins with all */
		feed.on("status", (status) => {
			lengths.push(status.rates.length);
			if (lengths.length === 4)
				resolve({ lengths, kept: connection.rates.all.length });
		});
	}));

	assert.deepEqual(rates.lengths.slice(1), [1, 1, 1]);
	assert.ok(rates.kept >= 3);
});

/* A line as many have at home. */
const LINE = { offline: false, latency: 100, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };

/* How many requests follow each other at most: each waits for an answer that
 * names the next one. */
function longestChain(requests) {
	const depths = new Map();
	let most = 0;

	for (const { url, from } of requests) { /* in the order in which they were sent */
		const depth = 1 + Math.max(0, ...from.map((one) => depths.get(one) ?? 0));
		depths.set(url, depths.has(url) ? Math.min(depth, depths.get(url)) : depth);
		most = Math.max(most, depths.get(url));
	}
	return most;
}

pageTest("the first view of a full table needs little", {}, async ({ t, server, page, connect }) => {
	const session = await page.context().newCDPSession(page);
	const requests = [];
	let bytes = 0, done = false;

	await writeAll(connect(server), (address) => Math.imul(address + 1, 40503) >> 4);
	session.on("Network.requestWillBeSent", ({ request: { url }, initiator }) =>
		done || requests.push({ url, from: [initiator.url,
			...(initiator.stack?.callFrames ?? []).map((frame) => frame.url)].filter(Boolean) }));
	session.on("Network.dataReceived", ({ encodedDataLength }) => {
		bytes += done ? 0 : encodedDataLength;
	});
	await session.send("Network.enable");
	await session.send("Network.setCacheDisabled", { cacheDisabled: true });
	await session.send("Network.emulateNetworkConditions", LINE);
	await page.reload({ waitUntil: "commit" });
	const seen = await page.evaluate(() => new Promise((resolve) => {
		const look = () => document.body?.dataset.loaded && window.page.map.painted ?
			resolve(performance.now()) : requestAnimationFrame(look);
		look();
	}));
	done = true;
	const chain = longestChain(requests);
	t.diagnostic(`${(seen / 1000).toFixed(2)} s by the clock at 10 Mbit/s and 100 ms; the ` +
		`machine's load was ${load()}; ${requests.length} requests, ${chain} one after another ` +
		`at most; ${(bytes / 1000).toFixed()} kB`);
	assert.ok(requests.length <= 70, `${requests.length} requests`);
	assert.ok(chain <= 4, `${chain} requests one after another`);
	assert.ok(bytes <= 350000, `${bytes} bytes`);
	/* What draws trends is loaded when there is one. */
	assert.ok(requests.every(({ url }) => !url.includes("dygraph")));
});
