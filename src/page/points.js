/*
 * The points of --points: their names, addresses, types and units, loaded once
 * for each start of the server. Their values are made from the model.
 */
import { parseRange, rangeName } from "./address.js";
import { pointItem } from "./item.js";

const OFFERED = 4; /* points that the address box names */

export class Points {
	/* page: see app.js. */
	constructor({ feed }) {
		this.feed = feed;
		this.epoch = null;
		this.items = [];
		this.byName = new Map();
		feed.on("loaded", (status) => this.load(status));
	}

	/* Tells "points" when they are known; there may be none. */
	async load(status) {
		const { feed } = this;
		const { epoch } = feed;

		if (epoch === this.epoch)
			return;
		let items = [];
		if (status.points) {
			try {
				items = (await feed.request("api/points")).points.map(pointItem);
			} catch {
				return; /* the feed loads again once it has the server back */
			}
		}
		if (epoch !== feed.epoch)
			return;
		this.epoch = epoch;
		this.items = items;
		this.byName = new Map(items.map((item) => [item.name, item]));
		feed.tell("points", items);
	}

	/* The first items whose name contains a text, whatever its case; those that
	 * begin with it before the others. */
	find(text, most) {
		const wanted = text.toLowerCase();
		const begin = [], rest = [];

		for (const item of this.items) {
			const at = item.name.toLowerCase().indexOf(wanted);
			if (at >= 0)
				(at === 0 ? begin : rest).push(item);
			if (begin.length >= most)
				break;
		}
		return [...begin, ...rest].slice(0, most);
	}

	/* What a text in the address box means: a point by its whole name, an address
	 * or a range, else the first point whose name contains it. As parseRange(). */
	read(text, kind) {
		const wanted = text.trim();
		const parsed = parseRange(text, kind);
		const exact = this.byName.get(wanted);
		const found = exact ? [exact] :
			parsed.error && wanted.length > 1 ? this.find(wanted, OFFERED) : [];

		if (found.length === 0)
			return parsed;
		const [point, ...others] = found;
		const { address } = point;
		return { kind: point.kind, first: address, last: address,
			note: [`${point.name}: ${rangeName({ kind: point.kind, first: address,
				last: address + point.quantity - 1 })}`,
			...others.map(({ name }) => name)].join("; ") };
	}
}
