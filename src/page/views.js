/*
 * The values that one or two registers can represent. Pure functions.
 *
 * A 32-bit value has bytes A (most significant) to D. The orders say how they
 * lie in two registers: ABCD is that of the specification, CDAB has the words
 * swapped, BADC the bytes of each word, DCBA both.
 */

export const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"];
export const WIDE_TYPES = ["float32", "int32", "uint32"];

const scratch = new DataView(new ArrayBuffer(4));

const swap = (word) => (word & 0xff) << 8 | word >> 8;

export function signed16(word) {
	return word << 16 >> 16;
}

/* "0000 0100 1101 0010" */
export function binary(word) {
	return word.toString(2).padStart(16, "0").replace(/(.{4})(?=.)/g, "$1 ");
}

/* The two bytes as characters; a dot for one that is not printable. */
export function characters(word) {
	return [word >> 8, word & 0xff].map((byte) =>
		byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·").join("");
}

/* Convert two registers from an order to ABCD, or back: each order is its own
 * inverse. */
export function arrange(first, second, order) {
	if (order === "BADC" || order === "DCBA")
		[first, second] = [swap(first), swap(second)];
	if (order === "CDAB" || order === "DCBA")
		[first, second] = [second, first];
	return [first, second];
}

export function wide(first, second, type, order) {
	const [high, low] = arrange(first, second, order);

	scratch.setUint16(0, high);
	scratch.setUint16(2, low);
	switch (type) {
	case "float32": return scratch.getFloat32(0);
	case "int32": return scratch.getInt32(0);
	default: return scratch.getUint32(0);
	}
}

/* The two registers that hold a value. */
export function unwide(value, type, order) {
	switch (type) {
	case "float32": scratch.setFloat32(0, value); break;
	case "int32": scratch.setInt32(0, value); break;
	default: scratch.setUint32(0, value);
	}
	return arrange(scratch.getUint16(0), scratch.getUint16(2), order);
}

/* A float32 with the fewest digits that read back as the same value. */
export function floatText(value) {
	if (Number.isNaN(value))
		return "NaN";
	if (!Number.isFinite(value))
		return value > 0 ? "+∞" : "−∞";
	if (value === 0)
		return Object.is(value, -0) ? "-0" : "0";
	let digits = 1;
	while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== value)
		digits++;
	const size = Math.abs(value);
	if (size >= 1e-4 && size < 1e7)
		return String(Number(value.toPrecision(digits)));
	return value.toExponential(digits - 1).replace("e+", "e");
}

export function wideText(first, second, type, order) {
	const value = wide(first, second, type, order);

	return type === "float32" ? floatText(value) : String(value);
}

const LIMITS = {
	uint16: [0, 65535],
	int16: [-32768, 32767],
	uint32: [0, 4294967295],
	int32: [-2147483648, 2147483647],
};

/* Parse an entered value of a type: {value} or {error}. */
export function parseValue(text, type) {
	const clean = text.trim().replace(/[\s_]/g, "");

	if (clean.includes(","))
		return { error: "A comma is ambiguous: 1.5 has a point, and thousands no mark." };
	if (type === "float32") {
		if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean))
			return { error: "A number is needed, like 21.5 or -1e-3." };
		if (!Number.isFinite(Math.fround(Number(clean))))
			return { error: "That is more than a float32 can hold." };
		return { value: Number(clean) };
	}
	if (!/^([+-]?\d+|0x[0-9a-f]+|0b[01]+)$/i.test(clean))
		return { error: "A whole number is needed, like 1234, 0x4D2 or 0b1010." };
	const [least, most] = LIMITS[type];
	const value = Number(clean);
	if (value < least || value > most)
		return { error: `${type} goes from ${least} to ${most}.` };
	return { value };
}
