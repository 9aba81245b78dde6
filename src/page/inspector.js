/*
 * The address under the cursor: its value in all representations, its last
 * writer, its neighbours enlarged, and a form to write it.
 */
import { SIZE, classic, hex } from "./address.js";
import { duration, h, setText, setWho } from "./format.js";
import { ORDERS, WIDE_TYPES, binary, characters, parseValue, signed16, unwide,
	wideText } from "./views.js";

const LENS_COLUMNS = 16, LENS_ROWS = 8;

export class Inspector {
	/* on: {cursor(address), write(kind, address, values), shown() when it comes
	 * into view} */
	constructor(root, model, on) {
		this.root = root;
		this.model = model;
		this.on = on;
		this.kind = "registers";
		this.address = 0;
		this.part = (name) => root.querySelector(`[data-part="${name}"]`);
		this.lens = this.part("lens");
		this.lens.addEventListener("click", (event) => this.pick(event));
		this.makeMatrix();
		this.visible = true; /* asking the browser again and again would be slow */
		new ResizeObserver(([{ contentRect }]) => {
			this.visible = contentRect.height > 0;
			if (this.visible)
				on.shown();
		}).observe(root);
		this.form = this.part("form");
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.submit();
		});
		this.form.addEventListener("input", () => this.preview());
	}

	makeMatrix() {
		this.cells = {};
		const body = this.part("matrix");
		for (const order of ORDERS) {
			const row = h("tr", {}, h("th", { scope: "row" }, order));
			for (const type of WIDE_TYPES) {
				this.cells[order + type] = h("td", { "data-view": `${type} ${order}` });
				row.append(this.cells[order + type]);
			}
			body.append(row);
		}
	}

	show(kind, address) {
		if (kind !== this.kind || address !== this.address) {
			this.form.elements.value.value = ""; /* it was meant for another address */
			this.setNote("");
		}
		this.kind = kind;
		this.address = address;
		this.showOrder();
		this.root.dataset.kind = kind;
		this.update();
	}

	update(now = Date.now()) {
		const { model, kind, address } = this;
		const coil = kind === "coils";
		const value = model.get(kind, address);

		setText(this.part("name"), classic(kind, address));
		setText(this.part("address"), `${coil ? "coil" : "register"} ${address} · ${hex(address)}`);
		setText(this.part("value"), coil ? (value ? "1 on" : "0 off") : String(value));
		if (!coil) {
			setText(this.part("signed"), String(signed16(value)));
			setText(this.part("hex"), hex(value));
			setText(this.part("binary"), binary(value));
			setText(this.part("text"), characters(value));
		}
		this.updateWriter(now);
		this.updateMatrix();
		this.drawLens();
	}

	updateWriter(now) {
		const { model, kind, address } = this;
		const side = model.side[kind];
		const written = side.written[address];

		setWho(this.part("writer"), written !== 0 ?
			model.writer(kind, address) || "Unknown client" :
			model.get(kind, address) === 0 ? "Not written yet" : "Unknown writer",
		written !== 0 ? model.writerTitle(kind, address) : null);
		setText(this.part("age"), written === 0 ? "" : `· ${duration(now - written)} ago`);
		const seen = side.count[address];
		setText(this.part("changes"), seen === 0 ? "" :
			`· ${seen} change${seen === 1 ? "" : "s"}`);
	}

	updateMatrix() {
		const { model, kind, address } = this;
		const pair = kind === "registers" && address + 1 < SIZE;

		setText(this.part("pair"), pair ? `registers ${address} and ${address + 1}` :
			"no second register");
		for (const order of ORDERS)
			for (const type of WIDE_TYPES)
				setText(this.cells[order + type], pair ? wideText(
					model.registers[address], model.registers[address + 1],
					type, order) : "–");
	}

	/* The first row and column of the 8 rows of 16 cells around this address. */
	corner() {
		const clamp = (at, size) =>
			Math.max(0, Math.min(256 - size, at - Math.floor(size / 2)));

		return { column: clamp(this.address & 255, LENS_COLUMNS),
			row: clamp(this.address >> 8, LENS_ROWS) };
	}

	drawLens() {
		const { lens, map } = this;
		const ratio = window.devicePixelRatio || 1;
		const width = lens.clientWidth;

		if (!map || width === 0)
			return;
		const cell = Math.floor(width * ratio / LENS_COLUMNS);
		lens.width = cell * LENS_COLUMNS;
		lens.height = cell * LENS_ROWS;
		const c = lens.getContext("2d");
		const { column, row } = this.corner();
		c.imageSmoothingEnabled = false;
		c.drawImage(map.picture, column, row, LENS_COLUMNS, LENS_ROWS,
			0, 0, lens.width, lens.height);
		c.fillStyle = map.palette.scale.grid;
		for (let i = 1; i < LENS_COLUMNS; i++)
			c.fillRect(i * cell, 0, 1, lens.height);
		for (let i = 1; i < LENS_ROWS; i++)
			c.fillRect(0, i * cell, lens.width, 1);
		const x = ((this.address & 255) - column) * cell;
		const y = ((this.address >> 8) - row) * cell;
		c.lineWidth = 4 * ratio;
		c.strokeStyle = map.palette.scale.markEdge;
		c.strokeRect(x, y, cell, cell);
		c.lineWidth = 2 * ratio;
		c.strokeStyle = map.palette.scale.mark;
		c.strokeRect(x, y, cell, cell);
	}

	pick(event) {
		const box = this.lens.getBoundingClientRect();
		const { column, row } = this.corner();
		const at = (offset, size, cells) =>
			Math.max(0, Math.min(cells - 1, Math.floor(offset / size * cells)));

		this.on.cursor((row + at(event.clientY - box.top, box.height, LENS_ROWS)) * 256 +
			column + at(event.clientX - box.left, box.width, LENS_COLUMNS));
	}

	/* The registers, or the coil, that the form would write: {values} or {error}. */
	parse() {
		const { value, type, order } = this.form.elements;

		if (this.kind === "coils") {
			const on = { 1: 1, on: 1, true: 1, 0: 0, off: 0, false: 0 }[
				value.value.trim().toLowerCase()];
			return on === undefined ? { error: "A coil is 0 or 1." } : { values: [on] };
		}
		const parsed = parseValue(value.value, type.value);
		if (parsed.error)
			return parsed;
		if (type.value.endsWith("16"))
			return { values: [parsed.value & 0xffff] };
		if (this.address + 1 >= SIZE)
			return { error: "There is no second register after 65535." };
		return { values: unwide(parsed.value, type.value, order.value) };
	}

	showOrder() {
		const { type, order } = this.form.elements;

		order.hidden = this.kind === "coils" || !WIDE_TYPES.includes(type.value);
	}

	/* Write as the table shows: view is "word" or a 32-bit type. */
	setType(view, order) {
		const { elements } = this.form;

		elements.type.value = view === "word" ? "uint16" : view;
		elements.order.value = order;
		this.showOrder();
		this.preview();
	}

	preview() {
		const { value } = this.form.elements;

		this.showOrder();
		if (value.value.trim() === "") {
			this.setNote("");
			return;
		}
		const { values, error } = this.parse();
		this.setNote(error || (values.length === 2 ?
			`${hex(values[0])} to ${this.address}, ${hex(values[1])} to ${this.address + 1}` : ""));
	}

	async submit() {
		const { values, error } = this.parse();

		if (error) {
			this.setNote(error, "bad");
			return;
		}
		const { kind, address } = this;
		const to = `${classic(kind, address)}`;
		this.setNote("Writing…");
		try {
			await this.on.write(kind, address, values);
			this.setNote(`Written to ${to}.`, "good");
		} catch (refused) {
			this.setNote(`Not written to ${to}: ${refused.message}`, "bad");
		}
	}

	setNote(text, mood = "") {
		const note = this.part("note");

		setText(note, text);
		note.dataset.mood = mood;
	}

	/* may: "yes", "token" (one is required) or "no"; empty until it is known. */
	setMay(may) {
		this.form.dataset.may = may;
	}

	/* The value as a text that the form would take. */
	valueText(type, order) {
		const { model, kind, address } = this;
		const word = model.get(kind, address);

		if (kind === "coils")
			return String(word);
		if (type === "int16")
			return String(signed16(word));
		if (type === "uint16" || address + 1 >= SIZE)
			return String(word);
		const text = wideText(word, model.registers[address + 1], type, order);
		return parseValue(text, type).error ? "" : text;
	}

	/* Edit the present value, of a type and order; by default those of the form. */
	edit(type, order) {
		const { elements } = this.form;
		const { value } = elements;

		if (this.form.dataset.may !== "yes")
			return;
		if (type) {
			elements.type.value = type;
			elements.order.value = order;
		}
		value.value = this.valueText(elements.type.value, elements.order.value);
		this.preview();
		value.focus();
		value.select();
	}
}
