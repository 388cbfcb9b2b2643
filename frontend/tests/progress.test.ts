import { beforeEach, expect, it, vi } from "vitest";
import { Progress } from "../src/progress";
import { useStrings } from "../src/strings";

let label: HTMLElement;
let announcer: HTMLElement;
let progress: Progress;

beforeEach(() => {
  vi.useFakeTimers();
  document.title = "Which answer is better? · Preference Arena";
  useStrings({ "phase.writing": "Both are writing", "phase.ready": "Both are ready" });
  const make = (): HTMLElement => document.createElement("p");
  label = make(); announcer = make();
  progress = new Progress(make(), label, announcer, make());
});

it("a phase is said although it is drawn again with every frame", () => {
  for (let frame = 0; frame < 20; frame += 1) {
    progress.show("writing");
    vi.advanceTimersByTime(100);
  }
  expect(announcer.textContent).toBe("Both are writing");
});

it("what is said in between is neither lost nor followed by the same phase again", () => {
  progress.show("ready");
  vi.advanceTimersByTime(1000);
  progress.say("Right clip");
  progress.show("ready");
  vi.advanceTimersByTime(2000);
  progress.show("ready");
  vi.advanceTimersByTime(2000);
  expect(announcer.textContent).toBe("Right clip");
});

it("a quick change is not said, and what changes by the second is shown only", () => {
  progress.show("writing");
  vi.advanceTimersByTime(100);
  progress.show("ready", "About 3 s to go.");
  vi.advanceTimersByTime(1000);
  expect([announcer.textContent, label.textContent]).toEqual(["Both are ready", "Both are ready About 3 s to go."]);
});

it("the window's title tells who waits in another one that it is time to come back", () => {
  progress.show("writing");
  progress.show("ready", "About 3 s to go.");
  expect(document.title).toBe("Both are ready · Preference Arena");
});
