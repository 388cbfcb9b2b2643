import { beforeEach, describe, expect, it, vi } from "vitest";
import { phaseOf, type Situation } from "../src/phase";
import type { Battle } from "../src/types";
import { costText, secondsText, showReveal, speedText, tokensText } from "../src/reveal";
import { useStrings } from "../src/strings";
import { VoteForm, readVote } from "../src/vote";
import { nextTheme } from "../src/theme";

const calm: Situation = { state: "generating", hasText: false, restarted: false, stopping: false, checking: false };

describe("phaseOf", () => {
  it.each([
    [{ state: "queued" }, "queued"],
    [{}, "waiting"],
    [{ hasText: true }, "writing"],
    [{ restarted: true }, "retrying"],
    [{ hasText: true, stopping: true }, "stopping"],
    [{ state: "ready", checking: true }, "finishing"],
    [{ state: "ready", hasText: true }, "ready"],
    [{ state: "failed", stopping: true }, "failed"],
    // A follow-up waits in the queue, but its socket may be ahead of the state.
    [{ state: "queued", hasText: true }, "writing"],
  ] as const)("%o is %s", (change, phase) => {
    expect(phaseOf({ ...calm, ...change })).toBe(phase);
  });
});

describe("the ballot", () => {
  let form: HTMLFormElement;
  let bar: HTMLElement;
  const sent: string[] = [];
  let answer: () => Promise<Response>;

  beforeEach(() => {
    useStrings({ "vote.lost": "lost", "vote.conflict": "conflict" });
    document.body.replaceChildren();
    form = document.createElement("form");
    bar = document.createElement("div");
    for (const [outcome, key] of [["left", "1"], ["tie", "2"], ["both_bad", "3"], ["right", "4"]] as const) {
      const button = document.createElement("button");
      Object.assign(button, { name: "outcome", value: outcome });
      button.dataset["key"] = key;
      bar.append(button);
    }
    const error = document.createElement("p");
    error.id = "vote-error";
    const keys = document.createElement("input");
    Object.assign(keys, { type: "checkbox", id: "vote-keys", checked: true });
    bar.append(error, keys);
    for (const [name, value, checked] of [["reasons_left", "clear", true], ["reasons_left", "useful", false], ["reasons_right", "unsafe", true]] as const) {
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", name, value, checked });
      form.append(box);
    }
    const words = document.createElement("textarea");
    words.name = "feedback_right";
    words.value = " Too short.\r\nReally. ";
    form.append(words);
    document.body.append(form, bar);
    sent.length = 0;
    vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
      if (init.method !== "POST") return Promise.resolve(new Response('{"csrf_token":"t","consent":null}'));
      sent.push(init.body as string);
      return answer();
    });
    answer = () => Promise.resolve(new Response('{"id":"b"}', { status: 201 }));
  });

  const press = (key: string, target: EventTarget = document.body): boolean =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const cast = (outcome: string): void => {
    const submitter = bar.querySelector<HTMLButtonElement>(`[value=${outcome}]`);
    form.dispatchEvent(new SubmitEvent("submit", { submitter, cancelable: true }));
  };

  function ballot(): { revealed: unknown[]; stale: number[]; vote: VoteForm } {
    const [revealed, stale]: [unknown[], number[]] = [[], []];
    const vote = new VoteForm(form, bar, { id: "b", onRevealed: (b) => revealed.push(b), onStale: () => stale.push(1), say: () => {} });
    vote.setOpen(true, true);
    return { revealed, stale, vote };
  }

  it("reads outcome, reasons and feedback of both sides into one body", () => {
    expect(readVote(form, "tie")).toEqual({
      outcome: "tie",
      reasons: { left: ["clear"], right: ["unsafe"] },
      feedback: { left: "", right: "Too short.\nReally." },
    });
  });

  it("sends a doubled click once", async () => {
    const { revealed } = ballot();
    cast("left");
    cast("left");
    await vi.waitFor(() => { expect(revealed).toHaveLength(1); });
    expect(sent).toHaveLength(1);
  });

  it("sends the same body again when the answer got lost", async () => {
    const { revealed } = ballot();
    let failures = 1;
    answer = () => (failures-- > 0 ? Promise.reject(new TypeError("reset")) : Promise.resolve(new Response("{}", { status: 200 })));
    cast("right");
    await vi.waitFor(() => { expect(revealed).toHaveLength(1); }, 5000);
    expect(sent).toHaveLength(2);
    expect(sent[0]).toBe(sent[1]);
  });

  it("reads the battle anew when another vote was first", async () => {
    const { stale } = ballot();
    answer = () => Promise.resolve(new Response('{"type":"vote-conflict","detail":"Already."}', { status: 409 }));
    cast("left");
    await vi.waitFor(() => { expect(stale).toHaveLength(1); });
    expect(bar.querySelector("#vote-error")?.textContent).toBe("Already.");
  });

  it("is closed until both answers are complete", () => {
    const { vote } = ballot();
    vote.setOpen(false, true);
    cast("left");
    press("1");
    expect(sent).toHaveLength(0);
    expect([...bar.querySelectorAll("button")].every((button) => button.disabled)).toBe(true);
  });

  it("a key chooses first and votes second", () => {
    ballot();
    let clicks = 0;
    bar.querySelector("[value=right]")?.addEventListener("click", () => { clicks += 1; });
    press("4");
    expect((document.activeElement as HTMLButtonElement).value).toBe("right");
    expect(clicks).toBe(0);
    press("4");
    expect(clicks).toBe(1);
  });

  it("keys stay out of fields, combinations and where they are switched off", () => {
    ballot();
    press("1", form.querySelector("textarea") ?? form);
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", ctrlKey: true, bubbles: true }));
    const keys = bar.querySelector<HTMLInputElement>("#vote-keys");
    if (keys) keys.checked = false;
    press("1");
    expect(document.activeElement).toBe(document.body);
  });
});

