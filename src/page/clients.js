/*
 * The clients, as cards: address, rates, exceptions, and the client report on
 * them. Also the list of contended addresses.
 */
import { classic } from "./address.js";
import { exceptionName, functionCode, functionName } from "./functions.js";
import { count, duration, h, rate, setText, setWho, short, who, whole } from "./format.js";
import { KeyedList } from "./keyed.js";
import { Roving } from "./roving.js";

const FIGURES = ["Requests/s", "Requests", "In", "Out", "Unsent"];
const CARDS = 100;      /* the most that are shown */

/* "192.0.2.1" of "192.0.2.1:5020": last writers have no port. */
function hostOf(peer) {
	return peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function chip(text, title, kind = "") {
	return h("span", { class: `chip ${kind}`, title }, text);
}

function chipsOf(functions, exceptions) {
	return [
		...Object.entries(functions).map(([code, n]) =>
			chip(`${functionCode(code)} × ${short(n)}`, `${functionName(code)}: ${count(n)}`)),
		...Object.entries(exceptions).map(([code, n]) =>
			chip(`▲ exception ${exceptionName(code)} × ${short(n)}`, `${count(n)} times`, "bad")),
	];
}

/* value: a text, or the element that has it. */
function fact(name, value) {
	return h("div", {}, h("dt", {}, name),
		value instanceof Element ? value : h("dd", {}, value));
}

/* The names of what a poll reads. */
function namesOf(poll) {
	const more = poll.point_count - poll.points.length;

	return poll.points.join(", ") + (more > 0 ? ` +${more}` : "");
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
						title: "overlaps another poll" }, " ▲ overlaps"),
					poll.half && h("span", { class: "overlaps",
						title: "reads a part of a point of several registers" },
					" ▲\u00a0half a point"),
					poll.points?.length > 0 && h("div", { class: "names" }, namesOf(poll))),
				h("td", {}, poll.period_ms ? `${count(Math.round(poll.period_ms))} ms` : "–"),
				h("td", {}, poll.jitter_ms || poll.jitter_ms === 0 ?
					`±${poll.jitter_ms.toFixed(1)} ms` : "–"),
				h("td", {}, count(poll.requests)));
		})));
}

const KNOWN = ["polls", "pipelining", "reconnects", "reconnects_per_min", "illegal", "hints",
	"findings", "requests", "exceptions"];

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
	return parts;
}

/* What a client does wrong: {text, query}, the query of its requests. */
function remarksOf(report) {
	return [
		...(report.illegal || []).map((i) => ({ query: i.query,
			text: `${functionName(i.function)}: ${i.reason || exceptionName(i.exception)}, ` +
				`${count(i.requests)} times` })),
		...(report.findings || []).map(({ hint, query }) => ({ text: hint, query })),
	];
}

/* The list of remarks in root. Those with a query lead to the tab "Requests". */
function remarkList(root) {
	return new KeyedList(root, ({ query }) => {
		const text = h("span");

		return { text, element: h("li", {}, text, query && " ", query &&
			h("button", { type: "button", class: "link", "data-requests": query },
				"requests")) };
	}, ({ text }, remark) => setText(text, remark.text));
}

export class ClientList {
	/* swatch(name) draws the colour that a host or subject has on the map, or null. */
	constructor(root, swatch) {
		this.swatch = swatch;
		this.list = new KeyedList(root, () => this.makeCard(),
			(card, client) => this.fill(card, client));
		this.roving = new Roving(root, ".client", { card: true });
	}

	/* Clients as in /api/clients, with two times of this browser's clock added:
	 * received, when the data arrived, and began, when the client connected. */
	show(clients, now = Date.now()) {
		const order = [...clients].sort((a, b) => b.connected - a.connected || a.id - b.id);

		this.count = clients.filter((client) => client.connected).length;
		this.lost = false;
		const lost = this.list.show(order.slice(0, CARDS), ({ id }) => id);
		this.roving.update(lost || this.lost);
		this.age(now);
		return Math.max(0, order.length - CARDS);
	}

