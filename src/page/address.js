/*
 * Addresses and ranges as the page shows them, and as people enter them.
 *
 * Inside the page an address is what goes over the wire: 0 to 65535. People
 * also know holding registers as 40001.. (or 400001..) and coils as 00001..;
 * both forms are shown. How an address is entered is in reference.js.
 */
import { formatReference, otherReading, parseReference } from "./reference.js";

export const SIZE = 65536;

const WORDS = {
	__proto__: null,
	r: "registers", reg: "registers", register: "registers",
	registers: "registers", h: "registers", hr: "registers", ir: "registers",
	holding: "registers", c: "coils", coil: "coils", coils: "coils",
	di: "coils",
};

/* A prefix is a word only with a blank behind it: HR400017 is no address. */
const GLUED = /^(hr|ir|c|di)\d/i;

/* The name in the 4xxxx or 0xxxx form: 16 is 40017. Five digits while they
 * suffice, else six. */
export function classic(kind, address) {
	const digits = address < 9999 ? 4 : 5;
	const prefix = kind === "coils" ? "0" : "4";

	return prefix + String(address + 1).padStart(digits, "0");
}

export function hex(value, digits = 4) {
	return "0x" + value.toString(16).toUpperCase().padStart(digits, "0");
}

/* "registers 100 to 131", "coil 5" */
export function rangeName({ kind, first, last }) {
	if (first === last)
		return `${kind === "coils" ? "coil" : "register"} ${first}`;
	return `${kind} ${first} to ${last}`;
}

/* Parse one end of a range: {kind, address, bit, other}, or {error}. other is
 * what it would be as a reference, if it could be meant as one. */
function parseEnd(text, kindNow) {
	const plain = parseReference(text, kindNow);
	const [, word, rest] = /^([a-z]+)\s*(\S+)$/i.exec(text) ?? [, "", text];
	const said = WORDS[word.toLowerCase()];

	if (plain)
		return { ...plain, other: otherReading(text) };
	if (word && !said)
		return { error: `“${word}” is neither registers nor coils.` };
	if (/^0x[0-9a-f]{1,4}$/i.test(rest))
		return { kind: said ?? kindNow, address: parseInt(rest, 16) };
	const found = said && !GLUED.test(text) ? parseReference(rest, said) : null;
	if (!found)
		return { error: `“${text}” is no address from 0 to ${SIZE - 1}.` };
	if (found.kind !== said)
		return { error: `“${rest}” is not one of the ${said}.` };
	return found;
}

/* The end of a range that begins at first: a number of items, or an address. */
function parseLast(first, sign, text) {
	if (sign !== "+")
		return parseEnd(text, first.kind);
	if (!/^(\d+|0x[0-9a-f]+)$/i.test(text) || Number(text) < 1)
		return { error: `“${text}” is not a quantity.` };
	return { kind: first.kind, address: first.address + Number(text) - 1,
		other: first.other && { ...first.other,
			address: first.other.address + Number(text) - 1 } };
}

/* The range between two ends, or {error}. */
function rangeBetween(a, b) {
	if (a.kind !== b.kind)
		return { error: "The range begins and ends in different tables." };
	if (b.address >= SIZE)
		return { error: `Addresses end at ${SIZE - 1}.` };
	if (b.address < a.address)
		return { error: "The range ends before it begins." };
	return { kind: a.kind, first: a.address, last: b.address };
}

/* What digits alone could also be meant as: a range with its name, or null. */
function otherRange(a, b) {
	const range = a.other && b.other ? rangeBetween(a.other, b.other) : { error: "none" };

	if (range.error)
		return null;
	const last = range.first === range.last ? "" : `-${range.last}`;
	return { ...range, name: formatReference(a.other) + last };
}

/*
 * Parse "16", "HR16", "400017", "0x10", "100-131", "100+32", "coils 5" or
 * "registers 40017". Returns {kind, first, last, note, other}, or {error}. Where
 * digits alone could be meant as a reference, other is that range, with its
 * name; otherwise null.
 */
export function parseRange(text, kindNow) {
	const match = /^\s*(\S.*?)\s*(?:(-|–|\.\.|to|\+)\s*(\S+)\s*)?$/i.exec(text);

	if (!match)
		return { error: "An address or a range, like 16, HR16, 100-131, coils 5." };
	const [, from, sign, to] = match;
	const a = parseEnd(from.trim(), kindNow);
	const b = to === undefined || a.error ? a : parseLast(a, sign, to);
	if (b.error)
		return { error: b.error };
	const range = rangeBetween(a, b);
	if (range.error)
		return range;
	if (to !== undefined && (a.bit ?? b.bit) !== undefined)
		return { error: "A range has no bits." };
	const other = otherRange(a, b);
	const bit = a.bit === undefined ? "" : `, bit ${a.bit}`;
	return { ...range, other,
		note: rangeName(range) + bit + (other ? ", as on the wire" : "") };
}
