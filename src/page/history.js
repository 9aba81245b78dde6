/*
 * The latest values of addresses that are followed, with their times. Only what
 * somebody has asked for is kept, and of that a bounded number: the address
 * that was followed longest ago is forgotten first.
 */
const VALUES = 240;   /* of one address */
const ADDRESSES = 1024;
const SIZE = 65536;

/* A ring of values with their times, the first at the time it was begun. */
export class History {
	constructor(time, value) {
		this.times = new Float64Array(VALUES);
		this.values = new Uint16Array(VALUES);
		this.length = 0;
		this.next = 0;
		this.version = 0; /* changes with each value */
		this.push(time, value);
	}

	push(time, value) {
		this.times[this.next] = time;
		this.values[this.next] = value;
		this.next = (this.next + 1) % VALUES;
		this.length = Math.min(this.length + 1, VALUES);
		this.version++;
	}

	/* Call take(time, value) with each, the oldest first. */
	each(take) {
		const begin = (this.next - this.length + VALUES) % VALUES;

		for (let i = 0; i < this.length; i++) {
			const at = (begin + i) % VALUES;
			take(this.times[at], this.values[at]);
		}
	}

	toArray() {
		const values = [];

		this.each((time, value) => values.push(value));
		return values;
	}
}

function keyOf(kind, address) {
	return kind === "coils" ? SIZE + address : address;
}

export class Histories {
	constructor() {
		this.all = new Map(); /* by key; what was followed last is at the end */
		this.kept = new Uint8Array(2 * SIZE); /* by key: whether it has one */
	}

	/* Begin to follow an address, with its present value; or go on. */
	follow(kind, address, value, now) {
		const key = keyOf(kind, address);
		const history = this.all.get(key) ?? new History(now, value);

		this.all.delete(key);
		this.all.set(key, history);
		this.kept[key] = 1;
		if (this.all.size > ADDRESSES)
			this.forget(this.all.keys().next().value);
	}

	forget(key) {
		this.all.delete(key);
		this.kept[key] = 0;
	}

	/* A value has changed. */
	push(kind, address, value, now) {
		const key = keyOf(kind, address);

		if (this.kept[key])
			this.all.get(key).push(now, value);
	}

	/* What was between is not known: begin all again, with what
	 * value(kind, address) says. */
	restart(value, now) {
		for (const key of this.all.keys())
			this.all.set(key, new History(now, key < SIZE ?
				value("registers", key) : value("coils", key - SIZE)));
	}

	get(kind, address) {
		return this.all.get(keyOf(kind, address));
	}

	get size() {
		return this.all.size;
	}
}
