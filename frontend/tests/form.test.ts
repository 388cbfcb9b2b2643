import { beforeEach, describe, expect, it, vi } from "vitest";
import { Draft } from "../src/draft";
import { charCount, countText, newKey, startForm } from "../src/start";
import { text, useStrings } from "../src/strings";

beforeEach(() => {
  localStorage.clear();
  document.body.replaceChildren();
  useStrings({ "prompt.left": "left {count}", "prompt.over": "over {count}", "reason.unsafe_x": "Not that.", "error.network": "offline" });
});

describe("Draft", () => {
  it("keeps what was written, apart for each arena, until it is cleared", () => {
    new Draft("text").write("Hello");
    expect(new Draft("text").read()).toBe("Hello");
    expect(new Draft("music").read()).toBe("");
    new Draft("text").clear();
    expect(new Draft("text").read()).toBe("");
  });

  it("works without storage, and survives a full one", () => {
    expect(new Draft("text", null).read()).toBe("");
    const full = { getItem: () => { throw new Error("x"); }, setItem: () => { throw new Error("full"); } } as unknown as Storage;
    new Draft("text", full).write("x");
    expect(new Draft("text", full).read()).toBe("");
  });

  it("forgets a prompt that became a battle, not one that was refused or failed", () => {
    for (const [state, kept] of [["ready", ""], ["refused", "Hi"], ["failed", "Hi"]] as const) {
      new Draft("text").write("Hi");
      new Draft("text").forget("Hi", state);
      expect(new Draft("text").read()).toBe(kept);
    }
  });
});

describe("the counter", () => {
  it("counts characters as the server does", () => {
    expect(charCount("a\u{1F468}\u{1F469}b")).toBe(4);
    expect(charCount("\uD83D")).toBe(1);
  });

  it("says nothing until the limit is near, then what is left, then what is too much", () => {
    expect(countText("x".repeat(6999))).toBe("");
    expect(countText("\u{1F600}".repeat(3500))).toBe("");
    expect(countText("x".repeat(7500))).toBe("left 500");
    expect(countText("x".repeat(8003))).toBe("over 3");
  });
});

describe("strings", () => {
  it("fills in values and leaves unknown places alone", () => {
    useStrings({ "turn.name": "Turn {n} of {total}" });
    expect(text("turn.name", { n: 2 })).toBe("Turn 2 of {total}");
  });
});

it("keys are long and never the same", () => {
  expect(new Set(Array.from({ length: 100 }, newKey)).size).toBe(100);
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
});

describe("the start form", () => {
  const answer = (status: number, body: unknown): Response =>
    new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  const battle = { id: "b1", state: "queued", reason: null };

  function page(): { form: HTMLFormElement; box: HTMLTextAreaElement; gone: string[] } {
    const form = document.createElement("form");
    form.dataset["arena"] = "text";
    const box = document.createElement("textarea");
    box.name = "prompt";
    const button = document.createElement("button");
    form.append(box, button);
    document.body.append(form);
    const gone: string[] = [];
    startForm(form, (url) => gone.push(url));
    return { form, box, gone };
  }

  function serve(...answers: (Response | Error)[]): { url: string; key: string | null }[] {
    const seen: { url: string; key: string | null }[] = [];
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      seen.push({ url, key: new Headers(init.headers).get("Idempotency-Key") });
      const next = url.endsWith("/session") ? answer(200, { csrf_token: "t", consent: { research: true } }) : answers.shift();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    });
    return seen;
  }

  async function submit(form: HTMLFormElement): Promise<void> {
    form.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await vi.waitFor(() => { expect(form.querySelector("button")?.disabled).toBe(false); }, 8000);
  }

  it("goes to the new battle and forgets the draft", async () => {
    const { form, box, gone } = page();
    serve(answer(201, battle));
    box.value = "Hello";
    box.dispatchEvent(new Event("input"));
    form.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await vi.waitFor(() => { expect(gone).toEqual(["/battles/b1"]); });
    expect(new Draft("text").read()).toBe("");
  });

  it("sends a lost request again with the same key: one battle", async () => {
    const { form, box, gone } = page();
    const seen = serve(new TypeError("reset"), answer(201, battle));
    box.value = "Hello";
    form.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await vi.waitFor(() => { expect(gone).toHaveLength(1); }, 8000);
    const keys = seen.filter((one) => one.url.endsWith("/battles")).map((one) => one.key);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("keeps prompt and draft when the prompt is refused, and says why", async () => {
    const { form, box, gone } = page();
    serve(answer(201, { ...battle, state: "refused", reason: "unsafe_x" }));
    box.value = "Hello";
    box.dispatchEvent(new Event("input"));
    await submit(form);
    expect(gone).toEqual([]);
    expect(form.querySelector("[role=alert]")?.textContent).toBe("Not that.");
    expect(new Draft("text").read()).toBe("Hello");
  });

  it("says what the server says when it refuses the request", async () => {
    const { form, box } = page();
    serve(answer(422, { type: "prompt-invalid", detail: "Too long." }));
    box.value = "Hello";
    await submit(form);
    expect(form.querySelector("[role=alert]")?.textContent).toBe("Too long.");
    expect(box.getAttribute("aria-invalid")).toBe("true");
  });
});
