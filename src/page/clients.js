/*
 * The clients, as cards: address, rates, exceptions, and the client report on
 * them. Also the lists of contended addresses and of the latest changes.
 */
import { classic } from "./address.js";
import { exceptionName, functionCode, functionName } from "./functions.js";
import { count, duration, h, rate, setText, short, timeOfDay } from "./format.js";

const CARDS = 100;      /* the most that are shown */
const CHANGES = 80;

/* "192.0.2.1" of "192.0.2.1:5020": last writers have no port. */
function hostOf(peer) {
	return peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function chip(text, title, kind = "") {
	return h("span", { class: `chip ${kind}`, title }, text);
}

function fact(name, value, warn = false) {
	return h("div", { class: warn ? "warn" : null }, h("dt", {}, name), h("dd", {}, value));
}

function pollsTable(polls) {
	return h("table", { class: "polls" },
		h("thead", {}, h("tr", {}, ...["Polls", "every", "jitter", "requests"]
			.map((name) => h("th", { scope: "col" }, name)))),
		h("tbody", {}, ...polls.slice(0, 20).map((poll) => {
			const last = poll.address + poll.quantity - 1;
			const range = last > poll.address ? `${poll.address}–${last}` : String(poll.address);
			return h("tr", {},
				h("td", { title: functionName(poll.function) },
					`${functionCode(poll.function)} ${range}`,
					poll.overlaps && h("span", { class: "overlaps",
						title: "overlaps another poll" }, " ▲ overlaps")),
				h("td", {}, poll.period_ms ? `${count(Math.round(poll.period_ms))} ms` : "–"),
				h("td", {}, poll.jitter_ms || poll.jitter_ms === 0 ?
					`±${poll.jitter_ms.toFixed(1)} ms` : "–"),
				h("td", {}, count(poll.requests)));
		})));
}

const KNOWN = ["polls", "pipelining", "reconnects", "reconnects_per_min", "illegal", "hints",
	"requests", "exceptions"];

/* Members of the report that this page does not know, as plain text. */
function unknownParts(report) {
	return Object.entries(report)
		.filter(([name, value]) => !KNOWN.includes(name) &&
			["string", "number", "boolean"].includes(typeof value))
		.map(([name, value]) => fact(name.replace(/_/g, " "), String(value)));
}

function reportOf(report) {
	const parts = [];

	if (report.polls?.length)
		parts.push(pollsTable(report.polls));
	const facts = [
		report.pipelining > 1 && fact("Requests in flight, at most", count(report.pipelining)),
		report.reconnects > 0 && fact("Reconnects", count(report.reconnects) +
			(report.reconnects_per_min ? `, ${rate(report.reconnects_per_min)} a minute` : "")),
		...unknownParts(report),
	].filter(Boolean);
	if (facts.length)
		parts.push(h("dl", { class: "facts" }, ...facts));
	const remarks = [
		...(report.illegal || []).map((i) =>
			`${functionName(i.function)}: ${i.reason || exceptionName(i.exception)}, ` +
			`${count(i.requests)} times`),
		...(report.hints || []).map((hint) =>
			typeof hint === "string" ? hint : hint.text || JSON.stringify(hint)),
	];
	if (remarks.length)
		parts.push(h("ul", { class: "hints" }, ...remarks.map((text) => h("li", {}, text))));
	return parts;
}

export class ClientList {
	/* swatch(host) draws the colour that a host has on the map, or null. */
	constructor(root, swatch) {
		this.root = root;
		this.swatch = swatch;
		this.cards = new Map();
	}

	/* Clients as in /api/clients, with two times of this browser's clock added:
	 * received, when the data arrived, and began, when the client connected. */
	show(clients, now = Date.now()) {
		const order = [...clients].sort((a, b) => b.connected - a.connected || a.id - b.id);
		const seen = new Set();

		this.count = clients.filter((client) => client.connected).length;
		for (const client of order.slice(0, CARDS)) {
			seen.add(client.id);
			if (!this.cards.has(client.id))
				this.cards.set(client.id, this.makeCard());
			this.fill(this.cards.get(client.id), client);
		}
		for (const [id, card] of this.cards)
			if (!seen.has(id)) {
				card.element.remove();
				this.cards.delete(id);
			}
		const wanted = order.slice(0, CARDS).map((client) => this.cards.get(client.id).element);
		if (wanted.some((element, i) => this.root.children[i] !== element) ||
		    this.root.children.length !== wanted.length)
			this.root.replaceChildren(...wanted);
		this.age(now);
		return Math.max(0, order.length - CARDS);
	}

	makeCard() {
		const card = {
			swatch: h("span", { class: "swatch" }), name: h("h3"), state: h("span", { class: "state" }),
			facts: h("dl", { class: "facts" }), idle: h("dd"), chips: h("div", { class: "chips" }),
			report: h("div", { class: "report" }),
		};

		card.element = h("article", { class: "client" },
			h("header", {}, card.swatch, card.name, card.state),
			card.facts, card.chips, card.report);
		return card;
	}

	/* Update the times. */
	age(now = Date.now()) {
		for (const { client, state, idle } of this.cards.values()) {
			setText(state, client.connected === false ? "disconnected" :
				`connected ${duration(now - client.began)}`);
			setText(idle, duration((client.idle_s || 0) * 1000 + now - client.received));
		}
	}

	fill(card, client) {
		const host = hostOf(client.peer);
		const swatch = this.swatch(host);

		card.client = client;
		setText(card.name, client.peer);
		card.element.classList.toggle("gone", client.connected === false);
		card.swatch.replaceChildren(...(swatch ? [swatch] : []));
		card.facts.replaceChildren(
			fact("Requests/s", rate(client.requests_per_s || 0)),
			fact("Requests", short(client.requests || 0)),
			fact("In", short(client.bytes_in || 0, "B")),
			fact("Out", short(client.bytes_out || 0, "B")),
			fact("Unsent", short(client.unsent || 0, "B"), client.unsent > 0),
			fact("Idle", card.idle));
		card.chips.replaceChildren(
			...Object.entries(client.functions || {}).map(([code, n]) =>
				chip(`${functionCode(code)} × ${short(n)}`, `${functionName(code)}: ${count(n)}`)),
			...Object.entries(client.exceptions || {}).map(([code, n]) =>
				chip(`▲ exception ${exceptionName(code)} × ${short(n)}`, `${count(n)} times`, "bad")));
		card.report.replaceChildren(...reportOf(client.report || {}));
	}
}

/* The rows of contended addresses. go(kind, address) is called when one is
 * chosen. row.last is the time of the last change of the writer, by this
 * browser's clock. */
export function contendedRows(rows, go, now = Date.now()) {
	return rows.slice(0, 500).map((row) => h("tr", {},
		h("td", {}, h("button", {
			type: "button", class: "link",
			onclick: () => go(row.kind, row.address),
		}, `${row.kind === "coils" ? "coil" : "register"} ${row.address}`),
		h("span", { class: "classic" }, classic(row.kind, row.address))),
		h("td", {}, row.client || "unknown"),
		h("td", {}, row.other || "unknown"),
		h("td", { class: "number" }, count(row.contentions || 0)),
		h("td", { class: "number" }, `${duration(now - row.last)} ago`)));
}

function valuesText(change) {
	const more = change.quantity - change.values.length;

	return change.values.join(" ") + (more > 0 ? ` … ${more} more` : "");
}

/* The latest changes, the newest first. */
export function changeRows(log, go) {
	return log.slice(-CHANGES).reverse().map((change) => {
		const last = change.address + change.quantity - 1;
		const coil = change.kind === "coils";
		const name = (coil ? "coil" : "register") + (change.quantity > 1 ? "s" : "");
		const [time, milliseconds] = timeOfDay(change.time, true).split(".");
		return h("tr", {},
			h("td", { class: "time" }, time, h("span", { class: "fine" }, `.${milliseconds}`)),
			h("td", {}, h("button", {
				type: "button", class: "link",
				onclick: () => go(change.kind, change.address, last),
			}, h("span", { class: coil ? null : "fine" }, `${name} `),
			`${change.address}${change.quantity > 1 ? `–${last}` : ""}`),
			h("span", { class: "classic" }, classic(change.kind, change.address))),
			h("td", { class: "values", title: valuesText(change) }, valuesText(change)),
			h("td", {}, change.client || "–"),
			h("td", { class: "number fine", title: change.function ? functionName(change.function) : null },
				change.function ? functionCode(change.function) : "–"));
	});
}
