/** Code highlighting: loaded when the first code block with a language appears, cached by code. */
import { Late, Recent } from "./late";
import type { Highlight } from "./markdown";

type Highlighter = (code: string, language: string) => string | null;
const MAX_CHARS = 20_000;

export class CodeHighlighter {
  private readonly engine: Late<Highlighter>;
  private readonly drawn = new Recent<string | null>();

  constructor(onReady: () => void, load: () => Promise<Highlighter> = loadEngine) {
    this.engine = new Late(load, onReady);
  }

  readonly highlight: Highlight = (code, language) => {
    if (!language || code.length > MAX_CHARS) return null;
    const engine = this.engine.get();
    return engine && this.drawn.get(`${language}\n${code}`, () => engine(code, language));
  };
}

async function loadEngine(): Promise<Highlighter> {
  const { default: hljs } = await import("highlight.js/lib/common");
  return (code, language) =>
    hljs.getLanguage(language) ? hljs.highlight(code, { language, ignoreIllegals: true }).value : null;
}
