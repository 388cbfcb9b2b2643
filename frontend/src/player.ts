/**
 * The players of a battle of music: two clips, of which one plays at a time; one volume, one loop, one set of keys.
 * What was heard is the server's to say (`hear`): the page shows it and opens the vote by it.
 */
import { byId, within } from "./dom";
import { Clip, clock, type ClipSource } from "./player_clip";
import { Reports, type ReportFrame } from "./player_reports";
import type { Span } from "./player_wave";
import { language, text } from "./strings";
import { SIDES, perSide, type Battle, type Heard, type PerSide, type Side } from "./types";
import { isBusy } from "./vote";

const JUMP_S = 5;
const SHORTEST_LOOP_S = 1;
const VOLUME = "arena.volume";
/** Without motion the position still moves on, but not with every frame of the screen. */
const CALM_MS = 250;

export interface DeckOptions {
  battleId: string;
  send: (frame: ReportFrame) => boolean;
  say: (words: string) => void;
  /** The server has said how much was heard. */
  onHeard: () => void;
}

export function other(side: Side): Side {
  return side === "left" ? "right" : "left";
}

/** What a vote still needs, in words; empty where nothing is missing. Pure. */
export function missingWords(heard: Heard): string {
  const lacks = perSide((side) => Math.ceil(Math.max(0, heard.required_s - heard[`${side}_s`])));
  if (lacks.left && lacks.right) return text("listen.missing_both", { left: lacks.left, right: lacks.right });
  const side = SIDES.find((one) => lacks[one] > 0);
  return side ? text(`listen.missing_${side}`, { seconds: lacks[side] }) : "";
}

export class Deck {
  private readonly clips: PerSide<Clip>;
  private readonly reports: Reports;
  private readonly loopButton = byId("deck-loop", HTMLButtonElement);
  private readonly muteButton = byId("deck-mute", HTMLButtonElement);
  private readonly volume = byId("deck-volume", HTMLInputElement);
  private active: Side = "left";
  private loopStart: number | null = null;
  private loop: Span | null = null;
  private muted = false;
  private heard: Heard | null = null;

  constructor(turn: HTMLElement, private readonly options: DeckOptions) {
    const events = {
      onToggle: (side: Side): void => { this.toggle(side); },
      onSeek: (side: Side, position: number): void => { this.seek(side, position); },
      onPlaying: (side: Side): void => { this.reports.report(side, "play"); this.animate(); },
      onPause: (side: Side): void => { this.reports.report(side, "pause"); this.remember(); },
      onEnded: (side: Side): void => { this.reports.report(side, "ended"); },
      onSeeking: (side: Side): void => { if (this.clips[side].isPlaying) this.reports.report(side, "seek"); },
      onBroken: (side: Side): void => { this.clips[side].tell(text("clip.broken"), false); },
    };
    this.clips = perSide((side) => new Clip(side, within(turn, `.answer[data-side=${side}]`), events));
    this.reports = new Reports({
      send: options.send,
      playing: {
        position: (side) => this.clips[side].audio.currentTime,
        isPlaying: (side) => this.clips[side].isPlaying,
        isMuted: () => this.muted || Number(this.volume.value) === 0,
      },
    });
    this.startControls();
  }

  /** Takes over the clips of a battle that is ready. */
  load(battle: Battle): void {
    const turn = battle.turns.at(-1);
    if (!turn || this.clips.left.duration > 0) return;
    for (const side of SIDES) {
      const { audio_url, duration_s, peaks } = turn[side];
      if (audio_url && duration_s && peaks) this.clips[side].load({ audio_url, duration_s, peaks } satisfies ClipSource);
    }
    if (this.clips.left.duration > 0) {
      byId("deck", HTMLFieldSetElement).disabled = false;
      this.recall();
      this.follow();
    }
  }

  /** Frames of the server: what was heard so far. */
  hear(heard: Heard): void {
    const before = this.heard;
    this.heard = heard;
    this.reports.seen(heard.seq ?? 0);
    for (const side of SIDES) {
      const seconds = heard[`${side}_s`];
      const enough = seconds >= heard.required_s;
      const shown = Math.min(Math.floor(seconds * 10) / 10, heard.required_s).toLocaleString(language());
      const words = text(enough ? "clip.heard_enough" : "clip.heard", { seconds: shown, required: heard.required_s });
      this.clips[side].tell(words, enough);
      if (enough && before && before[`${side}_s`] < before.required_s) this.options.say(`${text(`clip.now_${side}`)}. ${words}`);
    }
    this.options.onHeard();
  }

  /** What a vote still needs, in words; empty where it may be cast. */
  missing(): string {
    return this.heard ? missingWords(this.heard) : text("listen.first");
  }

  /** The socket is open again. */
  reconnected(): void {
    this.reports.resume();
  }

  /** The battle is over: nothing is asked any more. */
  finish(): void {
    for (const side of SIDES) this.clips[side].tell("", true);
  }

  private toggle(side: Side): void {
    const clip = this.clips[side];
    if (clip.isPlaying) this.pause(side);
    else this.play(side, clip.audio.ended ? 0 : clip.audio.currentTime);
  }

  private pause(side: Side): void {
    this.clips[side].audio.pause();
  }

  /** Plays one side from `position`; the other falls silent first. */
  private play(side: Side, position: number): void {
    const [clip, rest] = [this.clips[side], this.clips[other(side)]];
    if (rest.isPlaying) {
      this.reports.report(rest.side, "pause");
      this.pause(rest.side);
    }
    this.active = side;
    if (Math.abs(clip.audio.currentTime - position) > 0.01) clip.audio.currentTime = position;
    clip.audio.play().catch((error: unknown) => {
      // Interrupted by another press, or not allowed before a gesture: the button still says "Play".
      if (error instanceof DOMException && ["AbortError", "NotAllowedError"].includes(error.name)) return;
      this.clips[side].tell(text("clip.broken"), false);
    });
    this.follow();
  }

