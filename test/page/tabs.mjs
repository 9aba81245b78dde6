/* Several tabs of one browser. */
import assert from "node:assert/strict";
import { pageTest, until } from "./harness.mjs";

const TABS = 7; /* one more than the connections that a browser opens to a host */

/* Wait until so many streams are open: a tab that has heard nothing for a while
 * opens one anew, before the server knows that the old one has ended. */
async function expectReaders(server, n) {
	let got;

	await until(async () => {
		const text = await (await fetch(`${server.url}metrics`)).text();
		got = Number(/http_event_readers (\d+)\n/.exec(text)[1]);
		return got === n;
	}, () => `${n} streams, not ${got}`);
}

function value(page, address) {
	return page.evaluate((at) => window.page.model.registers[at], address);
}

async function allHave(pages, address, expected) {
	for (const [i, page] of pages.entries())
		await until(async () => await value(page, address) === expected,
			() => `tab ${i} to have ${expected} at ${address}`);
}

/* The tab that holds the stream; there is one, before long. */
async function findHolder(pages) {
	let holds;

	await until(async () => {
		holds = await Promise.all(pages.map((page) =>
			page.evaluate(() => window.page.feed.line.holds)));
		return holds.filter(Boolean).length === 1;
	}, () => `one holder: ${holds}`);
	return pages[holds.indexOf(true)];
}

/* Have a page do nothing. Returns what ends that. */
async function hang(page) {
	const session = await page.context().newCDPSession(page);
	const hangs = new Promise((resolve) => session.once("Debugger.paused", resolve));

	await session.send("Debugger.enable");
	await session.send("Debugger.pause");
	await hangs;
	return async () => {
		await session.send("Debugger.disable");
		await session.detach();
	};
}

pageTest("seven tabs have one stream, and all see each change", {},
	async ({ server, page, open, connect }) => {
		const client = connect(server);
		const pages = [page];

		while (pages.length < TABS)
			pages.push(await open(server));
		await expectReaders(server, 1);
		await client.write(100, 1234);
		await allHave(pages, 100, 1234);
		/* When the holder goes, another one takes over, and no change is lost: not
		 * what was written before, meanwhile or after. */
		for (let round = 1; pages.length > 1; round++) {
			const holder = await findHolder(pages);
			const writing = (async () => {
				for (let i = 0; i < 200; i++)
					await client.write(200 + i, round * 1000 + i);
			})();
			pages.splice(pages.indexOf(holder), 1);
			await holder.close();
			await writing;
			for (const i of [0, 100, 199])
				await allHave(pages, 200 + i, round * 1000 + i);
			await findHolder(pages);
		}
		await expectReaders(server, 1);
	});

pageTest("a tab that hangs with the stream is replaced", {},
	async ({ server, page, open, connect }) => {
		const other = await open(server);
		const holder = await findHolder([page, other]);
		const follower = holder === page ? other : page;
		const goOn = await hang(holder);

		await follower.bringToFront();
		await until(() => follower.evaluate(() => window.page.feed.line.holds), "a new holder");
		await connect(server).write(100, 77);
		await allHave([follower], 100, 77);
		await goOn();
		await allHave([holder], 100, 77);
		await findHolder([holder, follower]);
	});

pageTest("a tab hears the one that has replaced it before it has lost the lock", {},
	async ({ server, page, open }) => {
		const other = await open(server);
		const holder = await findHolder([page, other]);
		const follower = holder === page ? other : page;

		/* At once: before long the other one has the stream, and tells of the table. */
		await holder.evaluate(() => {
			const { feed } = window.page;

			feed.on("changes", ({ changes }) => {
				window.heard ??= { changes, holds: feed.line.holds };
			});
			feed.on("applied", () => {
				window.applied ??= window.page.model.registers[100];
			});
		});
		await follower.evaluate(() => {
			const { line, seq } = window.page.feed;

			line.channel.postMessage({ term: line.term + 1, name: "changes", since: seq,
				data: { time: new Date().toISOString(), seq: seq + 1, changes: [
					{ kind: "registers", address: 100, values: [77], client: "127.0.0.1",
						unit: 1, function: 16 }] } });
		});
		await until(() => holder.evaluate(() => window.applied !== undefined), "the change");
		assert.equal(await holder.evaluate(() => window.applied), 77);
		const { changes: [{ address, values }], holds } = await holder.evaluate(() => window.heard);
		assert.deepEqual([address, values, holds], [100, [77], false]);
	});

pageTest("where there are no locks each tab has its own stream", {},
	async ({ server, page, open, connect }) => {
		await page.context().addInitScript(() =>
			Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
		await page.reload();
		await page.waitForSelector("body[data-state=live][data-loaded]");
		const other = await open(server);
		await expectReaders(server, 2);
		await connect(server).write(100, 77);
		await allHave([page, other], 100, 77);
	});
