/** One side's clip on the page: its audio, waveform, position and play button. Both sides are this same code. */
import { within } from "./dom";
import { text } from "./strings";
import { Waveform, type Span } from "./player_wave";
import type { Side } from "./types";

export interface ClipSource {
  audio_url: string;
  duration_s: number;
  peaks: readonly number[];
}

export interface ClipEvents {
  onToggle: (side: Side) => void;
  onSeek: (side: Side, position: number) => void;
  onPlaying: (side: Side) => void;
  onPause: (side: Side) => void;
  onEnded: (side: Side) => void;
  onSeeking: (side: Side) => void;
  onBroken: (side: Side) => void;
}

/** Minutes and seconds. Pure. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export class Clip {
  readonly audio: HTMLAudioElement;
  duration = 0;
  private readonly wave: Waveform;
  private readonly slider: HTMLInputElement;
  private readonly play: HTMLButtonElement;
  private dragging = false;

  constructor(readonly side: Side, private readonly root: HTMLElement, events: ClipEvents) {
    this.audio = within(root, "audio", HTMLAudioElement);
    this.slider = within(root, "[data-position]", HTMLInputElement);
    this.play = within(root, "[data-play]", HTMLButtonElement);
    this.wave = new Waveform(within(root, "canvas", HTMLCanvasElement));
    this.play.addEventListener("click", () => { events.onToggle(side); });
    this.slider.addEventListener("input", () => {
      this.dragging = true;
      this.show(Number(this.slider.value), null);
    });
    this.slider.addEventListener("change", () => {
      this.dragging = false;
      events.onSeek(side, Number(this.slider.value));
    });
    const { audio } = this;
    audio.addEventListener("playing", () => { this.draw(); events.onPlaying(side); });
    audio.addEventListener("pause", () => {
      this.draw();
      if (!audio.ended) events.onPause(side);
    });
    audio.addEventListener("ended", () => { this.draw(); events.onEnded(side); });
    audio.addEventListener("seeking", () => { events.onSeeking(side); });
    audio.addEventListener("error", () => { events.onBroken(side); });
  }

  get isPlaying(): boolean {
    return !this.audio.paused && !this.audio.ended;
  }

  /** Gives the clip its sound; the same one again changes nothing. */
  load(source: ClipSource): void {
    if (this.audio.getAttribute("src") === source.audio_url) return;
    this.audio.src = source.audio_url;
    this.duration = source.duration_s;
    this.slider.max = String(source.duration_s);
    this.slider.disabled = this.play.disabled = false;
    this.root.dataset["loaded"] = "true";
    this.wave.load(source.peaks);
    this.show(0, null);
    this.draw();
  }

  /** Where the clip stands, unless the visitor is just moving it. */
  follow(loop: Span | null): void {
    if (!this.dragging) this.show(this.audio.currentTime, loop);
  }

  private show(position: number, loop: Span | null): void {
    const { duration, slider } = this;
    if (duration <= 0) return;
    const words = text("clip.time", { now: clock(position), total: clock(duration) });
    if (!this.dragging) slider.value = String(position);
    if (slider.getAttribute("aria-valuetext") !== words) {
      slider.setAttribute("aria-valuetext", words);
      within(this.root, "[data-time]").textContent = words;
    }
    this.wave.show(position / duration, loop && { start: loop.start / duration, end: loop.end / duration });
  }

  private draw(): void {
    const label = text(this.isPlaying ? "clip.pause" : "clip.play");
    within(this.root, "[data-play-label]").textContent = label;
    this.root.dataset["playing"] = String(this.isPlaying);
  }

  /** How much was heard, in words. */
  tell(words: string, enough: boolean): void {
    const place = within(this.root, "[data-heard]");
    if (place.textContent !== words) place.textContent = words;
    place.dataset["enough"] = String(enough);
  }
}
