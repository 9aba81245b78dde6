/*
 * Addresses as people write them, read as the server reads them: HR16, 400017,
 * or digits alone, which up to 65535 are the address on the wire. The rules are
 * in include/table/reference.h; both parsers are tested on
 * test/reference_examples.txt.
 *
 * A reading is {kind, input, address, bit}; bit is undefined where there is
 * none.
 */

const MAX = 65535;
const FORMS = [
	{ prefix: "HR", digit: "4", kind: "registers", input: false },
	{ prefix: "IR", digit: "3", kind: "registers", input: true },
	{ prefix: "C", digit: "0", kind: "coils", input: false },
	{ prefix: "DI", digit: "1", kind: "coils", input: true },
];

/* Make a reading, or null when the address or the bit does not exist. */
function reading({ kind, input }, address, bitText) {
	const bit = bitText === undefined ? undefined : Number(bitText);

	if (address < 0 || address > MAX)
		return null;
	if (bit !== undefined && (bit > 15 || kind === "coils"))
		return null;
	return { kind, input, address, bit };
}

/* HR16, di5, IR16.3 */
function parsePrefixed(text) {
	const match = /^(HR|IR|C|DI)(\d+)(?:\.(\d+))?$/i.exec(text);

	return match && reading(FORMS.find(({ prefix }) => prefix === match[1].toUpperCase()),
		Number(match[2]), match[3]);
}

/* 40017, 000017, 400017.3 */
function parseDigits(text) {
	const match = /^([0134])(\d{4,5})(?:\.(\d+))?$/.exec(text);

	return match && reading(FORMS.find(({ digit }) => digit === match[1]),
		Number(match[2]) - 1, match[3]);
}

/* Parse an address; digits alone are one of that kind. Returns null for what is
 * none. */
export function parseReference(text, kind) {
	const match = /^(\d+)(?:\.(\d+))?$/.exec(text);

	if (!match)
		return parsePrefixed(text);
	if (/^[134]\d{5}(\.|$)/.test(text))
		return parseDigits(text);
	return reading({ kind, input: false }, Number(match[1]), match[2]);
}

/* What a number would be as a reference, or null: HR16 for 40017. */
export function otherReading(text) {
	return parseInt(text, 10) <= MAX ? parseDigits(text) : null;
}

/* HR16, IR16.3 */
export function formatReference({ kind, input, address, bit }) {
	const { prefix } = FORMS.find((form) => form.kind === kind && form.input === input);

	return prefix + address + (bit === undefined ? "" : `.${bit}`);
}
