/** Draws the waveform of a clip: heights from the server, colours from the page, so that both themes work. */

/** A part of the clip, in seconds. */
export interface Span { start: number; end: number }

const BAR_PX = 3;
const GAP_PX = 1;

/** `count` heights from `peaks` (0 to 100): the highest of each stretch, or the nearest where there are fewer. Pure. */
export function bars(peaks: readonly number[], count: number): number[] {
  if (peaks.length === 0 || count < 1) return [];
  return Array.from({ length: count }, (_unused, n) => {
    const from = Math.floor((n * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((n + 1) * peaks.length) / count));
    return Math.max(...peaks.slice(from, to));
  });
}

export class Waveform {
  private peaks: readonly number[] = [];
  private share = 0;
  private loop: Span | null = null;
  private scheduled = false;

  constructor(private readonly canvas: HTMLCanvasElement) {
    if (typeof ResizeObserver === "function") new ResizeObserver(() => { this.redraw(); }).observe(canvas);
    new MutationObserver(() => { this.redraw(); }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    if (typeof matchMedia === "function") {
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.redraw(); });
    }
  }

  load(peaks: readonly number[]): void {
    this.peaks = peaks;
    this.redraw();
  }

  /** `share`: how much of the clip lies behind; `loop`: the part that repeats, as shares of the clip. */
  show(share: number, loop: Span | null): void {
    if (share === this.share && loop?.start === this.loop?.start && loop?.end === this.loop?.end) return;
    this.share = share;
    this.loop = loop;
    this.redraw();
  }

  private redraw(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private draw(): void {
    const { canvas } = this;
    const context = canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!context || width === 0) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    if (this.loop) {
      context.fillStyle = colour("--accent-soft");
      context.fillRect(this.loop.start * width, 0, (this.loop.end - this.loop.start) * width, height);
    }
    const count = Math.floor((width + GAP_PX) / (BAR_PX + GAP_PX));
    const [played, rest] = [colour("--accent"), colour("--line-strong")];
    for (const [n, peak] of bars(this.peaks, count).entries()) {
      const tall = Math.max(2, (peak / 100) * (height - 4));
      context.fillStyle = (n + 0.5) / count <= this.share ? played : rest;
      context.fillRect(n * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall);
    }
  }
}
