/* The page behind a proxy, and in pages of others. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expectText, goTo, cell, mbpoll, pageTest, until } from "./harness.mjs";

const PREFIX = "/plant/unit-1";

/* Serve HTTP until the test ends. Returns the port. */
async function serve(t, handle) {
	const server = http.createServer(handle);

	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return server.address().port;
}

/* A proxy that has servers below paths, {path: server}, and nothing elsewhere; of
 * paths that begin with one another the longer first. Returns its URL. */
async function startProxy(t, servers) {
	const port = await serve(t, (request, response) => {
		const prefix = Object.keys(servers).find((each) => request.url.startsWith(`${each}/`));

		if (prefix === undefined) {
			response.writeHead(404).end();
			return;
		}
		request.pipe(http.request({ host: "127.0.0.1", port: servers[prefix].http,
			agent: false, /* a connection that is kept may be closed when it is used */
			method: request.method, headers: request.headers,
			path: request.url.slice(prefix.length) }, (reply) => {
			response.writeHead(reply.statusCode, reply.headers);
			reply.pipe(response);
		}).on("error", () => response.destroy()));
	});

	return `http://127.0.0.1:${port}`;
}

pageTest("below any path, the page shows values and writes them",
	{ server: ["--http-write"] }, async ({ t, server, open }) => {
		const page = await open({
			url: `${await startProxy(t, { [PREFIX]: server })}${PREFIX}/` });

		await mbpoll(server, 4, 16, 1234);
		await goTo(page, "HR16");
		await expectText(cell(page, 16, "unsigned"), "1234");
		await page.fill("input[name=value]", "77");
		await page.press("input[name=value]", "Enter");
		await expectText(cell(page, 16, "unsigned"), "77");
		await page.reload();
		await page.waitForSelector("body[data-state=live][data-loaded]");
		await goTo(page, "HR16");
		await expectText(cell(page, 16, "unsigned"), "77");
	});

pageTest("two servers of one origin share nothing", { server: ["--http-write"] },
	async ({ t, server, start, open }) => {
		const servers = { [PREFIX]: server, "/plant": await start(["--http-write"]) };
		const origin = await startProxy(t, servers);
		const [one, other, otherToo] = [
			await open({ url: `${origin}${PREFIX}/` }),
			await open({ url: `${origin}/plant/` }), await open({ url: `${origin}/plant/` })];
		const names = (page) => page.locator("#watch tr[data-key] th b").allTextContents();
		const watch = async (page, name) => {
			await page.click("#tab-watch");
			await page.fill("#watch-add", name);
			await page.press("#watch-add", "Enter");
			await until(async () => (await names(page)).includes(name));
		};
		const theme = (page) => page.evaluate(() => document.documentElement.dataset.theme);
		const ready = (page) => page.waitForSelector("body[data-state=live][data-loaded]");

		/* The streams: each server has one, and each page its own server's. */
		await mbpoll(servers[PREFIX], 4, 16, 1234);
		await mbpoll(servers["/plant"], 4, 16, 77);
		for (const [page, value] of [[one, 1234], [other, 77], [otherToo, 77]])
			await until(() => page.evaluate((wanted) =>
				window.page.model.registers[16] === wanted, value), `${value} at 16`);
		await until(async () => String(await Promise.all([one, other].map((page) =>
			page.evaluate(() => [...new Set(window.page.log.entries.map(({ values }) => values[0]))]
				.join(" "))))) === "1234,77", "each to list what was written to its server");
		/* One that the browser does not let run is replaced by the other. */
		await until(async () => String((await Promise.all([other, otherToo].map((page) =>
			page.evaluate(() => window.page.feed.line.holds)))).sort()) === "false,true", "one holder");
		assert.ok(await one.evaluate(() => window.page.feed.line.holds));
		/* What the browser keeps. */
		await watch(one, "HR1");
		await watch(other, "HR2");
		await otherToo.click("#tab-watch");
		await until(async () => String(await names(otherToo)) === "HR2");
		assert.deepEqual(await names(one), ["HR1"]);
		await one.click("#theme");
		assert.deepEqual(await Promise.all([one, other].map(theme)), ["dark", "auto"]);
		await one.evaluate(() => { window.page.feed.token = "secret-of-one-server"; });
		/* One tab goes from one server to the other, and back. */
		await one.goto(`${origin}/plant/`);
		await ready(one);
		assert.deepEqual([await theme(one), await one.evaluate(() => window.page.feed.token)],
			["auto", null]);
		await one.click("#tab-watch");
		await until(async () => String(await names(one)) === "HR2");
		await one.goto(`${origin}${PREFIX}/`);
		await ready(one);
		assert.deepEqual([await theme(one), await one.evaluate(() => window.page.feed.token)],
			["dark", "secret-of-one-server"]);
		await one.click("#tab-watch");
		await until(async () => String(await names(one)) === "HR1");
	});

