/*
 * Addresses in the notations that people use.
 *
 * Inside the page an address is what goes over the wire: 0 to 65535. People
 * also know holding registers as 40001.. (or 400001..) and coils as 00001..;
 * both forms are shown and both are understood.
 */

export const SIZE = 65536;

const WORDS = {
	r: "registers", reg: "registers", register: "registers",
	registers: "registers", h: "registers", hr: "registers",
	holding: "registers", c: "coils", coil: "coils", coils: "coils",
};

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

/* What 40017, 400017, 00017, 30017 or 10017 stands for; null for a number
 * that has no such meaning. */
function fromClassic(text) {
	const match = /^([0134])(\d{4}|\d{5})$/.exec(text);

	if (!match)
		return null;
	const address = Number(match[2]) - 1;
	if (address < 0 || address >= SIZE)
		return null;
	return { kind: "34".includes(match[1]) ? "registers" : "coils", address };
}

/* Parse a number: {kind?, address} or null. When the kind is given, the number
 * is the address itself. */
function parseNumber(text, kindGiven) {
	if (/^0x[0-9a-f]{1,5}$/i.test(text))
		return { address: parseInt(text, 16) };
	if (!/^\d{1,6}$/.test(text))
		return null;
	return (!kindGiven && fromClassic(text)) || { address: Number(text) };
}

/*
 * Parse "16", "0x10", "40017", "100-131", "100+32", "coils 5" or
 * "registers 40017". A bare number that is a name in the 4xxxx form is read
 * as one; after "registers" or "coils" a number is always the address.
 * Returns {kind, first, last, note}, or {error}.
 */
export function parseRange(text, kindNow) {
	const match = /^\s*([a-z]*)\s*(\w+)\s*(?:(-|–|\.\.|to|\+)\s*(\w+))?\s*$/i
		.exec(text);

	if (!match)
		return { error: "An address or a range, like 16, 40017, 100-131, coils 5." };
	const [, word, from, sign, to] = match;
	const said = word ? WORDS[word.toLowerCase()] : undefined;
	if (word && !said)
		return { error: `“${word}” is neither registers nor coils.` };
	const a = parseNumber(from, said);
	if (!a)
		return { error: `“${from}” is not a number.` };
	const b = to === undefined ? a : parseNumber(to, said || sign === "+");
	if (!b)
		return { error: `“${to}” is not a number.` };
	const first = a.address;
	const last = sign === "+" ? first + b.address - 1 : b.address;
	const kind = said || a.kind || kindNow;
	if (first >= SIZE || last >= SIZE)
		return { error: "Addresses end at 65535." };
	if (last < first)
		return { error: "The range ends before it begins." };
	if (sign !== "+" && b.kind && b.kind !== kind)
		return { error: "The range begins and ends in different tables." };
	const range = { kind, first, last };
	range.note = rangeName(range);
	if (a.kind && from.length > 4)
		range.note = `${from} is ${a.kind === "coils" ? "coil" : "register"} address ` +
			`${first}. For the address ${Number(from)} type “${a.kind} ${Number(from)}”.`;
	if (a.kind && Number(from) >= SIZE)
		range.note = `${from} is ${rangeName({ kind, first, last: first })}.`;
	return range;
}
