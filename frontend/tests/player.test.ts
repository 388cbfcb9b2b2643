import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseEvent } from "../src/assembler";
import { byId } from "../src/dom";
import { Deck, missingWords, other } from "../src/player";
import { clock } from "../src/player_clip";
import { Reports, type ReportFrame } from "../src/player_reports";
import { bars } from "../src/player_wave";
import { text, useModality, useStrings } from "../src/strings";
import type { Battle, Side } from "../src/types";

describe("the waveform", () => {
  it.each([
    [[10, 50, 20, 90], 2, [50, 90]],
    [[10, 50], 4, [10, 10, 50, 50]],
    [[], 3, []],
    [[10], 0, []],
  ])("%o in %i bars is %o", (peaks, count, expected) => {
    expect(bars(peaks, count)).toEqual(expected);
  });
});

it("the clock counts minutes and seconds", () => {
  expect([0, 9.9, 61, 600, -1].map(clock)).toEqual(["0:00", "0:09", "1:01", "10:00", "0:00"]);
});

describe("what a vote still needs", () => {
  beforeEach(() => {
    useStrings({
      "listen.missing_left": "{seconds} of left", "listen.missing_right": "{seconds} of right",
      "listen.missing_both": "{left} of left, {right} of right",
    });
  });
  it.each([
    [0, 0, "5 of left, 5 of right"],
    [4.2, 5, "1 of left"],
    [9, 0.1, "5 of right"],
    [5, 5, ""],
  ])("heard %f and %f: %s", (left_s, right_s, words) => {
    expect(missingWords({ left_s, right_s, required_s: 5 })).toBe(words);
  });
});

it("the other side of a side is the other one", () => {
  expect((["left", "right"] as const).map(other)).toEqual(["right", "left"]);
});

it("a modality's own words win, and the others stay", () => {
  useStrings({ "clip.play": "Play", "clip.play.music": "Play it", "clip.pause": "Pause" });
  useModality("music");
  expect([text("clip.play"), text("clip.pause")]).toEqual(["Play it", "Pause"]);
  useModality("");
  expect(text("clip.play")).toBe("Play");
});

describe("messages of a battle of music", () => {
  it.each([
    ['{"type":"heard","left_s":1,"right_s":0,"required_s":5,"seq":7}', { id: "", type: "heard", left_s: 1, right_s: 0, required_s: 5, seq: 7 }],
    ['{"id":"3-1","type":"progress","phase":"preparing","expected_s":2.5}', { id: "3-1", type: "progress", phase: "preparing", expected_s: 2.5 }],
    ['{"id":"3-1","type":"progress","phase":"queued","expected_s":null}', { id: "3-1", type: "progress", phase: "queued", expected_s: null }],
    ['{"type":"heard","left_s":"1"}', null],
    ['{"type":"progress","phase":"dancing"}', null],
  ])("%s", (message, expected) => {
    expect(parseEvent(message)).toEqual(expected);
  });
});

describe("reports", () => {
  let sent: ReportFrame[];
  let playing: Side | null;
  let at: number;
  let open: boolean;
  let reports: Reports;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    sent = []; playing = null; at = 0; open = true;
    reports = new Reports({
      send: (frame) => { if (open) sent.push(frame); return open; },
      playing: { position: () => at, isPlaying: (side) => side === playing, isMuted: () => false },
      now: () => Date.now(),
    });
  });

  it("tick once a second while a side plays, and not otherwise", () => {
    vi.advanceTimersByTime(3000);
    expect(sent).toEqual([]);
    playing = "left";
    vi.advanceTimersByTime(3000);
    expect(sent.map(({ side, event }) => `${side} ${event}`)).toEqual(["left tick", "left tick", "left tick"]);
  });

  it("carry numbers that go up, above those that the server has already", () => {
    reports.seen(5_000_000);
    reports.report("left", "play");
    reports.report("left", "pause");
    expect(sent.map(({ seq }) => seq)).toEqual([5_000_001, 5_000_002]);
  });

  it("stay within what a socket may say, and keep the last of many seeks and every end", () => {
    for (let n = 0; n < 40; n += 1) reports.report("left", "seek", n);
    reports.report("left", "pause", 39.5);
    expect(sent.length).toBeLessThan(10);
    vi.advanceTimersByTime(3000);
    expect(sent.slice(-2).map(({ event, media_s }) => [event, media_s])).toEqual([["seek", 39], ["pause", 39.5]]);
    expect(sent.length).toBeLessThan(10);
  });

  it("are not kept for later where there is no connection; a new one hears what plays", () => {
    open = false;
    playing = "right"; at = 12.5;
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([]);
    open = true;
    reports.resume();
    expect(sent).toMatchObject([{ side: "right", event: "play", media_s: 12.5 }]);
  });
});

