/**
 * Tells the server what the players do: play, pause, seek, ended, and once a second a tick, each with the media clock.
 * The server decides what was heard; this only reports, a little slower than a socket may speak.
 */
import { SIDES, type Side } from "./types";

export type ReportKind = "play" | "pause" | "seek" | "ended" | "tick";

export interface ReportFrame {
  type: "listen";
  side: Side;
  event: ReportKind;
  media_s: number;
  seq: number;
  muted: boolean;
}

/** What is asked of a player at the moment of a report. */
export interface Playing {
  position: (side: Side) => number;
  isPlaying: (side: Side) => boolean;
  isMuted: () => boolean;
}

export interface ReportsOptions {
  playing: Playing;
  /** Whether the frame was handed to an open socket. */
  send: (frame: ReportFrame) => boolean;
  now?: () => number;
}

const TICK_MS = 1000;
/** The server closes a socket that says more than five things a second. */
const GAP_MS = 250;
const BURST = 6;

export class Reports {
  private seq = 0;
  private waiting: { side: Side; event: ReportKind; media_s: number; muted: boolean }[] = [];
  private budget = BURST;
  private filledAt: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: ReportsOptions) {
    this.now = options.now ?? ((): number => performance.now());
    this.filledAt = this.now();
    setInterval(() => { this.tick(); }, TICK_MS);
  }

  /** The highest number that the server has: those that follow must be above it, in every tab and after a reload. */
  seen(seq: number): void {
    this.seq = Math.max(this.seq, seq);
  }

  /** Reports of what happened to one side. */
  report(side: Side, event: ReportKind, media_s = this.options.playing.position(side)): void {
    const entry = { side, event, media_s: Math.max(0, media_s), muted: this.options.playing.isMuted() };
    const last = this.waiting.at(-1);
    // While frames wait, another tick says nothing new, and of many seeks in a row the last one counts.
    if (last && event === "tick") return;
    if (last?.event === "seek" && event === "seek" && last.side === side) this.waiting.pop();
    this.waiting.push(entry);
    this.flush();
  }

  /** Before something changes: what was heard until now is heard. */
  tick(): void {
    for (const side of SIDES) if (this.options.playing.isPlaying(side)) this.report(side, "tick");
  }

  /** A new socket knows nothing of a player that plays already. */
  resume(): void {
    this.waiting = [];
    for (const side of SIDES) if (this.options.playing.isPlaying(side)) this.report(side, "play");
  }

  private flush(): void {
    this.refill();
    while (this.waiting.length > 0 && this.budget >= 1) {
      const [entry] = this.waiting;
      if (!entry) return;
      // Milliseconds since 1970 keep the numbers of tabs and reloads apart without asking anybody.
      const seq = Math.max(this.seq + 1, Date.now());
      if (!this.options.send({ type: "listen", ...entry, seq })) {
        this.waiting = [];
        return;
      }
      this.seq = seq;
      this.budget -= 1;
      this.waiting.shift();
    }
    clearTimeout(this.timer);
    if (this.waiting.length > 0) this.timer = setTimeout(() => { this.flush(); }, GAP_MS);
  }

  private refill(): void {
    const now = this.now();
    this.budget = Math.min(BURST, this.budget + (now - this.filledAt) / GAP_MS);
    this.filledAt = now;
  }
}
