/* The tabs "Clients" and "Contended". */
import { ClientList, contendedList } from "./clients.js";
import { count, setText } from "./format.js";
import { clientSwatch } from "./legend.js";
import { Roving } from "./roving.js";

const INTERVAL = 250; /* ms between drawings */
const CONTENDED = 500; /* the most rows */
const $ = (id) => document.getElementById(id);

/* page, here and below: see app.js. */
export function plugClients({ tabs, frames, model, map, mirror, feed }) {
	const cards = new ClientList($("clients-list"), (host) => {
		const number = model.clientNumbers.get(host);
		return number === undefined ? null : clientSwatch(map.palette, number);
	});

	function badge() {
		const connected = mirror.clients.filter(({ connected: now }) => now !== false).length;

		setText($("clients-count"), connected > 0 ? count(connected) : "");
		return connected;
	}

	tabs.add({
		name: "clients", element: $("clients"), interval: INTERVAL, always: true,
		draw(now) {
			const { clients } = mirror;
			const connected = badge();
			const left = cards.show(clients, now);

			$("no-clients").hidden = clients.length > 0;
			setText($("clients-note"), `${count(connected)} connected` +
				(clients.length > connected ?
					`, ${count(clients.length - connected)} disconnected` : "") +
				(left > 0 ? `; ${count(left)} more are not shown` : "") + ".");
		},
	});
	feed.on("clients", badge);
	setInterval(() => {
		if (!document.hidden && feed.state === "live" && tabs.sees("clients"))
			cards.age();
	}, 1000);
	return cards;
}

export function plugContended({ tabs, frames, mirror, navigation, feed }) {
	const list = contendedList($("contended-rows"), (kind, address) =>
		navigation.goTo({ kind, first: address, last: address }, true));
	const roving = new Roving($("contended-rows"), "tr");

	tabs.add({
		name: "contended", element: $("contended"), interval: INTERVAL, always: true,
		draw(now) {
			const rows = mirror.contended;

			$("no-contended").hidden = rows.length > 0;
			$("contended-table").hidden = rows.length === 0;
			roving.update(list.show(rows.slice(0, CONTENDED).map((row) => ({ ...row, now })),
				({ kind, address }) => kind + address));
		},
	});
	feed.on("contended", (rows) =>
		setText($("contended-count"), rows.length > 0 ? `▲ ${count(rows.length)}` : ""));
	setInterval(() => {
		if (!document.hidden && tabs.sees("contended") && mirror.contended.length > 0)
			frames.soon("contended");
	}, 1000);
	return list;
}
