/** Shows the phase, and says it aloud once per change: the answers themselves are no live regions. */
import type { ConnectionState } from "./socket";
import type { Phase } from "./phase";
import { text } from "./strings";

/** A change must last this long before it is said: quick ones would pile up in a screen reader. */
const SETTLE_MS = 700;

export class Progress {
  private phase: Phase | undefined;
  private readonly site = document.title.split(" · ").pop() ?? "";
  private said = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly label: HTMLElement,
    private readonly announcer: HTMLElement,
    private readonly notice: HTMLElement,
  ) {}

  /** `note`: what is shown beside the phase and not said aloud, as it changes every second. */
  show(phase: Phase, note = ""): void {
    const words = text(`phase.${phase}`);
    this.root.dataset["phase"] = phase;
    const shown = note ? `${words} ${note}` : words;
    if (this.label.textContent !== shown) this.label.textContent = shown;
    // Drawn again with every frame: only a change may take the place of what waits to be said.
    if (phase === this.phase) return;
    this.phase = phase;
    this.say(words);
    // Who waits in another tab reads there that it is time to come back.
    document.title = `${words} · ${this.site}`;
  }

  say(words: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (words === this.said) return;
      this.said = words;
      this.announcer.textContent = words;
    }, SETTLE_MS);
  }

  /** A short break goes unmentioned: the connection is usually back within a second. */
  connection(state: ConnectionState, failures: number, online: boolean): void {
    clearTimeout(this.noticeTimer);
    if (state === "gone") this.tell(text("connection.gone"));
    else if (!online && state !== "closed") this.tell(text("connection.offline"));
    else if (state === "waiting" || (state === "connecting" && failures > 0)) {
      this.noticeTimer = setTimeout(() => { this.tell(text("connection.waiting")); }, failures > 1 ? 0 : 800);
    } else if (state === "open" || state === "closed") this.notice.hidden = true;
  }

  private tell(words: string): void {
    this.notice.textContent = words;
    this.notice.hidden = false;
    this.say(words);
  }
}
