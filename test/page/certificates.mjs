/* Clients with certificates, which this server's clients have not: the page is
 * made to see them so. */
import assert from "node:assert/strict";
import { cell, choose, expectText, giveCertificates, goTo, pageTest, until } from "./harness.mjs";

const HMI = "CN=HMI 3,O=Plant";

/* Register 16 is contended by a client with a certificate and one without. */
async function openContended({ server, page: first, connect, open }) {
	const hmi = connect(server, "127.0.0.21"), plain = connect(server, "127.0.0.22");

	await giveCertificates(first.context(), { "127.0.0.21": { subject: HMI, role: "Operator" } });
	await first.close();
	const page = await open(server);
	for (let i = 0; i < 4; i++) {
		await plain.write(16, 100 + i);
		await hmi.write(16, 200 + i);
	}
	await plain.write(17, 5);
	await hmi.read(16, 1);
	await until(() => page.evaluate(() => window.page.model.registers[17] === 5), "the writes");
	return page;
}

function shown(locator) {
	return locator.evaluate((element) => [element.textContent, element.title]);
}

pageTest("a writer is its certificate, and its host is told beside it", {}, async (given) => {
	const page = await openContended(given);

	await goTo(page, "registers 16");
	await expectText(page.locator("[data-part=writer]"), HMI);
	assert.equal(await page.locator("[data-part=writer]").getAttribute("title"),
		`${HMI}, 127.0.0.21`);
	await goTo(page, "registers 17");
	await expectText(page.locator("[data-part=writer]"), "127.0.0.22");
	assert.equal(await page.locator("[data-part=writer]").getAttribute("title") || "", "");
	await page.click("#tab-values");
	await expectText(cell(page, 16, "writer"), HMI);
	await until(async () => (await cell(page, 16, "writer").getAttribute("title"))
		.startsWith("contended: "), "the mark");
	assert.match(await cell(page, 16, "writer").getAttribute("title"),
		/^contended: CN=HMI 3,O=Plant and 127\.0\.0\.22 alternate$/);
	await choose(page, "writer");
	await until(async () => (await page.locator(".legend .entry").allTextContents())
		.includes(HMI), "the legend");
	assert.match(await page.locator(".legend .entry", { hasText: HMI }).getAttribute("title"),
		/^CN=HMI 3,O=Plant, 127\.0\.0\.21: 1 cells, /);
});

pageTest("lists name certificates", {}, async (given) => {
	const page = await openContended(given);

	await page.click("#tab-changes");
	await until(async () => await page.locator("#changes-rows tr").count() === 9, "9 writes");
	const changes = page.locator("#changes-rows td:nth-child(4)");
	assert.deepEqual(await shown(changes.nth(0)), ["127.0.0.22", ""]);
	assert.deepEqual(await shown(changes.nth(1)), [HMI, `${HMI}, 127.0.0.21`]);
	await page.click("#tab-contended");
	const contended = page.locator("#contended-rows tr td");
	await until(async () => await contended.count() === 5, "a contended register");
	await expectText(contended.nth(1), HMI);
	assert.deepEqual(await shown(contended.nth(1)), [HMI, `${HMI}, 127.0.0.21`]);
	assert.deepEqual(await shown(contended.nth(2)), ["127.0.0.22", ""]);
	await page.click("#tab-requests");
	const requests = page.locator("#requests tbody tr:not(.more)");
	await until(async () => await requests.count() === 10, "10 requests");
	await expectText(requests.nth(0).locator("td").last(), HMI);
	assert.match(await requests.nth(0).locator("td").last().getAttribute("title"),
		/^CN=HMI 3,O=Plant, 127\.0\.0\.21:\d+$/);
	await requests.nth(0).locator("button").click();
	await expectText(page.locator("#requests .more"), /CN=HMI 3,O=Plant, 127\.0\.0\.21:\d+, connection/);
});

pageTest("a card has the certificate, and below it address and role", {}, async (given) => {
	const page = await openContended(given);

	await page.click("#tab-clients");
	await until(async () => await page.locator(".client h3").count() === 2, "two clients");
	const hmi = page.locator(".client", { hasText: HMI });
	await expectText(hmi.locator("h3"), HMI);
	await expectText(hmi.locator(".peer"), /^127\.0\.0\.21:\d+, role Operator$/);
	const plain = page.locator(".client", { hasNotText: HMI });
	await expectText(plain.locator("h3"), /^127\.0\.0\.22:\d+$/);
	assert.equal(await plain.locator(".peer").isVisible(), false);
	/* Both have a colour on the map. */
	await until(async () => await page.locator(".client canvas.sample").count() === 2, "colours");
});

pageTest("a subject in the filter of requests is asked for as one", { expect: /404|400/ },
	async (given) => {
		const page = await openContended(given);
		const asked = [];

		page.on("request", (request) => asked.push(request.url()));
		await page.click("#tab-requests");
		await page.fill("#requests [name=client]", HMI);
		await page.press("#requests [name=client]", "Enter");
		await until(() => asked.some((url) => url.includes("subject=CN%3DHMI+3%2CO%3DPlant")),
			() => `a subject in ${asked}`);
		/* No client of this server has one. */
		await until(async () => await page.locator("#requests tbody tr:not(.more)").count() === 0);
	});
