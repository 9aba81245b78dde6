/* For everybody: any width, any theme, without a pointer, without colours. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { PHONE, brightness, giveCertificates, pageTest, pixel, screenshot, until } from "./harness.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "everybody-test-"));
const POINTS = path.join(folder, "plant.csv");
const LONG = "Heizkreis_3.Mischer.Vorlauf/Temperatur-Sollwert_nach_Außentemperatur_nach_Zeit";

writeFileSync(POINTS, `name,address,type,order,value,scale,units,access,description
${LONG},HR0,int16,,62.5,0.1,degC,,a long name
setpoint,HR10,int16,,65,0.1,degC,rw,
flow,HR20,float32,CDAB,12.75,,m3/h,,
energy,HR22,uint64,CDAB,18446744073709551615,,Wh,,
text,HR100,string200,,${"all work and no play ".repeat(9).trim()},,,,
fault,HR40.2,bool,,,,,,
sealed,HR50,uint16,,7,,,ro,
pump,C0,bool,,true,,,rw,
${Array.from({ length: 40 }, (_, i) => `cell ${i},HR${2000 + i},uint16,,${i * 100},,mV,,\n`).join("")}`);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const TABS = ["values", "watch", "points", "changes", "clients", "contended", "requests"];
const WATCHED = `#watch=${encodeURIComponent(LONG)}~auto;setpoint;flow~auto;energy;text;` +
	"fault~auto;sealed;pump;@HR16:float32:CDAB;@C5";
const BUSY = { server: ["--http-write", "--points", POINTS] };

/* Clients that do something wrong, too, so that each tab has something to show. */
async function work(server, connect) {
	const clients = ["127.0.0.21", "127.100.100.122"].map((source) => connect(server, source));

	for (let i = 0; i < 4; i++)
		for (const [n, client] of clients.entries()) {
			await client.write(77, i + 100 * n);
			await client.write(0, 600 + i);
			await client.write(2000, ...Array(100).fill(54321));
			await client.writeCoil(7, i & 1);
			await client.read(21, 1);
			await client.read(20, 125);
			await client.read(0, 126);
		}
	return clients;
}

/* A page with something in each tab; the first one is closed. */
async function openBusy({ server, connect, open, page: first }, hash = WATCHED) {
	const clients = await work(server, connect);

	await first.close();
	const page = await open({ url: server.url + hash });
	await until(() => page.evaluate(() => window.page.points.items.length > 0));
	return { page, clients };
}

/* Show a tab, and wait until it is drawn. */
function show(page, tab) {
	return page.evaluate(async (name) => {
		const { tabs, frames } = window.page;
		const before = frames.drawn(name);

		tabs.choose(name);
		do
			await new Promise((resolve) => requestAnimationFrame(resolve));
		while (frames.drawn(name) === before);
	}, tab);
}

/* Any width. --------------------------------------------------------------- */

/* Runs in the page: what is wider than the window, or is cut off at the right
 * where it can't be scrolled to, and what scrolls sideways but is not meant to. */
function sticksOut() {
	const SCROLLERS = ".scroller, .tabs, .matrix, .lanes";
	const width = document.documentElement.clientWidth;
	const out = [];
	const say = (element, what) => out.push(`${element.tagName.toLowerCase()}` +
		`${element.id && "#" + element.id}${element.className && "." + element.className} ${what}`);
	const room = (element) => {
		for (let at = element.parentElement; at; at = at.parentElement) {
			const style = getComputedStyle(at);
			if (style.clipPath !== "none" || style.textOverflow === "ellipsis" ||
			    ["auto", "scroll"].includes(style.overflowX))
				return Infinity; /* it is hidden on purpose, or scrolled */
			if (style.overflowX !== "visible")
				return at.getBoundingClientRect().right;
		}
		return width;
	};

	if (document.documentElement.scrollWidth > width)
		out.push(`the document is ${document.documentElement.scrollWidth} wide`);
	for (const element of document.body.querySelectorAll("*")) {
		const style = getComputedStyle(element);
		if (!element.checkVisibility() || style.position === "absolute" && style.opacity === "0")
			continue;
		const { left, right } = element.getBoundingClientRect();
		if (right - left > 1 && right > room(element) + 1)
			say(element, `ends at ${Math.round(right)}`);
		if (["auto", "scroll"].includes(style.overflowX) && !element.matches(SCROLLERS) &&
		    element.scrollWidth > element.clientWidth + 1)
			say(element, "scrolls sideways");
	}
	return out;
}

/* In steps, and on both sides of where the layout turns. */
const WIDTHS = [...Array.from({ length: 16 }, (_, i) => 320 + 80 * i),
	...Array.from({ length: 4 }, (_, i) => 1800 + 200 * i),
	390, 420, 421, 999, 1000, 1250, 1251, 1699, 1700, 2560].sort((a, b) => a - b);

