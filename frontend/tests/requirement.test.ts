import { beforeEach, describe, expect, it, vi } from "vitest";
import { tellUnderstood, wishOf } from "../src/requirement";
import { useStrings } from "../src/strings";
import type { Understood } from "../src/types";

const FORM = `<form><textarea name="prompt"></textarea><div data-requirement><p role="status">read</p>
  <select name="vocals"><option value=""></option><option value="no"></option><option value="yes"></option></select>
  <input name="duration_s"><input name="tempo_bpm"><select name="language"><option value=""></option><option value="fr"></option></select>
  <input name="genres"><textarea name="lyrics"></textarea></div></form>`;
const SAID: Understood = { requirement: { vocals: true, duration_s: 20 }, summary: "vocal, 20 s", systems: 2 };

let form: HTMLFormElement;
let box: HTMLTextAreaElement;
const field = (name: string): HTMLInputElement => form.querySelector<HTMLInputElement>(`[data-requirement] [name=${name}]`) as HTMLInputElement;
const sentence = (): string => form.querySelector("[role=status]")?.textContent ?? "";

beforeEach(() => {
  vi.useFakeTimers();
  useStrings({ "requirement.understood": "ok {summary}", "requirement.nobody": "nobody {summary}", "requirement.waiting": "read" });
  document.body.replaceChildren(...new DOMParser().parseFromString(FORM, "text/html").body.children);
  form = document.querySelector("form") as HTMLFormElement;
  box = form.querySelector("textarea[name=prompt]") as HTMLTextAreaElement;
});

function type(target: HTMLElement & { value: string }, value: string): void {
  target.value = value;
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

describe("corrections", () => {
  it("are none while every field is as the prompt says", () => {
    expect(wishOf(form)).toBeNull();
  });

  it("have the types that the server expects", () => {
    field("vocals").value = "no";
    field("duration_s").value = "30";
    field("language").value = "fr";
    field("lyrics").value = " la la ";
    field("genres").value = " folk, , bossa nova,";
    expect(wishOf(form)).toEqual({ vocals: false, duration_s: 30, language: "fr", lyrics: "la la", genres: ["folk", "bossa nova"] });
  });
});

describe("the sentence", () => {
  it("is asked for once after a pause, with the corrections", async () => {
    const read = vi.fn().mockResolvedValue(SAID);
    const changed = vi.fn();
    tellUnderstood(form, "music", box, changed, read);
    type(box, "a s");
    type(box, "a song");
    type(field("duration_s"), "20");
    await vi.advanceTimersByTimeAsync(600);
    expect(read).toHaveBeenCalledExactlyOnceWith("music", "a song", { duration_s: 20 });
    expect(changed).toHaveBeenCalledOnce();
    expect(sentence()).toBe("ok vocal, 20 s");
  });

  it("says where nobody can do it, and forgets what is out of date", async () => {
    const read = vi.fn().mockResolvedValueOnce({ ...SAID, systems: 1 }).mockRejectedValueOnce(new Error("offline"));
    tellUnderstood(form, "music", box, () => undefined, read);
    type(box, "a song");
    await vi.advanceTimersByTimeAsync(600);
    expect(sentence()).toBe("nobody vocal, 20 s");
    type(box, "another");
    await vi.advanceTimersByTimeAsync(600);
    expect(sentence()).toBe("read");
  });

  it("never shows an answer to an older prompt", async () => {
    let late: (value: Understood) => void = () => undefined;
    const read = vi.fn()
      .mockReturnValueOnce(new Promise<Understood>((resolve) => { late = resolve; }))
      .mockResolvedValueOnce({ ...SAID, summary: "new" });
    tellUnderstood(form, "music", box, () => undefined, read);
    type(box, "old");
    await vi.advanceTimersByTimeAsync(600);
    type(box, "new");
    await vi.advanceTimersByTimeAsync(600);
    late({ ...SAID, summary: "old" });
    await vi.advanceTimersByTimeAsync(0);
    expect(sentence()).toBe("ok new");
  });

  it("is left alone in a form without such fields", () => {
    form.querySelector("[data-requirement]")?.remove();
    const read = vi.fn();
    tellUnderstood(form, "text", box, () => undefined, read);
    type(box, "hello");
    expect(read).not.toHaveBeenCalled();
  });
});
