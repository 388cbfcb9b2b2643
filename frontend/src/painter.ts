/** Draws one answer at most once a frame, and less often the dearer a drawing gets. */
import { Markdown, patch, plain } from "./markdown";

/** A drawing may take this share of the time. */
const SHARE = 0.15;
const LONGEST_PAUSE_MS = 1500;
/** Beyond this, parsing the whole text again and again would freeze the page: plain text until it is complete. */
const LIVE_CHARS = 60_000;

export class Painter {
  private text = "";
  private final = false;
  private scheduled = false;
  private notBefore = 0;

  constructor(
    private readonly target: HTMLElement,
    private readonly markdown: Markdown,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Shows `text`; `final` says that no more follows. */
  show(text: string, final: boolean): void {
    if (text === this.text && final === this.final && !this.scheduled) return;
    this.text = text;
    this.final = final;
    this.schedule();
  }

  /** Draw the same text again: the highlighter has arrived. */
  redraw(): void {
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    const pause = this.final ? 0 : this.notBefore - this.now();
    // A hidden page gets no frames: a timer still draws, so that nothing is stale when the visitor returns.
    const draw = (): void => { this.draw(); };
    if (pause > 0) setTimeout(draw, pause);
    else if (document.visibilityState === "hidden") setTimeout(draw, 250);
    else requestAnimationFrame(draw);
  }

  private draw(): void {
    this.scheduled = false;
    const began = this.now();
    const live = this.final || this.text.length <= LIVE_CHARS;
    patch(this.target, live ? this.markdown.render(this.text) : plain(this.text));
    this.target.classList.remove("answer__text--plain");
    const took = this.now() - began;
    this.notBefore = began + Math.min(LONGEST_PAUSE_MS, took / SHARE);
  }
}