  /** The other side, at the same moment of the music. */
  private switchSide(): void {
    const from = this.clips[this.active];
    const to = this.clips[other(this.active)];
    const position = Math.min(from.audio.currentTime, to.duration);
    if (from.isPlaying) this.play(to.side, position);
    else {
      this.active = to.side;
      to.audio.currentTime = position;
      this.follow();
    }
    this.options.say(text(`clip.now_${to.side}`));
  }

  private seek(side: Side, position: number): void {
    const clip = this.clips[side];
    this.reports.tick();
    this.active = side;
    clip.audio.currentTime = Math.min(Math.max(0, position), clip.duration);
    this.follow();
    this.remember();
  }

  /** First the start, then the end, then off again. */
  private cycleLoop(): void {
    const { currentTime } = this.clips[this.active].audio;
    if (this.loop) this.loop = this.loopStart = null;
    else if (this.loopStart === null) this.loopStart = currentTime;
    else {
      const [start, end] = [Math.min(this.loopStart, currentTime), Math.max(this.loopStart, currentTime)];
      const duration = this.clips[this.active].duration;
      this.loop = { start: Math.min(start, duration - SHORTEST_LOOP_S), end: Math.max(end, start + SHORTEST_LOOP_S) };
    }
    this.nameLoop();
    this.follow();
  }

  private nameLoop(): void {
    const { loop, loopStart } = this;
    const key = loop ? "deck.loop_off" : loopStart === null ? "deck.loop_start" : "deck.loop_end";
    const values = { start: clock(loop?.start ?? loopStart ?? 0), end: clock(loop?.end ?? 0) };
    const label = this.loopButton.querySelector("[data-label]");
    if (label) label.textContent = text(key, values);
    this.loopButton.setAttribute("aria-pressed", String(loop !== null));
    this.options.say(text(key, values));
  }

  private setVolume(volume: number, muted: boolean): void {
    // What was heard until now was heard at the old volume.
    this.reports.tick();
    this.muted = muted;
    this.volume.value = String(volume);
    this.volume.setAttribute("aria-valuetext", `${Math.round(volume * 100)} %`);
    this.muteButton.setAttribute("aria-pressed", String(muted));
    for (const side of SIDES) {
      this.clips[side].audio.volume = volume;
      this.clips[side].audio.muted = muted;
    }
    this.reports.tick();
    keep(localStorage, VOLUME, String(volume));
  }

  private startControls(): void {
    byId("deck-switch").addEventListener("click", () => { this.switchSide(); });
    this.loopButton.addEventListener("click", () => { this.cycleLoop(); });
    this.muteButton.addEventListener("click", () => { this.setVolume(Number(this.volume.value), !this.muted); });
    this.volume.addEventListener("input", () => { this.setVolume(Number(this.volume.value), false); });
    document.addEventListener("keydown", (event) => { this.pressed(event); });
    window.addEventListener("pagehide", () => { this.reports.tick(); this.remember(); });
    const volume = Number(kept(localStorage, VOLUME) ?? "1");
    this.setVolume(volume >= 0 && volume <= 1 ? volume : 1, false);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isBusy(event.target)) return;
    if (this.clips.left.duration === 0) return;
    const { audio } = this.clips[this.active];
    const deeds: Record<string, () => void> = {
      k: () => { this.toggle(this.active); },
      " ": () => { this.toggle(this.active); },
      s: () => { this.switchSide(); },
      l: () => { this.cycleLoop(); },
      m: () => { this.setVolume(Number(this.volume.value), !this.muted); },
      ArrowLeft: () => { this.seek(this.active, audio.currentTime - JUMP_S); },
      ArrowRight: () => { this.seek(this.active, audio.currentTime + JUMP_S); },
    };
    const deed = deeds[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    // A space on a button or a link is that button's own.
    if (!deed || (event.key === " " && (event.target as Element).closest("button, a, summary, input"))) return;
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    deed();
  }

  private animate(): void {
    const calm = typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (): void => {
      this.follow();
      if (!this.clips[this.active].isPlaying) return;
      if (calm || document.visibilityState === "hidden") setTimeout(step, CALM_MS);
      else requestAnimationFrame(step);
    };
    step();
  }

  /** Draws where both clips stand, and turns back at the end of a loop. */
  private follow(): void {
    const { loop, active } = this;
    const { audio } = this.clips[active];
    if (loop && this.clips[active].isPlaying && audio.currentTime >= loop.end) this.seek(active, loop.start);
    for (const side of SIDES) this.clips[side].follow(loop);
  }

  private get place(): string {
    return `arena.player.${this.options.battleId}`;
  }

  /** A reload comes back to the same moment. */
  private remember(): void {
    const at = perSide((side) => this.clips[side].audio.currentTime);
    keep(sessionStorage, this.place, JSON.stringify({ ...at, active: this.active }));
  }

  private recall(): void {
    let stored: Partial<PerSide<number>> & { active?: string };
    try {
      stored = JSON.parse(kept(sessionStorage, this.place) ?? "{}") as typeof stored;
    } catch {
      return;
    }
    if (stored.active === "right") this.active = "right";
    for (const side of SIDES) {
      const position = stored[side];
      if (typeof position === "number" && position > 0) this.clips[side].audio.currentTime = position;
    }
  }
}

function kept(storage: Storage, name: string): string | null {
  try {
    return storage.getItem(name);
  } catch {
    return null;
  }
}

function keep(storage: Storage, name: string, value: string): void {
  try {
    storage.setItem(name, value);
  } catch {
    // Private windows may refuse: then it is forgotten with the page.
  }
}