describe("the deck", () => {
  const SIDE = `<audio></audio><canvas></canvas><input type="range" data-position min="0" max="1" step="0.1" value="0" disabled>
    <button data-play disabled><span data-play-label></span></button><span data-time></span><span data-heard></span>`;
  const PAGE = `<div id="turn">${(["left", "right"] as const).map((side) => `<section class="answer" data-side="${side}">${SIDE}</section>`).join("")}</div>
    <fieldset id="deck" disabled><button id="deck-switch"></button><button id="deck-loop"><span data-label></span></button>
    <button id="deck-mute"></button><input type="range" id="deck-volume" min="0" max="1" step="0.05" value="1"></fieldset>`;
  const CLIP = { text: "", audio_url: "/clip", duration_s: 30, peaks: [50] };
  const BATTLE: Battle = {
    id: "b", arena: "music", state: "ready", reason: null, created_at: "", vote: null, systems: null, receipt: null,
    turns: [{ n: 1, prompt: "a waltz", left: CLIP, right: { ...CLIP, audio_url: "/other" } }],
  };
  let sent: ReportFrame[];
  let left: HTMLAudioElement;
  let listeners: AbortController;

  /** jsdom has audio elements that play nothing: here they say what a browser's say. */
  function pretendToPlay(): void {
    const paused = new WeakMap<HTMLMediaElement, boolean>();
    const at = new WeakMap<HTMLMediaElement, number>();
    vi.spyOn(HTMLMediaElement.prototype, "paused", "get").mockImplementation(function (this: HTMLMediaElement) { return paused.get(this) ?? true; });
    vi.spyOn(HTMLMediaElement.prototype, "currentTime", "get").mockImplementation(function (this: HTMLMediaElement) { return at.get(this) ?? 0; });
    vi.spyOn(HTMLMediaElement.prototype, "currentTime", "set").mockImplementation(function (this: HTMLMediaElement, seconds) {
      at.set(this, seconds);
      this.dispatchEvent(new Event("seeking"));
    });
    vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(function (this: HTMLMediaElement) {
      paused.set(this, false);
      this.dispatchEvent(new Event("playing"));
      return Promise.resolve();
    });
    vi.spyOn(HTMLMediaElement.prototype, "pause").mockImplementation(function (this: HTMLMediaElement) {
      paused.set(this, true);
      this.dispatchEvent(new Event("pause"));
    });
    // Waveforms are not looked at here.
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  }

  const press = (key: string): void => { document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); };
  const told = (): string[] => sent.map(({ side, event, muted, media_s }) => `${side} ${event} at ${media_s}${muted ? ", muted" : ""}`);

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    localStorage.clear();
    sessionStorage.clear();
    useStrings({});
    pretendToPlay();
    document.body.replaceChildren(...new DOMParser().parseFromString(PAGE, "text/html").body.children);
    // Each deck listens to the document's keys for as long as its page lives.
    listeners = new AbortController();
    const listen = document.addEventListener.bind(document);
    vi.spyOn(document, "addEventListener").mockImplementation((type: string, deed: EventListenerOrEventListenerObject) => {
      listen(type, deed, { signal: listeners.signal });
    });
    sent = [];
    const deck = new Deck(byId("turn"), {
      battleId: "b", send: (frame) => { sent.push(frame); return true; }, say: () => undefined, onHeard: () => undefined,
    });
    deck.load(BATTLE);
    left = document.querySelector("audio") as HTMLAudioElement;
    press("k");
    vi.advanceTimersByTime(2000);
    sent.length = 0;
  });
  afterEach(() => {
    listeners.abort();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("says that nothing is heard once the mute key is pressed, and that what came before was heard", () => {
    left.currentTime = 7;
    sent.length = 0;
    press("m");
    expect(told()).toEqual(["left tick at 7", "left tick at 7, muted"]);
    expect([left.muted, byId("deck-mute").getAttribute("aria-pressed")]).toEqual([true, "true"]);
    press("m");
    expect(sent.at(-1)?.muted).toBe(false);
    expect(left.muted).toBe(false);
  });

  it("says the same of the volume 0, and keeps it off the ear", () => {
    const volume = byId("deck-volume", HTMLInputElement);
    volume.value = "0";
    volume.dispatchEvent(new Event("input"));
    expect(sent.at(-1)).toMatchObject({ side: "left", event: "tick", muted: true });
    expect(left.volume).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(sent.at(-1)).toMatchObject({ event: "tick", muted: true });
    volume.value = "0.5";
    volume.dispatchEvent(new Event("input"));
    expect(sent.at(-1)).toMatchObject({ event: "tick", muted: false });
  });

  it("jumps back where the loop ends, and reports what was heard before the jump", () => {
    left.currentTime = 4;
    press("l");
    left.currentTime = 9;
    press("l");
    expect(byId("deck-loop").getAttribute("aria-pressed")).toBe("true");
    left.currentTime = 8.9;
    vi.advanceTimersByTime(2000);
    expect(left.currentTime).toBe(8.9);
    sent.length = 0;
    left.currentTime = 9.1;
    vi.advanceTimersByTime(50);
    expect(left.currentTime).toBe(4);
    vi.advanceTimersByTime(2000);
    expect(told()).toContain("left seek at 4");
    press("l");
    left.currentTime = 9.1;
    vi.advanceTimersByTime(50);
    expect(left.currentTime).toBe(9.1);
  });
});
