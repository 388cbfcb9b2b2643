import temml from "temml";
import { beforeAll, describe, expect, it } from "vitest";
import { Formulas, drawFormula, type MathTree, type ReadTex } from "../src/formulas";
import { Markdown } from "../src/markdown";

const read: ReadTex = (tex, displayMode) =>
  temml.__renderToMathMLTree(tex, { displayMode, throwOnError: true, wrap: "tex", maxSize: [10, 120], maxExpand: 300 }) as MathTree;
const MATHML = "http://www.w3.org/1998/Math/MathML";

let formulas: Formulas;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    formulas = new Formulas(resolve, () => Promise.resolve(read));
    formulas.draw("$x$");
  });
});

function shown(source: string): HTMLElement {
  const box = document.createElement("div");
  box.append(new Markdown({ formula: formulas.draw }).render(source));
  return box;
}

describe("a formula", () => {
  it.each([
    ["$a_1 * b^2$", "msub, msup", "inline"],
    ["\\(\\frac{1}{2}\\)", "mfrac", "inline"],
    ["$$\\sum_{i=1}^n \\sqrt{x_i}$$", "munderover, msqrt", "block"],
    ["$\\binom{n}{k}$", "mfrac[linethickness^='0']", "inline"],
    ["\\[\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}\\]", "mtable, mtd", "block"],
    ["$$\\begin{aligned} a &= b \\\\ &= c \\end{aligned}$$", ".tml-right, .tml-left", "block"],
  ])("%s is drawn as MathML", (source, parts, display) => {
    const math = shown(`So ${display === "block" ? "\n\n" : ""}${source}`).querySelector("math");
    expect(math?.namespaceURI).toBe(MATHML);
    expect(math?.getAttribute("display") ?? "inline").toBe(display);
    for (const part of parts.split(", ")) expect(math?.querySelector(part)).not.toBeNull();
  });

  it.each(["$\\frac{1$", "$\\nonsense{x}$", "$\\phantom{hidden}$", "$\\cancel{x}$", "$\\href{javascript:alert(1)}{x}$", "$\\includegraphics{x}$"])(
    "%s is no formula that is drawn, and stays as it was written", (source) => {
      const box = shown(`See ${source}`);
      expect(box.querySelector("math")).toBeNull();
      expect(box.textContent.trim()).toBe(`See ${source}`);
    },
  );

  it("is left as written until the engine has come, and then drawn", async () => {
    let came = (): void => undefined;
    const late = new Formulas(() => { came(); }, () => Promise.resolve(read));
    expect(late.draw("$x$")).toBeNull();
    await new Promise<void>((resolve) => { came = resolve; });
    expect(late.draw("$x$")?.localName).toBe("math");
  });
});

describe("a hostile formula", () => {
  const HOSTILE = [
    "$<img src=x onerror=alert(1)>$", "$\\text{<script>alert(1)</script>}$", "$\\class{dialog}{x}$", "$\\id{vote-form}{x}$",
    "$\\style{position:fixed}{x}$", "$\\data{copy-code=1}{x}$", "$\\color{white} x$", "$\\colorbox{red}{x}$", "$\\url{https://evil.example}$",
    "$$x \\kern-9999em y$$", "$\\genfrac{}{}{9999pt}{}{a}{b}$", "$$\\rule{9999em}{9999em}$$", "$$\\raisebox{-9999em}{x}$$", "$\\def\\a{\\a\\a}\\a$", "$\\Huge x$",
  ];

  it.each(HOSTILE)("%s leaves MathML of the list, without styles, links and great sizes", (source) => {
    const box = shown(source);
    for (const element of box.querySelectorAll("math, math *")) {
      expect(element.namespaceURI).toBe(MATHML);
      for (const { name, value } of element.attributes) {
        expect(["style", "id", "href", "src", "mathcolor", "mathbackground"]).not.toContain(name);
        expect(name).not.toMatch(/^(on|data)/);
        if (name === "class") expect(value).toMatch(/^tml-/);
        else expect(value).not.toMatch(/\d{4}/);
      }
    }
  });

  it("cannot bring an element that is not on the list", () => {
    const evil = (): MathTree => ({ type: "math", children: [{ type: "maction", children: [{ text: "x" }] }] });
    expect(drawFormula("$x$", evil)).toBeNull();
    expect(drawFormula("$x$", () => ({ type: "math", attributes: { onclick: "alert(1)" }, children: [{ text: "x" }] }))?.attributes).toHaveLength(0);
  });
});