/* Open a page of another site: browsers take localhost and 127.0.0.1 for two. */
async function openDashboard(t, page) {
	const port = await serve(t, (request, response) => {
		response.writeHead(200, { "Content-Type": "text/html" });
		response.end(`<!doctype html><title>dashboard</title><body></body>`);
	});
	const dashboard = await page.context().newPage();

	await dashboard.goto(`http://localhost:${port}/`);
	return { dashboard, origin: `http://localhost:${port}` };
}

pageTest("no other page embeds the page", {}, async ({ t, server, page }) => {
	const said = [];
	const { dashboard } = await openDashboard(t, page);

	dashboard.on("console", (message) => said.push(message.text()));
	await dashboard.evaluate((url) => new Promise((resolve) => {
		const frame = document.createElement("iframe");
		frame.onload = resolve;
		frame.src = url;
		document.body.append(frame);
	}), server.url);
	await until(() => said.some((text) => text.includes("frame-ancestors")));
});

pageTest("the page is embedded by the origins that are allowed", {},
	async ({ t, page, start }) => {
		const { dashboard, origin } = await openDashboard(t, page);
		const server = await start(["--http-frame", "https://dash.example",
			"--http-frame", origin]);

		await dashboard.evaluate((url) => {
			const frame = document.createElement("iframe");
			frame.src = url;
			document.body.append(frame);
		}, server.url);
		const frame = dashboard.frameLocator("iframe");
		await frame.locator("body[data-state=live][data-loaded]").waitFor();
		await frame.locator("#tab-changes").click(); /* a small frame shows values */
		await mbpoll(server, 4, 16, 1234);
		await expectText(frame.locator("#changes-rows tr:first-child .values"), "1234");
	});

pageTest("a script of an allowed origin reads, follows, and writes with the token", {},
	async ({ t, page, start, connect }) => {
		const { dashboard, origin } = await openDashboard(t, page);
		const folder = mkdtempSync(path.join(tmpdir(), "page-origin-"));
		const file = path.join(folder, "token");

		t.after(() => rmSync(folder, { recursive: true }));
		writeFileSync(file, "a-token-for-this-test\n", { mode: 0o600 });
		const server = await start(["--http-write", "--http-token", file,
			"--http-origin", origin]);
		const seen = await dashboard.evaluate(async (url) => {
			const events = new EventSource(`${url}api/events`);
			const change = new Promise((resolve, reject) => {
				events.addEventListener("changes", (event) =>
					resolve(JSON.parse(event.data).changes[0].values));
				events.onerror = reject;
			});
			await new Promise((resolve) => events.addEventListener("hello", resolve));
			const put = (headers) => fetch(`${url}api/registers`, { method: "PUT",
				headers: { "Content-Type": "application/json", ...headers },
				body: JSON.stringify({ address: 9, values: [4, 5] }) });
			return [(await put({})).status,
				(await put({ Authorization: "Bearer a-token-for-this-test" })).status,
				await change];
		}, server.url);
		assert.deepEqual(seen, [401, 200, [4, 5]]);
		assert.deepEqual(await connect(server).read(9, 2), [4, 5]);
	});

pageTest("a script of another origin can't read", {}, async ({ t, server, page }) => {
	const { dashboard } = await openDashboard(t, page);

	assert.equal(await dashboard.evaluate((url) => fetch(`${url}api/status`).then(
		() => "read", (error) => error.name), server.url), "TypeError");
});
