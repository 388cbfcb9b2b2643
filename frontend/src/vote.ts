/** The vote: one request with outcome, reasons and feedback, sent once; keys that choose first and vote second. */
import { Problem, castVote, type VoteBody } from "./api";
import { field } from "./dom";
import { errorText } from "./errors";
import { text } from "./strings";
import { OUTCOMES, perSide, type Battle, type Outcome } from "./types";

const KEYS_SWITCH = "arena.vote-keys";

export function readVote(form: HTMLFormElement, outcome: Outcome): VoteBody {
  const data = new FormData(form);
  return {
    outcome,
    reasons: perSide((side) => data.getAll(`reasons_${side}`).map(String)),
    feedback: perSide((side) => field(data, `feedback_${side}`).replaceAll("\r\n", "\n").trim()),
  };
}

/** Whether keys belong to something that the visitor writes or operates. */
export function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input:not([type=checkbox]), textarea, select, dialog[open]") !== null;
}

export interface VoteOptions {
  id: string;
  onRevealed: (battle: Battle) => void;
  /** The battle has moved on without this page: another tab voted, or it expired. */
  onStale: () => void;
  say: (words: string) => void;
}

export class VoteForm {
  private readonly buttons: HTMLButtonElement[];
  private readonly error: HTMLElement | null;
  private readonly keys: HTMLInputElement | null;
  private readonly missing: HTMLElement | null;
  private sending = false;
  private open = false;

  /** `bar` stands outside the form so that it can stay in view while the answers are read. */
  constructor(
    private readonly form: HTMLFormElement,
    private readonly bar: HTMLElement,
    private readonly options: VoteOptions,
  ) {
    this.buttons = [...bar.querySelectorAll<HTMLButtonElement>("button[name=outcome]")];
    this.error = bar.querySelector("#vote-error");
    this.keys = bar.querySelector("#vote-keys");
    this.missing = bar.querySelector("#vote-missing");
    form.addEventListener("submit", (event) => { this.submitted(event); });
    document.addEventListener("keydown", (event) => { this.pressed(event); });
    this.startSwitch();
  }

  /** Opens or closes the ballot; it stays visible while the answers are being written. */
  setOpen(open: boolean, visible: boolean): void {
    this.open = open;
    this.form.hidden = this.bar.hidden = !visible;
    this.enable();
  }

  /** Says what a vote still needs; empty where nothing is missing. */
  tellMissing(words: string): void {
    if (this.missing && this.missing.textContent !== words) this.missing.textContent = words;
  }

  private enable(): void {
    for (const button of this.buttons) button.disabled = !this.open || this.sending;
  }

  private submitted(event: SubmitEvent): void {
    event.preventDefault();
    const value = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
    const outcome = OUTCOMES.find((one) => one === value);
    if (outcome && this.open && !this.sending) void this.cast(outcome);
  }

  private async cast(outcome: Outcome): Promise<void> {
    const body = readVote(this.form, outcome);
    this.sending = true;
    this.enable();
    this.tell("");
    this.options.say(text("vote.sending"));
    try {
      this.options.onRevealed(await castVote(this.options.id, body));
    } catch (error) {
      this.failed(error);
    } finally {
      this.sending = false;
      this.enable();
    }
  }

  private failed(error: unknown): void {
    const conflict = error instanceof Problem && error.status === 409 && error.kind !== "not-heard";
    if (conflict) {
      this.tell(error.detail || text("vote.conflict"));
      this.options.onStale();
    } else if (error instanceof Problem) this.tell(errorText(error));
    else this.tell(text("vote.lost"));
  }

  private tell(words: string): void {
    if (this.error) this.error.textContent = words;
  }

  /** A key moves the focus to its button; the same key again, or Enter, votes: one slip must not cast a final vote. */
  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (!this.open || this.sending || !this.keys?.checked || isBusy(event.target)) return;
    const button = this.buttons.find((one) => one.dataset["key"] === event.key);
    if (!button) return;
    event.preventDefault();
    if (document.activeElement === button) {
      button.click();
      return;
    }
    button.focus();
    const outcome = OUTCOMES.find((one) => one === button.value);
    if (outcome) this.options.say(text("vote.armed", { outcome: text(`outcome.${outcome}`) }));
  }

  private startSwitch(): void {
    const { keys } = this;
    if (!keys) return;
    try {
      keys.checked = localStorage.getItem(KEYS_SWITCH) !== "off";
      keys.addEventListener("change", () => {
        if (keys.checked) localStorage.removeItem(KEYS_SWITCH);
        else localStorage.setItem(KEYS_SWITCH, "off");
      });
    } catch {
      // The switch then works for this page.
    }
  }
}