describe("figures of the reveal", () => {
  beforeEach(() => { useStrings({ "unit.seconds": "{number} s", "unit.speed": "{number} × real time", "unit.tokens": "{number} tokens", "unit.unknown": "?" }); });

  it("follow the page's language and keep small costs exact", () => {
    document.documentElement.lang = "fr";
    expect(secondsText(1.5)).toBe("1,50 s");
    document.documentElement.lang = "en";
    expect(secondsText(1.234)).toBe("1.23 s");
    expect(tokensText(12345)).toBe("12,345 tokens");
    expect(costText(0.00001234)).toBe("$0.00001234");
    expect(costText("0.5")).toBe("$0.50");
    expect([114.02, 12, 4.81, 0.347].map(speedText)).toEqual(["114 × real time", "12 × real time", "4.8 × real time", "0.35 × real time"]);
    expect([secondsText(null), speedText(null), tokensText(null), costText(null)]).toEqual(["?", "?", "?", "?"]);
  });
});

it("the theme switch turns through all three", () => {
  expect(["system", "light", "dark"].map((theme) => nextTheme(theme as "system"))).toEqual(["light", "dark", "system"]);
});

describe("the member that answered for a router", () => {
  const system = { name: "kNN", organisation: "", version: 1, licence: "", latency_s: 1, ttft_s: 1, output_tokens: 1, cost_usd: 0 };
  const card = (side: string): string => `<article data-side="${side}"><p data-answered hidden><bdi data-fill="answered_by"></bdi></p></article>`;

  it("is named on the router's card alone", () => {
    const panel = document.createElement("div");
    panel.append(document.createRange().createContextualFragment(card("left") + card("right")));
    const systems = { left: { ...system, answered_by: "Ada <b>" }, right: { ...system, answered_by: null } };
    const vote = { outcome: "left", reasons: { left: [], right: [] }, feedback: { left: "", right: "" } };
    showReveal(panel, { systems, vote } as unknown as Battle, false);
    const told = [...panel.querySelectorAll<HTMLElement>("[data-answered]")].map((one) => [one.hidden, one.textContent]);
    expect(told).toEqual([[false, "Ada <b>"], [true, ""]]);
  });
});
