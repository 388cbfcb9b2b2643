/** The dialog that reports an answer. */
import { Problem, reportAnswer } from "./api";
import { field } from "./dom";
import { errorText } from "./errors";
import { text } from "./strings";
import type { Side } from "./types";

export class ReportDialog {
  private turn = 0;
  private side: Side = "left";
  private readonly form: HTMLFormElement | null;
  private readonly error: HTMLElement | null;

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly battleId: string,
    private readonly say: (words: string) => void,
  ) {
    this.form = dialog.querySelector("form");
    this.error = dialog.querySelector("#report-error");
    dialog.querySelector("[data-close]")?.addEventListener("click", () => { dialog.close(); });
    this.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  open(turn: number, side: Side, which: string): void {
    this.turn = turn;
    this.side = side;
    this.form?.reset();
    this.tell("");
    const place = this.dialog.querySelector("#report-which");
    if (place) place.textContent = which;
    this.dialog.showModal();
  }

  private async send(): Promise<void> {
    if (!this.form) return;
    const data = new FormData(this.form);
    const button = this.form.querySelector<HTMLButtonElement>("button:not([type=button])");
    if (button) button.disabled = true;
    try {
      const [reason, words] = [field(data, "reason"), field(data, "text")];
      await reportAnswer(this.battleId, { turn: this.turn, side: this.side, reason, text: words });
      this.done(text("report.sent"));
    } catch (error) {
      if (error instanceof Problem && error.status === 409) this.done(text("report.repeated"));
      else this.tell(errorText(error));
    } finally {
      if (button) button.disabled = false;
    }
  }

  private done(words: string): void {
    this.dialog.close();
    this.say(words);
    document.dispatchEvent(new CustomEvent("arena:notice", { detail: words }));
  }

  private tell(words: string): void {
    if (this.error) this.error.textContent = words;
  }
}
