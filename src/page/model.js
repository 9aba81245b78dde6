/*
 * The page's copy of the server's table: the values, when and by which client
 * each was written, and a history of those that are followed. All of it is
 * bounded: a page may stay open for months.
 *
 * Times are milliseconds of this browser's clock. The server sends ages, so
 * that a difference between the two clocks does not matter.
 */
import { SIZE } from "./address.js";
import { Histories } from "./history.js";

export const KINDS = ["registers", "coils"];
export const NOBODY = -1;

const TOLERANCE = 300;         /* ms between the times of a write and of its event */
const CLIENTS = 1024;          /* the most clients with a number */

class Side {
	constructor() {
		this.clear();
	}

	clear() {
		this.written = new Float64Array(SIZE); /* 0: never, or unknown */
		this.changed = new Float64Array(SIZE); /* likewise */
		this.client = new Int16Array(SIZE).fill(NOBODY);
		this.count = new Uint32Array(SIZE);    /* changes, as far as they are known */
		this.writes = 0;                       /* of the server, whose writers are known */
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
		this.clients = []; /* who they are, by number */
		this.hosts = [];   /* of those with a certificate, the last one */
		this.clientNumbers = new Map();
		this.histories = new Histories();
		this.contended = new Map(); /* rows of /api/writers */
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

	/* Its subject and its host, if it has a certificate, else null. */
	writerTitle(kind, address) {
		const number = this.side[kind].client[address];

		return number === NOBODY ? null : this.clientTitle(number);
	}

	clientTitle(number) {
		return this.hosts[number] ? `${this.clients[number]}, ${this.hosts[number]}` : null;
	}

	clientNumber(host, subject) {
		const name = subject ?? host;

		if (!name)
			return NOBODY;
		let number = this.clientNumbers.get(name);
		if (number === undefined) {
			if (this.clients.length >= CLIENTS)
				return NOBODY;
			number = this.clients.push(name) - 1;
			this.clientNumbers.set(name, number);
		}
		if (subject)
			this.hosts[number] = host;
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
		this.histories.restart((kind, address) => this.get(kind, address), Date.now());
		for (const kind of KINDS)
			this.side[kind].version++;
	}

	/* Set the writers that a reply of /api/writers/map has. Returns how many. What
	 * came with a change meanwhile is newer. */
	mergeWriters(kind, { ranges, clients, subjects, writes }, now) {
		const side = this.side[kind];
		const numbers = clients.map((host, i) => this.clientNumber(host, subjects?.[i]));
		let n = 0;

		for (const { address, client, age_s: ages } of ranges) {
			n += client.length;
			for (let i = 0; i < client.length; i++) {
				const written = now - ages[i] * 1000;
				if (written < side.written[address + i] - TOLERANCE)
					continue;
				side.client[address + i] = client[i] < 0 ? NOBODY : numbers[client[i]];
				side.written[address + i] = written;
				side.everWritten = true;
			}
		}
		side.writes = writes;
		side.version++;
		return n;
	}

	/* Take rows of /api/writers: what they say is true of more than changes, of
	 * writes of the same value, too. */
	setWriters(rows) {
		for (const row of rows) {
			const side = this.side[row.kind];
			side.written[row.address] = Date.parse(row.time) + this.clockSkew;
			side.client[row.address] = this.clientNumber(row.client, row.subject);
			side.count[row.address] = row.changes;
			side.everWritten = true;
			side.version++;
			this.contended.delete(`${row.kind} ${row.address}`);
			if (row.contended)
				this.contended.set(`${row.kind} ${row.address}`, row);
		}
	}

	/* The row of /api/writers of a contended address, or undefined. */
	contention(kind, address) {
		return this.contended.get(`${kind} ${address}`);
	}

	/* Remove all writers. */
	clear() {
		for (const kind of KINDS)
			this.side[kind].clear();
		this.contended.clear();
		this.clients.length = this.hosts.length = 0;
		this.clientNumbers.clear();
	}

	/* Apply a "changes" event. Where coils overlay registers, the event has both
	 * sides of a change. */
	apply(batch, now) {
		for (const change of batch.changes)
			this.applyChange(change, now);
	}

	applyChange({ kind, address, values, client, subject }, now) {
		const number = this.clientNumber(client, subject);
		const end = Math.min(SIZE, address + values.length);

		this.changes++;
		for (let at = address; at < end; at++)
			if (kind === "registers")
				this.setRegister(at, values[at - address], number, now);
			else
				this.setCoil(at, values[at - address] ? 1 : 0, number, now);
	}

	setRegister(address, value, client, now) {
		const before = this.registers[address];

		this.registers[address] = value;
		this.touch("registers", address, before, value, client, now);
	}

	setCoil(address, value, client, now) {
		const before = this.get("coils", address);

		this.words[address >> 4] ^= (before ^ value) << (address & 15);
		this.touch("coils", address, before, value, client, now);
	}

	touch(kind, address, before, value, client, now) {
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
		this.histories.push(kind, address, value, now);
	}

	/* Keep a history of an address from now on. */
	follow(kind, address, now = Date.now()) {
		this.histories.follow(kind, address, this.get(kind, address), now);
	}

	/* The latest values, the oldest first; empty if it is not followed. */
	history(kind, address) {
		return this.histories.get(kind, address)?.toArray() || [];
	}
}
