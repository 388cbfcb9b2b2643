/** What can follow: a further turn for the same two systems, or the same prompt for two new ones. */
import { Problem, addTurn, startBattle } from "./api";
import { byId, submitOnCtrlEnter } from "./dom";
import { Draft } from "./draft";
import { errorText } from "./errors";
import { newKey } from "./start";
import type { Battle } from "./types";

export interface FollowUpOptions {
  onTurn: (battle: Battle) => void;
  /** The battle has moved on without this page. */
  onConflict: () => void;
}

export function startFollowUpForm(form: HTMLFormElement, battleId: string, options: FollowUpOptions): void {
  const box = form.querySelector("textarea");
  const button = form.querySelector("button");
  const error = byId("turn-error");
  if (!box || !button) return;
  const draft = new Draft(`turn.${battleId}`);
  let key = newKey();
  if (!box.value) box.value = draft.read();
  box.addEventListener("input", () => {
    draft.write(box.value);
    error.textContent = "";
    key = newKey();
  });
  submitOnCtrlEnter(box, form, button);

  const send = async (): Promise<void> => {
    try {
      const battle = await addTurn(battleId, box.value, key);
      draft.clear();
      box.value = "";
      key = newKey();
      options.onTurn(battle);
    } catch (problem) {
      error.textContent = errorText(problem);
      if (problem instanceof Problem && problem.status === 409) options.onConflict();
    } finally {
      button.disabled = false;
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    void send();
  });
}

/** "Same prompt again" and "Start again": a new battle; without consent the server's own form asks for it. */
export function startAgainForm(
  form: HTMLFormElement, arena: string, prompt: () => string, onError: (error: unknown) => void,
): void {
  const button = form.querySelector("button");
  if (!button) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    startBattle(arena, prompt(), newKey()).then(
      (battle) => { location.assign(`/battles/${battle.id}`); },
      (error: unknown) => {
        button.disabled = false;
        if (error instanceof Problem && error.kind === "consent-required") form.submit();
        else onError(error);
      },
    );
  });
}
