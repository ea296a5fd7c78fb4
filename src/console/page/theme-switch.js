import { button, setAttribute, setText } from "./element.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {readonly Theme[]} */
const themes = ["system", "light", "dark"];
const storageKey = "millrace-theme";

/**
 * Light, dark, or as the system has it; kept in this browser.
 * @param {() => void} onChange called when the colours have changed, by hand or by the system
 */
export function createThemeSwitch(onChange) {
  const made = button({ class: "quiet theme-switch" }, "", () => {
    const next = themes[(themes.indexOf(chosenTheme()) + 1) % themes.length] ?? "system";
    keep(next);
    show(made);
    onChange();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  show(made);
  return made;
}

/** @param {HTMLButtonElement} made */
function show(made) {
  const theme = chosenTheme();
  setAttribute(document.documentElement, "data-theme", theme === "system" ? undefined : theme);
  setText(made, `Colours: ${theme}`);
}

/** @returns {Theme} */
function chosenTheme() {
  const kept = storage()?.getItem(storageKey);
  return themes.find((theme) => theme === kept) ?? "system";
}

/** @param {Theme} theme */
const keep = (theme) => storage()?.setItem(storageKey, theme);

/** A browser may refuse it; the choice then lasts as long as the system's. */
function storage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
