/** Code highlighting: loaded when the first code block with a language appears, cached by code. */
import type { Highlight } from "./markdown";

type Highlighter = (code: string, language: string) => string | null;
const MAX_CHARS = 20_000;
const CACHE_SIZE = 200;

export class CodeHighlighter {
  private engine: Highlighter | null = null;
  private loading = false;
  private readonly cache = new Map<string, string | null>();

  /** `onReady` is called once, when the engine has come and blocks shown plain can be drawn again. */
  constructor(private readonly onReady: () => void, private readonly load: () => Promise<Highlighter> = loadEngine) {}

  readonly highlight: Highlight = (code, language) => {
    if (!language || code.length > MAX_CHARS) return null;
    if (!this.engine) {
      this.begin();
      return null;
    }
    const key = `${language}\n${code}`;
    let html = this.cache.get(key);
    if (html === undefined) {
      html = this.engine(code, language);
      if (this.cache.size >= CACHE_SIZE) this.cache.clear();
      this.cache.set(key, html);
    }
    return html;
  };

  private begin(): void {
    if (this.loading) return;
    this.loading = true;
    this.load().then(
      (engine) => {
        this.engine = engine;
        this.onReady();
      },
      () => {
        // Plain code is fine; a reload tries again.
      },
    );
  }
}

async function loadEngine(): Promise<Highlighter> {
  const { default: hljs } = await import("highlight.js/lib/common");
  return (code, language) =>
    hljs.getLanguage(language) ? hljs.highlight(code, { language, ignoreIllegals: true }).value : null;
}
