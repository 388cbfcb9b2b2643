/** The theme: as the system says, or what the visitor chose; kept in this browser. */

export type Theme = "system" | "light" | "dark";
const ORDER: readonly Theme[] = ["system", "light", "dark"];
const KEY = "arena.theme";

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";
}

export function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system"; // storage is switched off
  }
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts for this page.
  }
  document.dispatchEvent(new CustomEvent("arena:theme"));
}

/** Makes the switch in the header turn through the three themes; its name says which one is on. */
export function startThemeSwitch(root: Document): void {
  const button = root.getElementById("theme-switch");
  const name = root.getElementById("theme-switch-name");
  if (!button || !name) return;
  let theme = readTheme();
  const show = (): void => {
    const label = button.dataset[theme] ?? "";
    name.textContent = label;
    button.title = label;
  };
  show();
  button.addEventListener("click", () => {
    theme = nextTheme(theme);
    apply(theme);
    show();
  });
}
