/**
 * Formulas as MathML, which browsers draw by themselves. Temml reads the TeX and is loaded when the first formula appears;
 * the elements are made here, one by one, from an allow-list, so that no text is ever parsed as markup.
 */
import { Late, Recent } from "./late";

/** Gives the element of a formula with its delimiters, or null where it stays as it was written. */
export type Formula = (source: string) => Element | null;

/** What Temml makes of a formula: an element (`type`), a text, or a group of these. */
export interface MathTree {
  type?: string;
  text?: string;
  attributes?: Record<string, string>;
  classes?: string[];
  children?: MathTree[];
}
export type ReadTex = (tex: string, display: boolean) => MathTree;

const MATHML = "http://www.w3.org/1998/Math/MathML";
// Nothing that hides a part of an answer (mphantom), leads elsewhere, or needs styles of its own.
const ELEMENTS = new Set(
  ("math mfrac mi mn mo mover mmultiscripts mpadded mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext " +
    "mtr munder munderover none").split(" "),
);
const ATTRIBUTES = new Set(
  ("accent accentunder depth display displaystyle fence form height largeop linethickness lspace mathvariant maxsize minsize " +
    "movablelimits rspace scriptlevel separator stretchy symmetric voffset width").split(" "),
);
/** Of two digits before the point: what is written is not limited where it is negative. */
const LENGTH = /^[+-]?\d{0,2}(\.\d+)?(em|ex|pt|px)?$/;
const LENGTHS = new Set(["depth", "height", "linethickness", "lspace", "maxsize", "minsize", "rspace", "voffset", "width"]);
const CLASSES = /^tml-(display|jot|left|right|small)$/;
const DELIMITED = /^(?:\$\$([\s\S]+)\$\$|\\\[([\s\S]+)\\\]|\$([\s\S]+)\$|\\\(([\s\S]+)\\\))$/;

export class Formulas {
  private readonly engine: Late<ReadTex>;
  private readonly drawn = new Recent<Element | null>();

  constructor(onReady: () => void, load: () => Promise<ReadTex> = loadEngine) {
    this.engine = new Late(load, onReady);
  }

  readonly draw: Formula = (source) => {
    const engine = this.engine.get();
    const drawn = engine && this.drawn.get(source, () => drawFormula(source, engine));
    return drawn && (drawn.cloneNode(true) as Element);
  };
}

export function drawFormula(source: string, read: ReadTex): Element | null {
  const [, block, bracketed, inline, parenthesised] = DELIMITED.exec(source) ?? [];
  const display = block ?? bracketed;
  const tex = display ?? inline ?? parenthesised;
  if (tex === undefined) return null;
  try {
    const made = built(read(tex, display !== undefined));
    return made instanceof Element ? made : null;
  } catch {
    // No TeX, or more than a formula may have.
    return null;
  }
}

function built(tree: MathTree): Node {
  if (tree.text !== undefined) return document.createTextNode(tree.text);
  const node = tree.type === undefined ? document.createDocumentFragment() : element(tree.type, tree);
  for (const child of tree.children ?? []) node.appendChild(built(child));
  return node;
}

function element(name: string, { attributes = {}, classes = [] }: MathTree): Element {
  if (!ELEMENTS.has(name)) throw new RangeError(`a formula has no <${name}>`);
  const made = document.createElementNS(MATHML, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (ATTRIBUTES.has(attribute) && (!LENGTHS.has(attribute) || LENGTH.test(value))) made.setAttribute(attribute, value);
  }
  const kept = classes.filter((one) => CLASSES.test(one));
  if (kept.length > 0) made.setAttribute("class", kept.join(" "));
  return made;
}

async function loadEngine(): Promise<ReadTex> {
  const { default: temml } = await import("temml");
  return (tex, displayMode) =>
    // A formula must not grow over the page (sizes in em and in points) or freeze it.
    temml.__renderToMathMLTree(tex, { displayMode, throwOnError: true, wrap: "tex", maxSize: [10, 120], maxExpand: 300 }) as MathTree;
}
