/*
 * Values of any type that the server knows, read from the words of the table as
 * the server reads them, and as it takes them. Pure functions.
 *
 * A form says what words mean: {type, order}, and of a scaled number {scale or
 * divisor, offset}; type as in the API: uint16 to float64, string1 to string250,
 * bool. A value is a number, a bigint (64-bit integers), a text or a boolean.
 */
import { floatText } from "./views.js";

export const NUMBER_TYPES = ["uint16", "int16", "uint32", "int32", "float32",
	"uint64", "int64", "float64"];
const STRING_MAX = 250; /* bytes */

const scratch = new DataView(new ArrayBuffer(8));
const utf8 = new TextDecoder();

/* How many bytes a text of that type has, or 0. */
export function stringBytes(type) {
	const bytes = Number(/^string(\d{1,3})$/.exec(type)?.[1] ?? 0);

	return bytes <= STRING_MAX ? bytes : 0;
}

export function isType(type) {
	return type === "bool" || NUMBER_TYPES.includes(type) || stringBytes(type) > 0;
}

/* The registers that a value of a type takes; 1 for a bool. */
export function quantityOf(type) {
	if (type === "bool")
		return 1;
	return stringBytes(type) ? Math.ceil(stringBytes(type) / 2) :
		Number(/\d+/.exec(type)[0]) / 16;
}

const swap = (word) => (word & 0xff) << 8 | word >> 8;

function decodeText(words, type, order) {
	const bytes = new Uint8Array(2 * words.length);

	words.forEach((word, i) => {
		const both = order[0] === "B" || order[0] === "D" ? swap(word) : word;
		bytes[2 * i] = both >> 8;
		bytes[2 * i + 1] = both & 0xff;
	});
	const own = bytes.subarray(0, stringBytes(type));
	const end = own.indexOf(0);
	return utf8.decode(end < 0 ? own : own.subarray(0, end));
}

/* The value that words are. */
export function decode(words, { type, order = "ABCD" }) {
	if (type === "bool")
		return words[0] !== 0;
	if (stringBytes(type))
		return decodeText(words, type, order);
	const reversed = order === "CDAB" || order === "DCBA";
	for (let i = 0; i < words.length; i++) {
		const word = words[reversed ? words.length - 1 - i : i];
		scratch.setUint16(2 * i, order[0] === "B" || order[0] === "D" ? swap(word) : word);
	}
	switch (type) {
	case "uint16": return scratch.getUint16(0);
	case "int16": return scratch.getInt16(0);
	case "uint32": return scratch.getUint32(0);
	case "int32": return scratch.getInt32(0);
	case "float32": return scratch.getFloat32(0);
	case "uint64": return scratch.getBigUint64(0);
	case "int64": return scratch.getBigInt64(0);
	default: return scratch.getFloat64(0);
	}
}

function isScaled({ scale = 1, divisor, offset = 0 }) {
	return scale !== 1 || Boolean(divisor) || offset !== 0;
}

const place = (value) => Math.floor(Math.log10(Math.abs(value)));

/* A scaled number with the digits that it has: 15, of float32 7, less those that
 * a difference of larger numbers has lost. */
function scaled(value, { type, scale = 1, divisor, offset = 0 }) {
	const raw = type === "float32" && Number.isFinite(value) ? Number(floatText(value)) :
		Number(value);
	const product = divisor ? raw / divisor : raw * scale;
	const sum = product + offset;

	if (!Number.isFinite(sum) || sum === 0)
		return sum;
	const lost = place(Math.max(Math.abs(product), Math.abs(offset))) - place(sum);
	const digits = (type === "float32" ? 7 : 15) - Math.max(0, lost);
	return digits < 1 ? 0 : Number(sum.toPrecision(digits));
}

/* The value in engineering units. */
export function inUnits(value, form) {
	return typeof value === "string" || typeof value === "boolean" || !isScaled(form) ?
		value : scaled(value, form);
}

/* A value in engineering units as a text, which parseTyped() takes. */
export function typedText(value, form) {
	if (typeof value !== "number")
		return String(value);
	if (!Number.isFinite(value))
		return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
	if (form.type === "float32" && !isScaled(form))
		return floatText(value);
	return Object.is(value, -0) ? "-0" : String(value);
}

const BOOLS = { __proto__: null, 1: true, on: true, true: true,
	0: false, off: false, false: false };

/*
 * What a text, entered for a form, is in a request that writes: {value}, or
 * {error}. The server checks the range. Integers that a double does not hold
 * are texts.
 */
export function parseTyped(text, form) {
	const clean = text.trim();

	if (form.type === "bool") {
		const value = BOOLS[clean.toLowerCase()];
		return value === undefined ? { error: "It is 0 or 1." } : { value };
	}
	if (stringBytes(form.type))
		return { value: text };
	const whole = !form.type.startsWith("float") && !isScaled(form);
	if (clean.includes(","))
		return { error: "A comma is ambiguous: 1.5 has a point, and thousands no mark." };
	if (!whole && /^[+-]?(NaN|Infinity)$/.test(clean))
		return { value: clean.replace("+", "") };
	if (whole && /^0(x[0-9a-f]+|b[01]+)$/i.test(clean) || /^[+-]?\d+$/.test(clean)) {
		const exact = BigInt(clean.replace("+", ""));
		return { value: Number.isSafeInteger(Number(exact)) ? Number(exact) : String(exact) };
	}
	if (whole)
		return { error: "A whole number is needed, like 1234 or 0x4D2." };
	if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean) || !Number.isFinite(Number(clean)))
		return { error: "A number is needed, like 21.5 or -1e-3." };
	return { value: Number(clean) };
}

/* The number that a trend draws; undefined for a text. */
export function plotted(value) {
	return typeof value === "string" ? undefined : Number(value);
}