	makeCard() {
		const card = {
			swatch: h("span", { class: "swatch" }), name: h("h3"), peer: h("small", { class: "peer", hidden: true }),
			state: h("span", { class: "state" }),
			figures: FIGURES.map(() => h("dd")), idle: h("dd"), made: {}, chips: h("div", { class: "chips" }),
			report: h("div", { class: "report" }), hints: h("ul", { class: "hints" }),
		};

		card.element = h("article", { class: "client", tabindex: "-1" },
			h("header", {}, card.swatch, card.name, card.peer, card.state),
			h("dl", { class: "facts" }, ...FIGURES.map((name, n) =>
				h("div", {}, h("dt", {}, name), card.figures[n])),
			fact("Idle", card.idle)), card.chips, card.report, card.hints);
		card.remarks = remarkList(card.hints);
		return card;
	}

	/* Update the times. */
	age(now = Date.now()) {
		for (const { client, state, idle } of this.list.rows.values()) {
			setText(state, client.connected === false ? "disconnected" :
				`connected ${duration(now - client.began)}`);
			setText(idle, duration((client.idle_s || 0) * 1000 + now - client.received));
		}
	}

	fill(card, client) {
		const { peer, subject, role } = client;
		const swatch = this.swatch(subject ?? hostOf(peer));

		card.client = client;
		setText(card.name, subject ?? peer);
		setText(card.peer, subject ? `${peer}, ${role ? `role ${role}` : "no role"}` : "");
		card.peer.hidden = !subject;
		card.element.ariaLabel = `Client ${subject ? `${subject}, ` : ""}${peer}`;
		card.element.classList.toggle("gone", client.connected === false);
		card.swatch.replaceChildren(...(swatch ? [swatch] : []));
		const texts = [rate(client.requests_per_s || 0), short(client.requests || 0),
			short(client.bytes_in || 0, "B"), short(client.bytes_out || 0, "B"),
			short(client.unsent || 0, "B")];
		texts.forEach((text, n) => setText(card.figures[n], text));
		card.figures[4].parentElement.classList.toggle("warn", client.unsent > 0);
		this.fillIfNew(card, "chips", [client.functions || {}, client.exceptions || {}],
			chipsOf);
		this.fillIfNew(card, "report", [client.report || {}], reportOf);
		this.lost ||= card.remarks.show(remarksOf(client.report || {}).map((remark, i) => ({ ...remark, i })),
			({ i, query }) => `${i} ${query ?? ""}`);
	}

	/* Make a part of a card again only if it tells of something else. */
	fillIfNew(card, part, data, make) {
		const text = JSON.stringify(data);

		if (card.made[part] === text)
			return;
		card.made[part] = text;
		card[part].replaceChildren(...make(...data));
	}
}

/* The list of contended addresses in root. go(kind, address) is called when one
 * is chosen. Its items have last, when the writer changed last, and now, both by
 * this browser's clock. */
export function contendedList(root, go) {
	return new KeyedList(root, ({ kind, address }) => {
		const cells = Array.from({ length: 4 }, (_, i) =>
			h("td", { class: i > 1 ? "number" : null }));

		return { cells, element: h("tr", {},
			h("td", {}, h("button", { type: "button", class: "link",
				onclick: () => go(kind, address) },
			`${kind === "coils" ? "coil" : "register"} ${address}`),
			h("span", { class: "classic" }, classic(kind, address))), ...cells) };
	}, ({ cells }, row) => {
		const other = { client: row.other, subject: row.other_subject };
		const texts = [count(row.contentions || 0), `${duration(row.now - row.last)} ago`];

		setWho(cells[0], who(row) || "unknown", whole(row));
		setWho(cells[1], who(other) || "unknown", whole(other));
		texts.forEach((text, i) => setText(cells[2 + i], text));
	});
}