/* At a height at which no window is a wall, and at one at which wide ones are. */
for (const [height, widths] of [[768, WIDTHS], [1080, WIDTHS.filter((width) => width > 1600)]])
	pageTest(`nothing sticks out from ${widths[0]} to 2560, ${height} high`,
		BUSY, async (given) => {
		const { page, clients } = await openBusy(given);

		await clients[0].write(3000, ...Array(100).fill(54321)); /* the list of changes */
		await until(() => page.evaluate(() => window.page.log.entries.length > 0));
		await page.evaluate(`window.sticksOut = ${sticksOut}`);
		for (const tab of TABS)
			await show(page, tab);
		for (const width of widths) {
			await page.setViewportSize({ width, height });
			/* Once it is fitted to the window. */
			assert.deepEqual(await page.evaluate((tabs) => new Promise((resolve) =>
				requestAnimationFrame(() => setTimeout(() => resolve(tabs.flatMap((tab) => {
					window.page.tabs.choose(tab);
					return window.sticksOut().map((what) => `${tab}: ${what}`);
				}))))), TABS), [], `at a width of ${width}`);
		}
	});

/* The longest subject there is, without a place to break it. */
pageTest("no subject of a certificate sticks out", BUSY, async (given) => {
	await giveCertificates(given.page.context(), {
		"127.0.0.21": { subject: `CN=${"x".repeat(197)}`, role: "y".repeat(64) },
		"127.100.100.122": { subject: `CN=${"HMI of the plant ".repeat(11)},O=Plant`, role: "" },
	});
	const { page, clients } = await openBusy(given);

	await clients[0].write(3000, ...Array(100).fill(54321));
	await clients[0].write(0, 7);
	await until(() => page.evaluate(() => window.page.log.entries.length > 0));
	await page.evaluate(`window.sticksOut = ${sticksOut}`);
	await page.evaluate(() => window.page.navigation.goTo({ kind: "registers", first: 0, last: 0 }));
	for (const tab of TABS)
		await show(page, tab);
	await until(() => page.evaluate(() => window.page.model.writer("registers", 0)?.startsWith("CN=x")));
	for (const width of [320, 390, 421, 800, 1000, 1366, 1920]) {
		await page.setViewportSize({ width, height: 768 });
		assert.deepEqual(await page.evaluate((tabs) => new Promise((resolve) =>
			requestAnimationFrame(() => setTimeout(() => resolve(tabs.flatMap((tab) => {
				window.page.tabs.choose(tab);
				return window.sticksOut().map((what) => `${tab}: ${what}`);
			}))))), TABS), [], `at a width of ${width}`);
		if (width === 1366)
			await screenshot(page, "subjects");
	}
});

/* A phone's first screen. -------------------------------------------------- */

/* How many rows with values are seen whole, without scrolling. */
function rowsSeen(page) {
	return page.evaluate(() => {
		const bar = document.querySelector(".bar").getBoundingClientRect().bottom;

		return [...document.querySelectorAll("#values-table td.unsigned, .items td.value > span")]
			.filter((cell) => {
				const { left, right, top, bottom } = cell.getBoundingClientRect();
				return cell.textContent !== "" && cell.checkVisibility() && left >= 0 &&
					right <= innerWidth && top >= bar && bottom <= innerHeight &&
					cell.contains(document.elementFromPoint((left + right) / 2,
						(top + bottom) / 2));
			}).length;
	});
}

pageTest("a phone's first screen shows values", { context: PHONE }, async ({ server, connect, open }) => {
	await connect(server).write(2, 1234);
	const page = await open(server);
	await until(async () => await rowsSeen(page) >= 8, "rows to be seen");
	await screenshot(page, "first-screen");
	assert.equal(await page.evaluate(() => scrollY), 0);
	/* What the user chooses stays, also after a reload. */
	await page.click("#tab-changes");
	assert.equal(await page.isVisible("#values-table"), false);
	await page.reload();
	await page.waitForSelector("body[data-loaded]");
	assert.equal(await page.isVisible("#changes"), true);
});

pageTest("a phone's first screen shows points, or what is watched", { ...BUSY, context: PHONE },
	async ({ server, open }) => {
		const page = await open(server);
		const shown = (tab) => until(async () => await page.isVisible(`#${tab}`) &&
			await rowsSeen(page) >= 8, () => `values in ${tab}`);

		await shown("points");
		await screenshot(page, "first-screen-points");
		await page.goto("about:blank");
		await page.goto(server.url + WATCHED);
		await shown("watch");
		await screenshot(page, "first-screen-watch");
	});

/* What axe finds. ---------------------------------------------------------- */

const axe = readFileSync(createRequire(path.join(process.env.PAGE_MODULES, "x.js"))
	.resolve("axe-core"), "utf8");

/* What is serious, with the elements. */
async function seriousFaults(page) {
	/* Rows that fade have done so. */
	await until(() => page.evaluate(() => document.getAnimations().length === 0));
	return page.evaluate(async () => {
		const { violations, passes } = await window.axe.run({ resultTypes: ["violations"] });

		if (passes.length < 10)
			return [`axe has looked at little: ${passes.length} rules`];
		return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
			.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) =>
				`${id}: ${target}: ${failureSummary.replace(/\s+/g, " ").slice(0, 200)}`));
	});
}

