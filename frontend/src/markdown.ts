/**
 * Model output as Markdown. It is hostile until proven otherwise, so it passes four walls:
 * raw HTML is shown as text (marked), nothing but an allow-list of elements and attributes survives over the WHOLE text
 * (DOMPurify), the page's Content-Security-Policy forbids inline script and every outside address, and Trusted Types
 * let nobody but DOMPurify turn text into elements. Formulas are made element by element, behind a list of their own.
 */
import DOMPurify, { type Config } from "dompurify";
import type { Formula } from "./formulas";
import { Marked, type RendererObject, type TokenizerAndRendererExtension } from "marked";

/** Returns highlighted HTML of a code block, or null where the language is not known (or not loaded yet). */
export type Highlight = (code: string, language: string) => string | null;

export interface MarkdownOptions {
  highlight?: Highlight;
  /** Without it formulas stay as they were written. */
  formula?: Formula;
  /** What the button over a code block says; without it there is none. */
  copyLabel?: string;
}

const TAGS = [
  "a", "blockquote", "br", "code", "del", "div", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
  "table", "tbody", "td", "th", "thead", "tr", "ul",
];
const ATTRIBUTES = ["align", "class", "dir", "href", "start"];
const CLASSES = /^(hljs(-[a-z_]+)?|[a-z]+_|md-(image|math|table|code))$/;
const LINK = /^(https?:|mailto:)/i;
const CONFIG: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  ALLOWED_URI_REGEXP: LINK,
  ADD_URI_SAFE_ATTR: ["align", "start"],
  RETURN_DOM_FRAGMENT: true,
};
const WIDE_FORMULA_CHARS = 60;
const FIRST_HEADING = 4;
const LAST_HEADING = 6;

