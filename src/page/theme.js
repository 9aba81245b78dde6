/* Dark, light, or as the system says; the choice is kept in this browser. */
import { setText } from "./format.js";

const THEMES = ["auto", "dark", "light"];
const SIGNS = { auto: "◐", dark: "☾", light: "☀" };
const system = matchMedia("(prefers-color-scheme: dark)");

/* A browser may forbid a page to keep anything. */
function kept() {
	try {
		return localStorage.getItem("theme") || "auto";
	} catch {
		return "auto";
	}
}

/* Have the button go round the themes; changed(dark) is told now and then. */
export function followTheme(button, changed) {
	let theme = kept();
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
			/* Then it is for this visit. */
		}
		apply();
	});
	system.addEventListener("change", apply);
	apply();
}
