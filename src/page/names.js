/* The points by address, for what shows addresses. */

export class Names {
	/* page: see app.js. There are names once points.js tells the points. */
	constructor({ feed }) {
		this.take([]);
		feed.on("points", (points) => this.take(points));
	}

	take(points) {
		this.points = { registers: [], coils: [] };
		for (const point of points)
			this.points[point.kind].push({ point, first: point.address,
				last: point.address + point.quantity - 1 });
		for (const each of Object.values(this.points))
			each.sort((a, b) => a.first - b.first);
		this.longest = Math.max(1, ...new Set(points.map(({ quantity }) => quantity)));
	}

	/* The points that overlap a range, by address. */
	within(kind, first, last) {
		const points = this.points[kind];
		const found = [];
		let low = 0, high = points.length;

		while (low < high) { /* the first that may reach into the range */
			const middle = low + high >> 1;
			if (points[middle].first + this.longest <= first)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < points.length && points[low].first <= last; low++)
			if (points[low].last >= first)
				found.push(points[low].point);
		return found;
	}
}
