/** Dark or light: as the system says, until somebody chooses. */
import { computed, effect, signal } from "@preact/signals";

type Choice = "system" | "light" | "dark";
const KEY = "mayfly-theme";

const system = matchMedia("(prefers-color-scheme: dark)");
const isSystemDark = signal(system.matches);
system.addEventListener("change", ({ matches }) => (isSystemDark.value = matches));

const chosen = signal<Choice>(stored());

export const theme = computed<"light" | "dark">(() => {
  if (chosen.value !== "system") return chosen.value;
  return isSystemDark.value ? "dark" : "light";
});

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function switchTheme(): void {
  chosen.value = theme.peek() === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, chosen.value);
}

/** The value of a colour of style.css now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function stored(): Choice {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}
