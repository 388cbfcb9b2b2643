import { describe, expect, it } from "vitest";
import { themed } from "../src/figure";
import battle from "../src/styles/battle.css?raw";
import source from "../src/styles/tokens.css?raw";

type Tokens = Record<string, string>;

function tokensOf(selector: string): Tokens {
  const block = source.slice(source.indexOf(selector)).match(/\{([^}]*)\}/)?.[1] ?? "";
  return Object.fromEntries(Array.from(block.matchAll(/--([\w-]+):\s*([^;]+);/g), ([, name, value]) => [name ?? "", value ?? ""]));
}

const light = tokensOf(":root {");
const dark = tokensOf(':root[data-theme="dark"] {');

function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["paper", "surface", "sunken"];
const TEXT = ["ink", "ink-2", "ink-3", "accent", "accent-strong", "code-keyword", "code-string", "code-number", "code-comment", "code-title"];
const PAIRS: [string, string][] = [
  ...TEXT.flatMap((ink) => GROUNDS.map((ground): [string, string] => [ink, ground])),
  ["accent-ink", "accent"], ["accent-ink", "accent-strong"], ["danger-ink", "danger"], ["danger", "surface"], ["danger", "paper"],
  ...["accent", "good", "warning", "danger"].map((name): [string, string] => [name, `${name}-soft`]),
  ...["info", "good", "warning", "danger"].map((name): [string, string] => ["ink", `${name}-soft`]),
];

describe.each([["light", light], ["dark", dark]] as const)("the %s theme", (_name, tokens) => {
  it.each(PAIRS)("%s on %s can be read (4.5:1)", (ink, ground) => {
    expect(contrast(tokens[ink] ?? "", tokens[ground] ?? "")).toBeGreaterThanOrEqual(4.5);
  });
  it.each(["line-strong", "focus"].flatMap((line) => GROUNDS.map((ground): [string, string] => [line, ground])))("%s on %s can be seen (3:1)", (line, ground) => {
    expect(contrast(tokens[line] ?? "", tokens[ground] ?? "")).toBeGreaterThanOrEqual(3);
  });
});

it("the system's dark theme and the switch's are the same", () => {
  expect(tokensOf(':root:not([data-theme="light"]) {')).toEqual(dark);
  expect(Object.keys(dark).length).toBeGreaterThan(20);
});

it("left and right have no colour of their own", () => {
  expect(battle).not.toMatch(/data-side/);
});

it("a figure takes the colours of the page and keeps what the server drew", () => {
  const style = { getPropertyValue: (name: string) => ` ${name.slice(2)} ` } as CSSStyleDeclaration;
  const drawn = themed({ data: [{ x: [1], marker: { symbol: "dot" } }], layout: { xaxis: { title: "Rating" }, height: 200 } }, style, 900);
  expect(drawn.data[0]).toMatchObject({ x: [1], marker: { symbol: "dot", color: "accent" } });
  expect(drawn.layout).toMatchObject({ height: 200, xaxis: { title: "Rating", gridcolor: "line" }, font: { color: "ink-2" } });
});

it.each([[390, 3, { size: 12 }], [900, 5, undefined]])("a figure of %i px has at most %i labels along, and a title that fits", (width, labels, font) => {
  const style = { getPropertyValue: () => "" } as unknown as CSSStyleDeclaration;
  const drawn = themed({ data: [], layout: { xaxis: { nticks: 5, title: { text: "Seconds" } } } }, style, width);
  expect(drawn.layout).toMatchObject({ xaxis: { nticks: labels, title: { text: "Seconds" } } });
  expect((drawn.layout["xaxis"] as { title: { font?: object } }).title.font).toEqual(font);
});
