/** The turns of a battle in the DOM: one prompt and two answers each, the same code for both sides. */
import { Markdown } from "./markdown";
import { Formulas } from "./formulas";
import { CodeHighlighter } from "./highlight";
import { Painter } from "./painter";
import { text } from "./strings";
import { SIDES, perSide, type PerSide, type Side } from "./types";

interface TurnElements {
  root: HTMLElement;
  answers: PerSide<HTMLElement>;
  /** None where the answers are no text. */
  painters: PerSide<Painter> | null;
}

export interface AnswerActions {
  copy: (turn: number, side: Side, button: HTMLButtonElement) => void;
  copyCode: (code: string, button: HTMLButtonElement) => void;
  report: (turn: number, side: Side, button: HTMLButtonElement) => void;
}

export class TurnsView {
  private readonly turns = new Map<number, TurnElements>();
  private readonly markdown: Markdown;

  constructor(
    private readonly container: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly actions: AnswerActions,
  ) {
    const redraw = (): void => { this.redraw(); };
    this.markdown = new Markdown({
      highlight: new CodeHighlighter(redraw).highlight,
      formula: new Formulas(redraw).draw,
      copyLabel: text("answer.copy_code"),
    });
    container.addEventListener("click", (event) => { this.clicked(event); });
    for (const root of container.querySelectorAll<HTMLElement>("[data-turn]")) {
      this.adopt(Number(root.dataset["turn"]), root);
    }
  }

  /** Adds turn `n` if it is not there yet; the earlier ones get their number into their names. */
  add(n: number, prompt: string): void {
    if (this.turns.has(n)) return;
    for (const [earlier, elements] of this.turns) {
      for (const side of SIDES) {
        const answer = elements.answers[side];
        answer.setAttribute("role", "group");
        answer.setAttribute("aria-label", text(`answer.${side}_turn`, { n: earlier }));
      }
    }
    const root = this.template.content.firstElementChild?.cloneNode(true) as HTMLElement;
    root.dataset["turn"] = String(n);
    root.setAttribute("aria-label", text("turn.name", { n }));
    const asked = root.querySelector(".asked__text");
    if (asked) asked.textContent = prompt;
    for (const side of SIDES) {
      const id = `answer-${n}-${side}`;
      root.querySelector(`[data-side=${side}]`)?.setAttribute("id", id);
      root.querySelector(`[data-jump=${side}]`)?.setAttribute("href", `#${id}`);
    }
    this.container.append(root);
    this.adopt(n, root);
  }

  /** Shows the answers of a turn; `final`: nothing follows; `complete`: they are whole answers, even if empty. */
  show(n: number, answers: PerSide<string>, final: boolean, complete: boolean): void {
    const turn = this.turns.get(n);
    if (!turn) return;
    for (const side of SIDES) {
      turn.painters?.[side].show(complete && !answers[side] ? text("answer.empty") : answers[side], final);
      turn.answers[side].dataset["writing"] = String(!final);
      for (const tool of turn.answers[side].querySelectorAll<HTMLElement>("[data-copy], [data-report]")) {
        tool.hidden = !complete;
      }
    }
  }

  /** Writes the systems' names over the answers: only after the vote. */
  name(names: PerSide<string>): void {
    for (const turn of this.turns.values()) {
      for (const side of SIDES) {
        const place = turn.answers[side].querySelector("[data-system]");
        if (place) place.textContent = names[side];
      }
    }
  }

  focusTurn(n: number): void {
    this.turns.get(n)?.root.scrollIntoView({ block: "start" });
  }

  /** The buttons over code blocks come and go with the text: the container hears for them. */
  private clicked(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-copy-code]") : null;
    const code = button?.parentElement?.querySelector("pre")?.textContent;
    if (button && code !== undefined) this.actions.copyCode(code, button);
  }

  private redraw(): void {
    for (const turn of this.turns.values()) for (const side of SIDES) turn.painters?.[side].redraw();
  }

  private adopt(n: number, root: HTMLElement): void {
    const answers = perSide((side) => root.querySelector<HTMLElement>(`.answer[data-side=${side}]`) ?? root);
    const texts = perSide((side) => answers[side].querySelector<HTMLElement>(".answer__text"));
    const { left, right } = texts;
    const painters = left && right ? { left: new Painter(left, this.markdown), right: new Painter(right, this.markdown) } : null;
    this.turns.set(n, { root, answers, painters });
    for (const side of SIDES) {
      for (const name of ["copy", "report"] as const) {
        const button = answers[side].querySelector<HTMLButtonElement>(`[data-${name}]`);
        button?.addEventListener("click", () => { this.actions[name](n, side, button); });
      }
    }
  }
}

/** Puts the raw Markdown on the clipboard and says so on the button for a moment. */
export async function copyText(words: string, button: HTMLButtonElement, say: (words: string) => void): Promise<void> {
  let result: string;
  try {
    await navigator.clipboard.writeText(words);
    result = text("answer.copied");
  } catch {
    result = text("answer.copy_failed");
  }
  say(result);
  const label = button.firstChild;
  if (!label || button.dataset["label"]) return;
  button.dataset["label"] = label.textContent ?? "";
  label.textContent = result;
  setTimeout(() => {
    label.textContent = button.dataset["label"] ?? "";
    delete button.dataset["label"];
  }, 2000);
}
