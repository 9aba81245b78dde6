/*
 * What trends draw: the values of items over time. Each value holds until the
 * next one; NaN says that from then on nothing is known. Pure: no page.
 */

export const CAPACITY = 40000; /* values of one series: over an hour at 10 a second */
const FIRST = 256;

export class Series {
	constructor() {
		this.times = new Float64Array(FIRST);
		this.values = new Float64Array(FIRST);
		this.exact = new Map(); /* bigints that a double does not hold, by time */
		this.length = 0;
	}

	/* Add a value, a number or a bigint. At the time of the last one, or before
	 * it, it replaces that. The same value again is not kept. */
	push(time, value) {
		const exact = typeof value === "bigint" && !Number.isSafeInteger(Number(value));
		const last = this.length - 1;

		if (last >= 0 && Object.is(this.valueOf(last), exact ? value : Number(value)))
			return;
		if (last >= 0 && this.times[last] >= time) {
			time = this.times[last];
			this.exact.delete(time);
			this.length--;
		}
		if (this.length === this.times.length)
			this.makeRoom();
		this.times[this.length] = time;
		this.values[this.length++] = Number(value);
		if (exact)
			this.exact.set(time, value);
	}

	valueOf(index) {
		return this.exact.get(this.times[index]) ?? this.values[index];
	}

	makeRoom() {
		if (this.length < CAPACITY) {
			for (const name of ["times", "values"]) {
				const more = new Float64Array(Math.min(CAPACITY, 2 * this.length));
				more.set(this[name]);
				this[name] = more;
			}
			return;
		}
		const lost = CAPACITY >> 2; /* the oldest */
		for (const time of this.exact.keys())
			if (time < this.times[lost])
				this.exact.delete(time);
		this.times.copyWithin(0, lost);
		this.values.copyWithin(0, lost);
		this.length -= lost;
	}

	/* The index of the value at a time; -1 before the first one. */
	indexAt(time) {
		let low = 0, high = this.length;

		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.times[middle] <= time)
				low = middle + 1;
			else
				high = middle;
		}
		return low - 1;
	}

	/* The value at a time: a number or a bigint, NaN where it is not known. */
	at(time) {
		const i = this.indexAt(time);

		return i < 0 ? NaN : this.valueOf(i);
	}

	get begin() {
		return this.length > 0 ? this.times[0] : Infinity;
	}

	/* Put older values, [[time, value]] in the order of time, before the first. */
	prepend(older) {
		const fresh = new Series(), { begin } = this;

		for (const [time, value] of older)
			if (time < begin)
				fresh.push(time, value);
		for (let i = 0; i < this.length; i++)
			fresh.push(this.times[i], this.valueOf(i));
		Object.assign(this, { times: fresh.times, values: fresh.values,
			exact: fresh.exact, length: fresh.length });
	}
}

/* The times from..to at which any of the series changes, from included. */
function timesBetween(series, from, to) {
	const at = series.map((one) => one.indexAt(from) + 1);
	const times = [from];

	for (;;) {
		let next = Infinity;
		series.forEach((one, i) => {
			if (at[i] < one.length && one.times[at[i]] < next)
				next = one.times[at[i]];
		});
		if (next > to)
			return times;
		times.push(next);
		series.forEach((one, i) => {
			if (at[i] < one.length && one.times[at[i]] === next)
				at[i]++;
		});
	}
}

const drawable = (value) => Number.isFinite(value) ? value : NaN;

/* Each change from..to as a row [time, value, ...]. */
export function allRows(series, from, to) {
	return timesBetween(series, from, to).map((time) =>
		[time, ...series.map((one) => one.at(time))]);
}

/* How many values the series have from..to. */
export function countBetween(series, from, to) {
	return series.reduce((n, one) => n + one.indexAt(to) - one.indexAt(from), 0);
}

/*
 * The rows that draw the series from..to: each change, or where there are more
 * than `most` of them, the least and the greatest value of each of so many
 * slices of time, so that no peak is lost. The last row is at `to`.
 */
export function drawnRows(series, from, to, most) {
	let rows;

	if (countBetween(series, from, to) <= most) {
		rows = timesBetween(series, from, to).map((time) =>
			[time, ...series.map((one) => drawable(Number(one.at(time))))]);
	} else {
		const slices = Math.max(1, most >> 2);
		const width = (to - from) / slices;
		rows = Array.from({ length: 2 * slices }, (_, i) => [from + i * width / 2]);
		for (const one of series)
			addEnvelope(rows, one, from, width);
	}
	rows.push([to, ...series.map((one) => drawable(Number(one.at(to))))]);
	return rows;
}

/* Two values for each slice: the extremes, in the order in which they came. */
function addEnvelope(rows, series, from, width) {
	const { times, values, length } = series;
	let i = series.indexAt(from);
	let held = i < 0 ? NaN : values[i];

	for (let row = 0; row < rows.length; row += 2) {
		const end = from + (row / 2 + 1) * width;
		let least = held, most = held, mostLast = true;
		for (i++; i < length && times[i] < end; i++) {
			held = values[i];
			if (!(held >= least))
				[least, mostLast] = [held, false];
			if (!(held <= most))
				[most, mostLast] = [held, true];
		}
		i--;
		rows[row].push(drawable(mostLast ? least : most));
		rows[row + 1].push(drawable(mostLast ? most : least));
	}
}

function quoted(text) {
	return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/* Rows as CSV: ISO times, and a column for each name. */
export function csv(names, rows, text = (value) => Number.isNaN(value) ? "" : String(value)) {
	return [["time", ...names].map(quoted).join(","),
		...rows.map(([time, ...values]) =>
			[new Date(time).toISOString(), ...values.map(text)].map(quoted).join(",")),
	].join("\r\n") + "\r\n";
}
