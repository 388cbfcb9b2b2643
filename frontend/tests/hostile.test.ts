import { describe, expect, it } from "vitest";
import { Assembler } from "../src/assembler";
import { Markdown, patch } from "../src/markdown";
import shapes from "../../tests/support/hostile.json";
import { expectHarmless } from "./harmless";

/** As `tests/support/hostile.py` writes them. */
const PAYLOADS = Object.values(shapes).flat().map((shape, n) => {
  const named: Record<string, string> = { "{{": "{", "}}": "}", "{n}": `${n}`, "{code}": `hit(${n})`, "{evil}": "https://evil.example" };
  return shape.replace(/\{\{|\}\}|\{(?:n|code|evil)\}/g, (part) => named[part] ?? part);
});

const markdown = new Markdown();

/** Both parts of an attack, as they arrive and are drawn one after the other. */
function arrivesCut(payload: string, at: number, whole: HTMLElement): void {
  const assembler = new Assembler();
  assembler.apply({ id: "1", type: "frame", turn: 1, left: payload.slice(0, at), right: "" });
  const box = document.createElement("div");
  patch(box, markdown.render(assembler.text(1).left));
  expectHarmless(box);
  assembler.apply({ id: "2", type: "frame", turn: 1, left: payload.slice(at), right: "" });
  expect(assembler.text(1).left).toBe(payload);
  const rest = document.createDocumentFragment();
  rest.append(...whole.cloneNode(true).childNodes);
  patch(box, rest);
  expect(box.isEqualNode(whole)).toBe(true);
}

describe("the attacks of the browser tests", () => {
  it("are many", () => {
    expect(new Set(PAYLOADS).size).toBeGreaterThanOrEqual(150);
    expect(PAYLOADS[0]).toBe("<script>hit(0)</script>");
    expect(PAYLOADS.join("\n")).not.toMatch(/\{(n|code|evil)\}/);
  });

  it.each(PAYLOADS)("%s is harmless wherever it is cut, and ends as if it had come whole", (payload) => {
    const whole = document.createElement("div");
    whole.append(markdown.render(payload));
    expectHarmless(whole);
    for (let at = 1; at < payload.length; at += 1) arrivesCut(payload, at, whole);
  }, 60_000);
});
