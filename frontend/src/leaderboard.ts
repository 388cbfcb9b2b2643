/**
 * Draws the figures that the server built. The table under each says the same, so figures are hidden from screen readers
 * and take no focus.
 */
import type { Figure } from "plotly.js-cartesian-dist-min";
import { isNarrow, labelled, namesOf, numbered, themed } from "./figure";
import { placed, type Placing } from "./labels";
import { plotlyFormat } from "./locale";
import { language } from "./strings";

const LANGUAGE = language();
const CONFIG = {
  displayModeBar: false, scrollZoom: false, doubleClick: false,
  locale: LANGUAGE, locales: { [LANGUAGE]: { format: plotlyFormat(LANGUAGE) } },
};

/** Plotly adds its rules to the sheet of this name; one that it made itself would not pass the Content-Security-Policy. */
function lendStyleSheet(): void {
  const sheet = document.querySelector<HTMLLinkElement>("link[rel=stylesheet]");
  if (sheet) sheet.id = "plotly.js-style-global";
}

const boxesOf = (target: HTMLElement, selector: string): DOMRect[] =>
  [...target.querySelectorAll(selector)].map((part) => part.getBoundingClientRect());

/** Places for the labels of the dots that were drawn; null where there are none. */
function placesIn(target: HTMLElement, figure: Figure): Placing | null {
  const named = figure.data.find((trace) => trace["meta"] === "named");
  const [area] = boxesOf(target, ".nsewdrag");
  if (!named || !area) return null;
  const outer = target.getBoundingClientRect();
  const room = { x: area.x, y: outer.y, width: outer.right - area.x, height: area.bottom - outer.y };
  const dots = boxesOf(target, ".scatterlayer .points .point").map((box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 }));
  return placed(dots, boxesOf(target, ".scatterlayer .textpoint text"), named["textposition"] as string[], room);
}

/** Draws a figure with names, or, where it is narrow or names would cover each other, with numbers and their key. */
async function drawn(target: HTMLElement, figure: Figure, key: HTMLElement): Promise<void> {
  const { default: plotly } = await import("plotly.js-cartesian-dist-min");
  const width = target.clientWidth;
  const put = async (given: Figure): Promise<Placing | null> => {
    const { data, layout } = themed(given, getComputedStyle(document.documentElement), width);
    await plotly.react(target, data, layout, CONFIG);
    return placesIn(target, given);
  };
  for (const byNumber of isNarrow(width) ? [true] : [false, true]) {
    const shown = byNumber ? numbered(figure) : figure;
    key.hidden = !byNumber;
    const placing = await put(shown);
    if (placing) await put(labelled(shown, placing.places));
    if (placing?.apart ?? true) return;
  }
}

function draw(target: HTMLElement, figure: Figure, key: HTMLElement): void {
  let last = Promise.resolve();
  let width = 0;
  const show = (): void => { last = last.then(() => drawn(target, figure, key)); };
  document.addEventListener("arena:theme", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  new ResizeObserver(() => {
    if (target.clientWidth === width) return;
    width = target.clientWidth;
    show();
  }).observe(target);
}

/** Which number is whom. */
function keyOf(figure: Figure): HTMLElement {
  const key = document.createElement("ol");
  key.className = "figure__key small";
  key.setAttribute("aria-hidden", "true");
  key.append(...namesOf(figure).map((name) => {
    const item = document.createElement("li");
    item.textContent = name;
    return item;
  }));
  return key;
}

function watch(target: HTMLElement): void {
  const source = document.getElementById(target.dataset["figure"] ?? "");
  if (!source) return;
  target.setAttribute("aria-hidden", "true");
  const figure = JSON.parse(source.textContent) as Figure;
  // Its room is kept, so that nothing jumps when it comes.
  const height = Number(figure.layout["height"]);
  if (height > 0) target.style.minBlockSize = `${height}px`;
  const key = keyOf(figure);
  key.hidden = !isNarrow(target.clientWidth);
  if (key.childElementCount > 0) target.after(key);
  // The table comes first: a figure is drawn once it is near the screen.
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    draw(target, figure, key);
  }, { rootMargin: "400px" }).observe(target);
}

const targets = document.querySelectorAll<HTMLElement>("[data-figure]");
if (targets.length > 0) lendStyleSheet();
targets.forEach(watch);
