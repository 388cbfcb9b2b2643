/**
 * Draws the figures that the server built. The table under each says the same, so figures are hidden from screen readers
 * and take no focus.
 */
import type { Figure } from "plotly.js-cartesian-dist-min";
import { themed } from "./figure";
import { plotlyFormat } from "./locale";
import { language } from "./strings";

const LANGUAGE = language();
const CONFIG = {
  displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false,
  locale: LANGUAGE, locales: { [LANGUAGE]: { format: plotlyFormat(LANGUAGE) } },
};

/** Plotly adds its rules to the sheet of this name; one that it made itself would not pass the Content-Security-Policy. */
function lendStyleSheet(): void {
  const sheet = document.querySelector<HTMLLinkElement>("link[rel=stylesheet]");
  if (sheet) sheet.id = "plotly.js-style-global";
}

async function draw(target: HTMLElement, figure: Figure): Promise<void> {
  const { default: plotly } = await import("plotly.js-cartesian-dist-min");
  const show = async (): Promise<void> => {
    const { data, layout } = themed(figure, getComputedStyle(document.documentElement), target.clientWidth);
    await plotly.react(target, data, layout, CONFIG);
  };
  await show();
  document.addEventListener("arena:theme", () => void show());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void show());
}

function watch(target: HTMLElement): void {
  const source = document.getElementById(target.dataset["figure"] ?? "");
  if (!source) return;
  target.setAttribute("aria-hidden", "true");
  const figure = JSON.parse(source.textContent) as Figure;
  // Its room is kept, so that nothing jumps when it comes.
  const height = Number(figure.layout["height"]);
  if (height > 0) target.style.minBlockSize = `${height}px`;
  // The table comes first: a figure is drawn once it is near the screen.
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    void draw(target, figure);
  }, { rootMargin: "400px" }).observe(target);
}

const targets = document.querySelectorAll<HTMLElement>("[data-figure]");
if (targets.length > 0) lendStyleSheet();
targets.forEach(watch);