for (const colorScheme of ["dark", "light"])
	pageTest(`axe finds nothing serious, ${colorScheme}`, { ...BUSY, context: { colorScheme } },
		async (given) => {
			const { page, clients } = await openBusy(given);

			await clients[0].write(3000, ...Array(100).fill(54321)); /* the list of changes */
			await page.evaluate(axe);
			for (const tab of TABS) {
				await show(page, tab);
				assert.deepEqual(await seriousFaults(page), [], tab);
			}
			await page.evaluate(() => window.page.tabs.choose("values"));
			for (const [what, act] of Object.entries({
				"a map that is enlarged": () => page.click("#zoom-in"),
				"coils": () => page.click("label:has(> input[value=coils])"),
				"the map of writers": () => page.click("label:has(> input[value=writer])"),
				"help": () => page.click("#help-button"),
			})) {
				await act();
				assert.deepEqual(await seriousFaults(page), [], what);
			}
			await page.keyboard.press("Escape");
			await page.setViewportSize({ width: 2560, height: 1440 });
			await show(page, "watch");
			assert.deepEqual(await seriousFaults(page), [], "a wall");
			await page.setViewportSize({ width: 390, height: 844 });
			assert.deepEqual(await seriousFaults(page), [], "a phone");
		});

pageTest("axe finds nothing serious on an empty server", { server: [] }, async ({ page }) => {
	await page.evaluate(axe);
	for (const tab of TABS.filter((name) => name !== "points")) {
		await show(page, tab);
		assert.deepEqual(await seriousFaults(page), [], tab);
	}
});

/* Without the page's own colours. ------------------------------------------ */

/* The styles by which these differ, as texts: {name: [selector, classes]}. */
function stylesOf(page, elements) {
	return page.evaluate((all) => Object.fromEntries(Object.entries(all)
		.map(([name, [selector, classes]]) => {
			const element = document.querySelector(selector), before = element.className;
			element.className = `${before} ${classes}`;
			const { outline, outlineColor, borderBottomColor, backgroundColor, textDecorationLine } =
				getComputedStyle(element);
			const style = [outline, outlineColor, borderBottomColor, backgroundColor,
				textDecorationLine].join(" ");
			element.className = before;
			return [name, style];
		})), elements);
}

for (const colorScheme of ["dark", "light"])
	pageTest(`with forced colours nothing depends on the page's own, ${colorScheme}`,
		{ ...BUSY, context: { colorScheme, forcedColors: "active" } }, async (given) => {
			const { page } = await openBusy(given);
			const other = colorScheme === "dark" ? "light" : "dark";

			await page.evaluate((theme) => localStorage.setItem("theme", theme), other);
			await page.reload();
			await page.waitForSelector("body[data-loaded]");
			await until(() => page.evaluate(() => window.page.points.items.length > 0));
			await show(page, "contended");
			await page.waitForSelector("#contended .link");
			await show(page, "watch");
			await until(() => page.evaluate(() => [...window.page.trend.lanes.values()]
				.every(({ graph }) => graph)), "trends");
			const row = "#watch tbody tr[data-key]:not(.here)";
			const styles = await stylesOf(page, { plain: [row, ""], fresh: [row, "fresh"],
				here: [row, "here"], "here and fresh": [row, "here fresh"] });
			assert.equal(new Set(Object.values(styles)).size, 4, JSON.stringify(styles));
			for (const [name, on, off] of [
				["tab", "#tab-watch", "#tab-values"],
				["switch", "#mode :checked + span", "#mode :not(:checked) + span"],
				["cursor of trends", ".mark", ".lanes"],
				["link", "#contended .link", "#contended td"]]) {
				const both = await stylesOf(page, { on: [on, ""], off: [off, ""] });
				assert.notEqual(both.on, both.off, name);
			}
			/* The focus of a row is seen, and is not the mark of the cursor. */
			await page.locator("#watch tr.here").focus();
			await page.keyboard.press("ArrowDown");
			await until(() => page.evaluate(() =>
				getComputedStyle(document.activeElement).outlineStyle === "double"));
			/* Lines of trends differ by colour or dashes, in the legend as drawn. */
			let lines = [];
			await until(async () => {
				lines = await page.locator(".readout svg line").evaluateAll((all) =>
					all.map((line) => `${getComputedStyle(line).stroke} ` +
						line.getAttribute("stroke-dasharray")));
				return new Set(lines).size === 3;
			}, () => `three lines that differ, not ${lines.join("; ")}`);
			/* The map is that of the system's brightness, whatever was chosen. */
			assert.equal(await page.evaluate(() => window.page.map.palette.dark),
				colorScheme === "dark");
			let none, much;
			await until(async () => {
				[none, much] = await Promise.all([5000, 2050].map((at) => pixel(page, at)));
				return Math.abs(brightness(none) - brightness(much)) > 100;
			}, () => `values to be told apart from none, not ${none}, ${much}`);
			await screenshot(page, `forced-${colorScheme}`);
		});
