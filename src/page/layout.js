/* What depends on the size of the window: the size of the map, and the tab that
 * is shown first. */
const $ = (id) => document.getElementById(id);

/* Beside the map, at least, in CSS pixels. */
const BESIDE = 750, BESIDE_WALL = 1050;

/* A media query for windows with room for all. */
export const wall = matchMedia("(min-width: 1700px) and (min-height: 900px)");

/* A phone, or a narrow window, where one thing is below the other. */
const narrow = matchMedia("(max-width: 999px)");

/* A narrow window shows values first, since they are all that fits: those that
 * are watched, else the points, else the registers. */
export function chooseFirst({ tabs, lists, feed }) {
	if (!narrow.matches)
		return;
	tabs.first = lists.entries.length > 0 ? "watch" : "values";
	feed.on("points", (points) => {
		if (points.length === 0 || tabs.first !== "values")
			return;
		tabs.first = "points";
		tabs.apply();
	});
}

export function fit({ map, frames }) {
	const card = document.querySelector(".map-card");
	const padding = parseFloat(getComputedStyle(card).paddingLeft) * 2 + 2;
	const rates = $("rates").parentElement;

	rates.hidden = false;
	if (narrow.matches) {
		map.fit(document.documentElement.clientWidth - 16 - padding, 0.8 * innerHeight);
	} else {
		const top = $("map").getBoundingClientRect().top + scrollY;
		const below = $("legend").offsetHeight + 34 + (wall.matches ? 110 : 0);
		const beside = wall.matches ? BESIDE_WALL : BESIDE;
		map.fit(innerWidth - beside - padding - 30, innerHeight - top - below);
		const left = innerHeight - top - $("map").offsetHeight - below;
		rates.hidden = !wall.matches && left < 40;
	}
	card.style.setProperty("--map-width", $("map").style.width);
	frames.soon("cell", "values", "status");
}
