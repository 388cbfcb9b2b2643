/**
 * The form that starts a battle. The draft survives reloads and errors; where consent is missing the form goes to the
 * server as it is, which asks for it and then starts the battle.
 */
import { Problem, hasConsent, startBattle, useCsrfToken } from "./api";
import { submitOnCtrlEnter } from "./dom";
import { Draft } from "./draft";
import { errorText } from "./errors";
import { tellUnderstood, wishOf } from "./requirement";
import { reasonText, text } from "./strings";
import type { Battle, Wish } from "./types";

export const MAX_CHARS = 8000;
const SHOW_COUNT_FROM = 7000;

/** Characters as the server counts them: code points, not UTF-16 units. */
export function charCount(value: string): number {
  return value.length - (value.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}

/** What the counter says; empty while there is plenty of room. */
export function countText(value: string): string {
  // The number of code points is at most that of units: most texts need no count.
  if (value.length < SHOW_COUNT_FROM) return "";
  const count = charCount(value);
  if (count < SHOW_COUNT_FROM) return "";
  if (count > MAX_CHARS) return text("prompt.over", { count: count - MAX_CHARS });
  return text("prompt.left", { count: MAX_CHARS - count });
}

/** A key that names one wish, so that repeating it does nothing twice. `randomUUID` needs https; this does not. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function startForm(form: HTMLFormElement, go: (url: string) => void = (url) => { location.assign(url); }): void {
  const box = form.querySelector<HTMLTextAreaElement>("textarea[name=prompt]");
  const button = form.querySelector<HTMLButtonElement>("button:not([type=button])");
  const arena = form.dataset["arena"];
  if (!box || !button || !arena) return;
  const draft = new Draft(arena);
  const error = place(form, box, "field__error", "prompt-error", "alert");
  const count = place(form, box, "field__hint num", "prompt-count");
  let key = newKey();

  const changed = (): void => {
    draft.write(box.value);
    count.textContent = countText(box.value);
    error.textContent = "";
    box.removeAttribute("aria-invalid");
    key = newKey();
  };
  const refuse = (words: string): void => {
    error.textContent = words;
    box.setAttribute("aria-invalid", "true");
    box.focus();
  };

  // A prompt in the address (a suggestion, the same prompt again) wins over the draft.
  if (!box.value) box.value = draft.read();
  changed();
  // The browser would cut a pasted text silently; the counter and the server say what is too long.
  box.removeAttribute("maxlength");
  form.noValidate = true;
  useCsrfToken(form.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "");

  box.addEventListener("input", changed);
  submitOnCtrlEnter(box, form, button);
  tellUnderstood(form, arena, box, () => { key = newKey(); });
  for (const suggestion of document.querySelectorAll<HTMLElement>("[data-suggestion]")) {
    suggestion.addEventListener("click", (event) => {
      event.preventDefault();
      box.value = suggestion.dataset["suggestion"] ?? "";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    if (!box.value.trim()) {
      refuse(text("prompt.empty"));
      return;
    }
    const label = button.textContent;
    button.disabled = true;
    button.textContent = text("prompt.starting");
    const free = (): void => {
      button.disabled = false;
      button.textContent = label;
    };
    begin(arena, box.value, key, wishOf(form)).then(
      (battle) => {
        // The server's own form asks for consent, and then starts the battle.
        if (battle === null) {
          form.submit();
          return;
        }
        if (battle.state === "refused") {
          free();
          key = newKey();
          refuse(reasonText(battle.reason ?? "") || text("phase.refused"));
          return;
        }
        draft.clear();
        go(`/battles/${battle.id}`);
      },
      (problem: unknown) => {
        free();
        refuse(errorText(problem));
      },
    );
  });
  // The back button may bring the page as it was when it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) button.disabled = false;
  });
}

/** The battle, or null where the visitor has to consent first. */
async function begin(arena: string, prompt: string, key: string, wish: Wish | null): Promise<Battle | null> {
  try {
    return (await hasConsent()) ? await startBattle(arena, prompt, key, wish) : null;
  } catch (error) {
    if (error instanceof Problem && error.kind === "consent-required") return null;
    throw error;
  }
}

/** The place of a message under the box: the server's, or a new one that the box names as its description. */
function place(form: HTMLElement, box: HTMLElement, classes: string, id: string, role = ""): HTMLElement {
  const present = form.querySelector<HTMLElement>(`#${id}`);
  if (present) return present;
  const made = document.createElement("p");
  made.id = id;
  made.className = classes;
  if (role) made.setAttribute("role", role);
  box.after(made);
  box.setAttribute("aria-describedby", `${box.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
  return made;
}