export function escapeHtml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** Formulas pass as they were written: Markdown must not eat their underscores and backslashes. */
const math: TokenizerAndRendererExtension[] = [
  {
    name: "mathBlock",
    level: "block",
    start: (source) => source.match(/\$\$|\\\[/)?.index,
    tokenizer(source) {
      const match = /^(?:\$\$[^$]{1,2000}?\$\$|\\\[[\s\S]{1,2000}?\\\])(?:[ \t]*\n|$)/.exec(source);
      return match ? { type: "mathBlock", raw: match[0], text: match[0].trim() } : undefined;
    },
    renderer: (token) => `<p><span class="md-math">${escapeHtml(String(token["text"]))}</span></p>\n`,
  },
  {
    name: "mathInline",
    level: "inline",
    start: (source) => source.match(/\$|\\[([]/)?.index,
    tokenizer(source) {
      const match =
        /^(?:\$\$[^$\n]{1,500}\$\$|\$(?![\s$])[^$\n]{0,300}[^\s$\\]\$(?!\d)|\\\([^\n]{1,500}?\\\)|\\\[[^\n]{1,500}?\\\])/.exec(source);
      return match ? { type: "mathInline", raw: match[0], text: match[0] } : undefined;
    },
    renderer: (token) => `<span class="md-math">${escapeHtml(String(token["text"]))}</span>`,
  },
];

function renderer(highlight: Highlight): RendererObject {
  return {
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : escapeHtml(text)),
    image: ({ href, text }) => `<span class="md-image">${escapeHtml(text ? `${text} (${href})` : href)}</span>`,
    // A mark that `settleHeadings` replaces; a written <h1> never gets here, raw HTML is text.
    heading({ tokens, depth }) {
      return `<div align="h${depth}">${this.parser.parseInline(tokens)}</div>\n`;
    },
    checkbox: ({ checked }) => (checked ? "\u2611 " : "\u2610 "),
    code({ text, lang }) {
      const language = (lang ?? "").trim().split(/\s/)[0]?.toLowerCase() ?? "";
      const html = highlight(text, language) ?? escapeHtml(text);
      return `<pre class="md-code"><code class="hljs">${html}\n</code></pre>\n`;
    },
  };
}

/** Keeps the outline of the page in order: an answer's headings start under the page's own and skip no level. */
function settleHeadings(root: DocumentFragment): void {
  const open: number[] = [];
  for (const heading of root.querySelectorAll("div[align^='h']")) {
    const written = Number(heading.getAttribute("align")?.slice(1));
    while (open.length > 0 && (open[open.length - 1] ?? 0) >= written) open.pop();
    open.push(written);
    const level = Math.min(FIRST_HEADING + open.length - 1, LAST_HEADING);
    const settled = document.createElement(`h${level}`);
    settled.append(...heading.childNodes);
    heading.replaceWith(settled);
  }
}

function settleLinks(root: DocumentFragment): void {
  for (const link of root.querySelectorAll("a")) {
    if (!LINK.test(link.getAttribute("href") ?? "")) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.setAttribute("rel", "noopener noreferrer nofollow");
    link.setAttribute("target", "_blank");
  }
}

function settleBoxes(root: DocumentFragment): void {
  for (const table of root.querySelectorAll("table")) {
    const box = document.createElement("div");
    box.className = "md-table";
    table.replaceWith(box);
    box.append(table);
  }
  // What scrolls must be reachable by keyboard.
  for (const box of root.querySelectorAll("pre, .md-table")) box.setAttribute("tabindex", "0");
}

function drawFormulas(root: DocumentFragment, formula: Formula): void {
  for (const place of root.querySelectorAll(".md-math")) {
    const source = place.textContent;
    const drawn = formula(source);
    if (!drawn) continue;
    place.replaceChildren(drawn);
    // One that may be too wide scrolls, and what scrolls must be reachable by keyboard.
    if (drawn.getAttribute("display") === "block" && source.length > WIDE_FORMULA_CHARS) place.setAttribute("tabindex", "0");
  }
}

function offerCopies(root: DocumentFragment, label: string): void {
  for (const code of root.querySelectorAll("pre")) {
    const box = document.createElement("div");
    box.className = "md-copy";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--small md-copy__button";
    button.dataset["copyCode"] = "";
    button.textContent = label;
    code.replaceWith(box);
    box.append(button, code);
  }
}

function settleClasses(root: DocumentFragment): void {
  for (const element of root.querySelectorAll("[class]")) {
    const kept = [...element.classList].filter((name) => CLASSES.test(name));
    if (kept.length > 0) element.className = kept.join(" ");
    else element.removeAttribute("class");
  }
}

export class Markdown {
  private readonly marked: Marked;

  constructor(private readonly options: MarkdownOptions = {}) {
    const highlight = options.highlight ?? ((): null => null);
    this.marked = new Marked({ gfm: true, breaks: false, async: false });
    this.marked.use({ extensions: math });
    this.marked.use({ renderer: renderer(highlight) });
  }

  /** The whole of `source` as safe elements. Text that Markdown cannot digest is shown as it is. */
  render(source: string): DocumentFragment {
    let html: string;
    try {
      html = this.marked.parse(source) as string;
    } catch {
      // Nesting thousands of levels deep exhausts the parser's stack.
      return plain(source);
    }
    const root = DOMPurify.sanitize(html, CONFIG);
    settleClasses(root);
    settleHeadings(root);
    settleLinks(root);
    settleBoxes(root);
    const { formula, copyLabel } = this.options;
    if (formula) drawFormulas(root, formula);
    if (copyLabel) offerCopies(root, copyLabel);
    return root;
  }
}

export function plain(source: string): DocumentFragment {
  const root = document.createDocumentFragment();
  const box = document.createElement("p");
  box.className = "md-plain";
  box.textContent = source;
  root.append(box);
  return root;
}

/**
 * Makes `target` show `next`, keeping the blocks that did not change: a selection, the focus and a scrolled code block
 * survive while the text below still grows.
 */
export function patch(target: HTMLElement, next: DocumentFragment): void {
  const fresh = [...next.childNodes];
  let same = 0;
  while (same < fresh.length && target.childNodes[same]?.isEqualNode(fresh[same] ?? null)) same += 1;
  while (target.childNodes.length > same) target.lastChild?.remove();
  target.append(...fresh.slice(same));
}
