import { beforeEach, describe, expect, it, vi } from "vitest";
import { parseEvent } from "../src/assembler";
import { missingWords, other } from "../src/player";
import { clock } from "../src/player_clip";
import { Reports, type ReportFrame } from "../src/player_reports";
import { bars } from "../src/player_wave";
import { text, useModality, useStrings } from "../src/strings";
import type { Side } from "../src/types";

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
