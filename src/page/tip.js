/* The tip at the cell under the pointer; and a description of the cell under
 * the cursor for screen readers. */
import { classic, hex, rangeName } from "./address.js";
import { duration, h } from "./format.js";

export function showTip(tip, model, kind, address, x, y) {
	tip.hidden = address === null;
	if (address === null)
		return;
	const value = model.get(kind, address);
	const written = model.side[kind].written[address];

	tip.replaceChildren(
		h("b", {}, `${classic(kind, address)} = ${value}` +
			(kind === "coils" ? "" : ` · ${hex(value)}`)),
		h("span", {}, rangeName({ kind, first: address, last: address })),
		h("span", {}, written ?
			`${model.writer(kind, address) || "written"}, ${duration(Date.now() - written)} ago` :
			"not written yet"));
	const { width, height } = tip.getBoundingClientRect();
	const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
	const top = y + 20 + height > innerHeight ? y - 12 - height : y + 20;
	tip.style.left = `${Math.max(4, left)}px`;
	tip.style.top = `${Math.max(4, top)}px`;
}

/* "register 957, 40958: 0, not written yet" */
export function describe(model, kind, address) {
	const written = model.side[kind].written[address];
	const by = model.writer(kind, address);

	return `${rangeName({ kind, first: address, last: address })}, ` +
		`${classic(kind, address)}: ${model.get(kind, address)}` +
		(written ? `, written ${by ? `by ${by} ` : ""}${duration(Date.now() - written)} ago` :
			", not written yet");
}
