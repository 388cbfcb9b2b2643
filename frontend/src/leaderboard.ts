/**
 * Draws the figure that the server built. The table under it says the same, so the figure is hidden from screen readers
 * and takes no focus.
 */
import type { Figure } from "plotly.js-cartesian-dist-min";
import { themed } from "./figure";

const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };

/** Plotly writes its rules into this element; with the page's nonce it passes the Content-Security-Policy. */
function prepareStyle(): void {
  const style = document.createElement("style");
  style.id = "plotly.js-style-global";
  style.nonce = document.querySelector<HTMLElement>("script[nonce]")?.nonce ?? "";
  document.head.append(style);
}

async function draw(target: HTMLElement, figure: Figure): Promise<void> {
  prepareStyle();
  const { default: plotly } = await import("plotly.js-cartesian-dist-min");
  const show = async (): Promise<void> => {
    const { data, layout } = themed(figure, getComputedStyle(document.documentElement));
    await plotly.react(target, data, layout, CONFIG);
  };
  await show();
  document.addEventListener("arena:theme", () => void show());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void show());
}

const target = document.getElementById("leaderboard-figure");
const source = document.getElementById(target?.dataset["figure"] ?? "");
if (target && source) {
  target.setAttribute("aria-hidden", "true");
  const figure = JSON.parse(source.textContent) as Figure;
  // Its room is kept, so that nothing jumps when it comes.
  const height = Number(figure.layout["height"]);
  if (height > 0) target.style.minBlockSize = `${height}px`;
  // The table comes first: the figure is drawn once it is near the screen.
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    void draw(target, figure);
  }, { rootMargin: "400px" }).observe(target);
}
