/*
 * The page's copy of the server's table: the values, when and by which client
 * each was written, and a short history of those that change. All of it is
 * bounded: a page may stay open for months.
 *
 * Times are milliseconds of this browser's clock. The server sends ages, so
 * that a difference between the two clocks does not matter.
 */
import { SIZE } from "./address.js";

export const KINDS = ["registers", "coils"];
export const NOBODY = -1;

const HISTORY = 48;            /* values of one address */
const HISTORIES = 4096;        /* addresses that have a history */
const BULK = 2048;             /* the most values of a change that histories record */
const LOG = 300;               /* changes in the log */
const LOG_PER_BATCH = 40;
const LOG_VALUES = 12;         /* values of one change in the log */
const CLIENTS = 1024;          /* the most clients with a number */

/* A ring of the latest values of one address. */
class History {
	constructor(value) {
		this.values = new Uint16Array(HISTORY);
		this.values[0] = value;
		this.length = 1;
		this.next = 1;
	}

	push(value) {
		this.values[this.next] = value;
		this.next = (this.next + 1) % HISTORY;
		this.length = Math.min(this.length + 1, HISTORY);
	}

	toArray() {
		const begin = this.length < HISTORY ? 0 : this.next;

		return Array.from({ length: this.length },
			(_, i) => this.values[(begin + i) % HISTORY]);
	}
}

class Side {
	constructor() {
		this.clear();
	}

	clear() {
		this.written = new Float64Array(SIZE); /* 0: never, or unknown */
		this.changed = new Float64Array(SIZE); /* likewise */
		this.client = new Int16Array(SIZE).fill(NOBODY);
		this.count = new Uint32Array(SIZE);    /* changes seen by this page */
		this.version = 0;
		this.latest = 0;                       /* time of the latest change */
		this.everWritten = false;
	}
}

export class Model {
	constructor() {
		this.registers = new Uint16Array(SIZE);
		this.words = new Uint16Array(SIZE / 16); /* the coils, packed */
		this.overlaid = false;
		this.side = { registers: new Side(), coils: new Side() };
		this.clients = [];
		this.clientNumbers = new Map();
		this.histories = new Map();
		this.log = [];
		this.logVersion = 0;
		this.changes = 0;
		this.epoch = null;
		this.clockSkew = 0; /* what converts times of the server to this browser's */
	}

	get(kind, address) {
		if (kind === "registers")
			return this.registers[address];
		return this.words[address >> 4] >> (address & 15) & 1;
	}

	/* Whether nothing has been written and all values are 0. */
	isEmpty() {
		return KINDS.every((kind) => !this.side[kind].everWritten) &&
			this.registers.every((v) => v === 0) &&
			this.words.every((v) => v === 0);
	}

	/* The name of the last writer, or null. */
	writer(kind, address) {
		const number = this.side[kind].client[address];

		return number === NOBODY ? null : this.clients[number];
	}

	clientNumber(name) {
		if (!name)
			return NOBODY;
		let number = this.clientNumbers.get(name);
		if (number === undefined) {
			if (this.clients.length >= CLIENTS)
				return NOBODY;
			number = this.clients.push(name) - 1;
			this.clientNumbers.set(name, number);
		}
		return number;
	}

	/* Set all values from the reply of /api/dump. Values that differ are not
	 * highlighted, since the time of their change is unknown. */
	load(dump, epoch) {
		if (epoch !== this.epoch) /* the server was restarted */
			this.clear();
		this.epoch = epoch;
		this.overlaid = dump.mode === "overlaid";
		this.registers.set(dump.registers);
		this.words.set(dump.coils);
		this.histories.clear();
		for (const kind of KINDS)
			this.side[kind].version++;
	}

	/* Set all writers from the reply of /api/writers/map. */
	loadWriters(kind, map, now) {
		const side = this.side[kind];
		const numbers = map.clients.map((name) => this.clientNumber(name));

		side.written.fill(0);
		side.client.fill(NOBODY);
		const ranges = map.ranges ||
			[{ address: 0, client: map.client, age_s: map.age_s }];
		for (const range of ranges) {
			range.client.forEach((client, i) => {
				const age = range.age_s[i];

				if (age === null || age === undefined || age < 0)
					return;
				const address = range.address + i;
				side.client[address] = client < 0 ? NOBODY : numbers[client];
				side.written[address] = now - age * 1000;
				side.everWritten = true;
			});
		}
		side.version++;
	}

	/* Remove all writers, histories and the log. */
	clear() {
		for (const kind of KINDS)
			this.side[kind].clear();
		this.histories.clear();
		this.clients.length = 0;
		this.clientNumbers.clear();
		this.log.length = 0;
		this.logVersion++;
	}

	/* Apply a "changes" event. Where coils overlay registers, the event has both
	 * sides of a change. */
	apply(batch, now) {
		for (const change of batch.changes) {
			this.applyChange(change, now);
			this.changes++;
		}
		for (const change of batch.changes.slice(-LOG_PER_BATCH))
			this.log.push({
				time: batch.time,
				kind: change.kind,
				address: change.address,
				quantity: change.values.length,
				values: change.values.slice(0, LOG_VALUES).map(Number),
				client: change.client,
				unit: change.unit,
				function: change.function,
			});
		if (this.log.length > LOG)
			this.log.splice(0, this.log.length - LOG);
		this.logVersion++;
	}

	applyChange({ kind, address, values, client }, now) {
		const number = this.clientNumber(client);
		const follow = values.length <= BULK;

		for (let i = 0; i < values.length; i++) {
			const at = address + i;

			if (at >= SIZE)
				break;
			if (kind === "registers")
				this.setRegister(at, values[i], number, now, follow);
			else
				this.setCoil(at, values[i] ? 1 : 0, number, now, follow);
		}
	}

	setRegister(address, value, client, now, follow) {
		const before = this.registers[address];

		this.registers[address] = value;
		this.touch("registers", address, before, value, client, now, follow);
	}

	setCoil(address, value, client, now, follow) {
		const before = this.get("coils", address);

		this.words[address >> 4] ^= (before ^ value) << (address & 15);
		this.touch("coils", address, before, value, client, now, follow);
	}

	touch(kind, address, before, value, client, now, follow) {
		const side = this.side[kind];

		side.written[address] = now;
		side.client[address] = client;
		side.everWritten = true;
		side.version++;
		if (before === value)
			return;
		side.changed[address] = now;
		side.latest = now;
		side.count[address]++;
		if (follow)
			this.remember(kind, address, before, value);
	}

	remember(kind, address, before, value) {
		const key = kind === "coils" ? SIZE + address : address;
		let history = this.histories.get(key);

		if (history)
			this.histories.delete(key); /* moves to the end of the Map: most recently used */
		else
			history = new History(before);
		history.push(value);
		this.histories.set(key, history);
		if (this.histories.size > HISTORIES)
			this.histories.delete(this.histories.keys().next().value);
	}

	/* The latest values, the oldest first; empty if there was no change. */
	history(kind, address) {
		const key = kind === "coils" ? SIZE + address : address;

		return this.histories.get(key)?.toArray() || [];
	}
}
