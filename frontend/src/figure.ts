/** Gives a figure the colours and the font of the page. Pure. */
import type { Figure } from "plotly.js-cartesian-dist-min";

type Style = Pick<CSSStyleDeclaration, "getPropertyValue">;
type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

export function themed(figure: Figure, style: Style): Figure {
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis = (given: unknown): Fields => ({
    ...fields(given),
    fixedrange: true,
    gridcolor: token("line"),
    linecolor: token("line-strong"),
    tickcolor: token("line-strong"),
  });
  return {
    data: figure.data.map((trace) => ({
      ...trace,
      marker: { ...fields(trace["marker"]), color: token("accent"), size: 10 },
      error_x: { ...fields(trace["error_x"]), color: token("accent"), thickness: 2, width: 5 },
    })),
    layout: {
      ...figure.layout,
      xaxis: axis(figure.layout["xaxis"]),
      yaxis: axis(figure.layout["yaxis"]),
      font: { family: token("sans"), size: 14, color: token("ink-2") },
      hoverlabel: { bgcolor: token("ink"), bordercolor: token("ink"), font: { color: token("paper") } },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
    },
  };
}
