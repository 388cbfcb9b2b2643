/** Gives a figure the colours and the font of the page. Pure. */
import type { Figure } from "plotly.js-cartesian-dist-min";

type Style = Pick<CSSStyleDeclaration, "getPropertyValue">;
type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

/** Lines that must be told apart, on light and on dark paper. */
const SERIES = ["#0f8f74", "#3b7dd8", "#c2571a", "#a14bbd", "#b3860b", "#c43d5c", "#2b8ca3", "#7f7360"];

/** Below this a figure has no room for names inside, nor for more labels of its horizontal axis than these. */
const NARROW_PX = 480;
const NARROW_TICKS = 3;
const NARROW_TITLE_PX = 12;

/** Of a colour in the darkest shade, so that its number stays readable on it. */
const SHADE = 0.45;

/** A mixture of two colours like #1b1e1a, `share` of it the first. */
function blend(one: string, other: string, share: number): string {
  const channels = (color: string): number[] => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
  const under = channels(other);
  return `rgb(${channels(one).map((value, i) => Math.round(share * value + (1 - share) * (under[i] ?? 0))).join(", ")})`;
}

export const isNarrow = (width: number): boolean => width < NARROW_PX;

/** Of what the figure shows, in the order of their numbers; empty where it shows nothing by number. */
export function namesOf(figure: Figure): string[] {
  const names = figure.layout["meta"];
  return Array.isArray(names) ? names.map(String) : [];
}

/** With numbers, counted from 1, instead of names. */
export function numbered(figure: Figure): Figure {
  const numbers = namesOf(figure).map((_name, place) => `${place + 1}`);
  const own: Record<string, Fields> = { named: { text: numbers }, chances: { y: numbers } };
  return { ...figure, data: figure.data.map((trace) => ({ ...trace, ...own[String(trace["meta"])] })) };
}

/** With the labels of its dots at these places. */
export function labelled(figure: Figure, places: string[]): Figure {
  return { ...figure, data: figure.data.map((trace) => (trace["meta"] === "named" ? { ...trace, textposition: places } : trace)) };
}

/** `width`: of the place where it is drawn, in pixels. */
export function themed(figure: Figure, style: Style, width: number): Figure {
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const narrow = isNarrow(width);
  const title = (given: unknown): Fields =>
    narrow && typeof given === "object" ? { title: { ...given, font: { size: NARROW_TITLE_PX } } } : {};
  const axis = (given: unknown): Fields => ({
    ...fields(given),
    ...title(fields(given)["title"]),
    fixedrange: true,
    gridcolor: token("line"),
    linecolor: token("line-strong"),
    tickcolor: token("line-strong"),
  });
  return {
    data: figure.data.map((trace, place) => {
      if (trace["meta"] === "series") {
        const color = SERIES[place % SERIES.length];
        return { ...trace, line: { color, width: 2 }, marker: { color, size: 5 } };
      }
      if (trace["meta"] === "chances") {
        const end = (name: string): string => blend(token(name), token("surface"), SHADE);
        return {
          ...trace,
          colorscale: [[0, end("sun")], [0.5, token("surface")], [1, end("accent")]],
          textfont: { color: token("ink") },
        };
      }
      if (trace["meta"] === "front") {
        return { ...trace, line: { ...fields(trace["line"]), color: token("line-strong"), width: 2 } };
      }
      return {
        ...trace,
        marker: { ...fields(trace["marker"]), color: token("accent"), size: 10 },
        error_x: { ...fields(trace["error_x"]), color: token("accent"), thickness: 2, width: 5 },
      };
    }),
    layout: {
      ...figure.layout,
      xaxis: { ...axis(figure.layout["xaxis"]), ...(narrow ? { nticks: NARROW_TICKS } : {}) },
      yaxis: axis(figure.layout["yaxis"]),
      font: { family: token("sans"), size: 14, color: token("ink-2") },
      hoverlabel: { bgcolor: token("ink"), bordercolor: token("ink"), font: { color: token("paper") } },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
    },
  };
}
