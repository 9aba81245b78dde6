/* The theme: dark, light, or the system's. The browser stores the choice, which
 * says nothing where the system forces its own colours. */
import { setText } from "./format.js";
import { inBrowser } from "./kept.js";

const THEMES = ["auto", "dark", "light"];
const SIGNS = { auto: "◐", dark: "☾", light: "☀" };
const system = matchMedia("(prefers-color-scheme: dark)");
const forced = matchMedia("(forced-colors: active)");

/* Have the button change the theme. changed(dark) is called now and at each
 * change. */
export function followTheme(button, changed) {
	let theme = inBrowser.get("theme") ?? "auto";
	const apply = () => {
		const now = forced.matches ? "auto" : theme;

		document.documentElement.dataset.theme = now;
		setText(button, SIGNS[theme]);
		button.title = button.ariaLabel = `Theme: ${theme}`;
		button.hidden = forced.matches;
		changed(now === "dark" || now === "auto" && system.matches);
	};

	button.addEventListener("click", () => {
		theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
		inBrowser.set("theme", theme);
		apply();
	});
	system.addEventListener("change", apply);
	forced.addEventListener("change", apply);
	apply();
}
