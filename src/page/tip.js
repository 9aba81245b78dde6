/* The tip at the cell under the pointer; and a description of the cell under
 * the cursor for screen readers. */
import { classic, hex, rangeName } from "./address.js";
import { duration, h } from "./format.js";

export class Tip {
	constructor(element, model, map) {
		Object.assign(this, { element, model, map, address: null });
	}

	/* Show it at a position, in CSS pixels; null hides it. */
	show(address, x, y) {
		this.address = address;
		this.element.hidden = address === null;
		if (address === null)
			return;
		this.update();
		const { width, height } = this.element.getBoundingClientRect();
		const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
		const top = y + 20 + height > innerHeight ? y - 12 - height : y + 20;
		this.element.style.left = `${Math.max(4, left)}px`;
		this.element.style.top = `${Math.max(4, top)}px`;
	}

	/* Show the present value and age, if it is shown at all. */
	update() {
		const { model, address, map: { kind } } = this;

		if (address === null)
			return;
		const value = model.get(kind, address);
		const written = model.side[kind].written[address];
		this.element.replaceChildren(
			h("b", {}, `${classic(kind, address)} = ${value}` +
				(kind === "coils" ? "" : ` · ${hex(value)}`)),
			h("span", {}, rangeName({ kind, first: address, last: address })),
			h("span", { class: written && model.writerTitle(kind, address) ? "subject" : null },
				written ?
				`${model.writer(kind, address) || "written"}, ` +
				`${duration(Date.now() - written)} ago` : "not written yet"));
	}
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
