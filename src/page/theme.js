/* The theme: dark, light, or the system's. The browser stores the choice. */
import { setText } from "./format.js";

const THEMES = ["auto", "dark", "light"];
const SIGNS = { auto: "◐", dark: "☾", light: "☀" };
const system = matchMedia("(prefers-color-scheme: dark)");

/* The stored theme. Browsers may deny access to the storage. */
function storedTheme() {
	try {
		return localStorage.getItem("theme") || "auto";
	} catch {
		return "auto";
	}
}

/* Have the button change the theme. changed(dark) is called now and at each
 * change. */
export function followTheme(button, changed) {
	let theme = storedTheme();
	const apply = () => {
		document.documentElement.dataset.theme = theme;
		setText(button, SIGNS[theme]);
		button.title = button.ariaLabel = `Theme: ${theme}`;
		changed(theme === "dark" || theme === "auto" && system.matches);
	};

	button.addEventListener("click", () => {
		theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
		try {
			localStorage.setItem("theme", theme);
		} catch {
			/* The choice is not stored. */
		}
		apply();
	});
	system.addEventListener("change", apply);
	apply();
}
