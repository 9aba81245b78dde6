/*
 * What a list of values holds: points by name, and plain addresses of a type.
 *
 * An item is {key, name, kind, address, quantity, bit, type, order, scale or
 * divisor, offset, units, access, description, simulated, simulate, point}; bit
 * is undefined where there is none; simulated is true where it moves by itself;
 * point says that it is one of the points file. Its key is its text in a list: a
 * name, or "@HR16:float32:CDAB", "@HR40.2", "@C5". An item whose name is not in the
 * file has the kind null.
 */
import { SIZE, parseRange } from "./address.js";
import { formatReference, parseReference } from "./reference.js";
import { decode, inUnits, isType, quantityOf, typedText } from "./typed.js";
import { ORDERS } from "./views.js";

/* The item of an element of /api/points. */
export function pointItem(point) {
	const key = point.name.replace(/^(?:@|%(?=40|25))/, (c) => c === "@" ? "%40" : "%25");

	return { units: "", description: "", ...point, key, point: true };
}

/* HR16, C5, HR40.2 */
export function reference({ kind, address, bit }) {
	return formatReference({ kind, input: false, address, bit });
}

/* The item of a plain address, or null. */
export function addressItem({ kind, address, bit }, type = "uint16", order = "ABCD") {
	const plain = kind === "coils" || bit !== undefined ? "bool" : type;
	const form = plain === "bool" ? "" : order === "ABCD" ? `:${plain}` : `:${plain}:${order}`;

	if (plain === "bool" && kind !== "coils" && bit === undefined ||
	    !isType(plain) || !ORDERS.includes(order) || address + quantityOf(plain) > SIZE)
		return null;
	const name = reference({ kind, address, bit });
	return { key: `@${name}${form === ":uint16" ? "" : form}`, name, kind, address, bit,
		quantity: quantityOf(plain), type: plain, order, units: "", access: "rw",
		description: "", point: false };
}

/* The item of a key; points is a Map of items by name. Null for what is none. */
export function keyItem(key, points) {
	if (!key.startsWith("@")) {
		const name = key.replace(/^%(?:40|25)/, (code) => decodeURIComponent(code));
		return points.get(name) ?? (name && { key, name, kind: null, type: "", units: "",
			access: "", description: "", point: true });
	}
	const [at, type, order] = key.slice(1).split(":");
	const reading = parseReference(at, "registers");
	return reading && addressItem(reading, type, order);
}

/* The items that an entered text means: a point, or addresses of a type; or
 * {error}. A range is as many values as fit in it. */
export function enteredItems(text, type, order, points) {
	const clean = text.trim();
	const [at, ...form] = clean.split(":");

	if (points.has(clean))
		return [points.get(clean)];
	const range = parseRange(at, "registers");
	if (range.error)
		return { error: points.size > 0 ? `“${clean}” is neither a point nor an address.` :
			range.error };
	if (form.length > 0)
		[type, order] = [form[0], form[1] ?? "ABCD"];
	const bit = range.first === range.last ? parseReference(at.trim(), "registers")?.bit :
		undefined;
	const first = addressItem({ kind: range.kind, address: range.first, bit }, type, order);
	if (!first)
		return { error: `There is no ${type} at ${range.first}.` };
	const items = [first];
	while (items.length < LIST_MAX &&
	       items.at(-1).address + 2 * first.quantity - 1 <= range.last)
		items.push(addressItem({ kind: range.kind,
			address: items.at(-1).address + first.quantity }, type, order));
	return items;
}

/* The most items of a list: it must fit in a URL. */
export const LIST_MAX = 500;

/* The words of an item. */
export function wordsOf(item, model) {
	const words = [];

	for (let i = 0; i < item.quantity; i++)
		words.push(model.get(item.kind, item.address + i));
	return item.bit === undefined ? words : [words[0] >> item.bit & 1];
}

/* The value of an item, in its units. */
export function valueOf(item, model) {
	return inUnits(decode(wordsOf(item, model), item), item);
}

/* The same from values of its kind, the first of which is at an address; or
 * undefined where they are not all of it. */
export function valueWithin(item, address, values) {
	const at = item.address - address;
	const words = at < 0 ? [] : values.slice(at, at + item.quantity);

	if (words.length < item.quantity)
		return undefined;
	return inUnits(decode(item.bit === undefined ? words : [words[0] >> item.bit & 1], item),
		item);
}

export function textOf(item, value) {
	return typedText(value, item);
}
