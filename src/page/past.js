/*
 * The past of an item, from the server's journal. The journal has writes of
 * words; a value is made of all words of its item, as they were then.
 */
import { decode, inUnits, plotted } from "./typed.js";

const REQUESTS = 20;     /* for one item, at most */
const ROWS = 10000;      /* of one reply */

/* The words of the item before the first row: what that found, or where no row
 * has touched a word, what it still is. */
function wordsBefore(item, rows, model) {
	return Array.from({ length: item.quantity }, (_, i) => {
		const at = item.address + i;
		const row = rows.find(({ address, before }) =>
			at >= address && at < address + before.length);
		return Number(row ? row.before[at - row.address] : model.get(item.kind, at));
	});
}

/* The values that rows of /api/journal give an item from a time on: [[time,
 * value]]. localTime converts a time of the server. */
export function valuesOf(item, rows, from, model, localTime) {
	const words = wordsBefore(item, rows, model);
	const values = [];
	const add = (time) => {
		const all = item.bit === undefined ? words : [words[0] >> item.bit & 1];
		const value = inUnits(decode(all, item), item);
		if (plotted(value) !== undefined)
			values.push([time, value]);
	};

	add(from);
	for (const { time, address, after } of rows) {
		after.forEach((value, i) => {
			const at = address + i - item.address;
			if (at >= 0 && at < words.length)
				words[at] = Number(value);
		});
		add(Math.max(from, localTime(time)));
	}
	return values;
}

/*
 * Load the values of an item from..to, in this browser's time. Returns {values,
 * whole}; where not all could be loaded, they end with NaN. request(path)
 * returns a reply, or throws.
 */
export async function pastOf(item, from, to, model, request) {
	const last = item.address + item.quantity - 1;
	const text = (time) => new Date(time - model.clockSkew).toISOString();
	const rows = [];
	let next = null;

	for (let i = 0; i < REQUESTS && (i === 0 || next !== null); i++) {
		const reply = await request(`api/journal?kind=${item.kind}` +
			`&address=${item.address}-${last}&since=${text(from)}&until=${text(to)}` +
			`&limit=${ROWS}${next === null ? "" : `&after=${next}`}`);
		rows.push(...reply.rows);
		next = reply.next;
	}
	const values = valuesOf(item, rows, from, model,
		(time) => Date.parse(time) + model.clockSkew);
	if (next !== null)
		values.push([values.at(-1)[0] + 1, NaN]);
	return { values, whole: next === null };
}
