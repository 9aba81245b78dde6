/* Short forms of numbers and times, and the creation of elements. */

const counts = new Intl.NumberFormat("en-GB");
const clock = new Intl.DateTimeFormat("en-GB",
	{ hour: "2-digit", minute: "2-digit", second: "2-digit" });

/* 12,345 */
export function count(n) {
	return counts.format(n);
}

/* 1.2k, 3.4M; or with a unit: 14 MB */
export function short(n, unit = "") {
	let i = 0;

	while (n >= 999.5 && i < 4) {
		n /= 1000;
		i++;
	}
	const text = i === 0 || n >= 99.5 ? Math.round(n) : n.toPrecision(2);
	const scale = ["", "k", "M", "G", "T"][i];
	return unit ? `${text} ${scale}${unit}` : `${text}${scale}`;
}

/* A rate per second: 0.4, 12, 2,011 */
export function rate(n) {
	return n > 0 && n < 9.95 ? n.toFixed(1) : count(Math.round(n));
}

/* 0.2 s, 12 s, 4 min, 3 h 12 min, 2 d 4 h */
export function duration(ms) {
	const s = Math.max(0, ms) / 1000;

	if (s < 60)
		return `${Math.floor(s)} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min`;
	if (s < 86400)
		return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
	return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

/* The local time of day of a Date, milliseconds or ISO text. */
export function timeOfDay(time, milliseconds = false) {
	const date = new Date(time);

	if (Number.isNaN(date.getTime()))
		return "?";
	const text = clock.format(date);
	return milliseconds ?
		`${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/* Who a client is: by its certificate, or else its host; and the whole of that
 * where it has a certificate, for a title, else null. */
export function who({ client, subject }) {
	return subject ?? client;
}

export function whole({ client, subject }) {
	return subject ? `${subject}, ${client}` : null;
}

/* Write who it is to an element, whose class then shortens a subject. */
export function setWho(element, name, title = null) {
	setText(element, name);
	if ((element.title || null) !== title)
		element.title = title ?? "";
	element.classList.toggle("subject", title !== null);
}

/* Create an element: h("p", {class: "note"}, "text", child). Attributes that are
 * null or false are left out; those that begin with "on" are listeners. */
export function h(name, attributes = {}, ...children) {
	const element = document.createElement(name);

	for (const [key, value] of Object.entries(attributes)) {
		if (value === null || value === false || value === undefined)
			continue;
		if (key.startsWith("on"))
			element.addEventListener(key.slice(2), value);
		else
			element.setAttribute(key, value === true ? "" : value);
	}
	element.append(...children.filter((child) => child !== null &&
		child !== undefined && child !== false));
	return element;
}

/* Set text only if it differs, which avoids a new layout. */
export function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}
