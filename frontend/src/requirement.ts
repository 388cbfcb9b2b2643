/**
 * What was understood of a music prompt, told while it is typed, and what the visitor corrects of it. Without scripts the
 * same fields go with the form.
 */
import { readRequirement } from "./api";
import { text } from "./strings";
import type { Understood, Wish } from "./types";

const PAUSE_MS = 500;
type Read = (arena: string, prompt: string, wish: Wish | null) => Promise<Understood>;

/** What the fields of a form correct; null where every field is as the prompt says. */
export function wishOf(form: HTMLFormElement): Wish | null {
  const wish: Wish = {};
  const value = (name: string): string =>
    form.querySelector<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(`[data-requirement] [name=${name}]`)?.value.trim() ?? "";
  if (value("vocals")) wish.vocals = value("vocals") === "yes";
  if (value("duration_s")) wish.duration_s = Number(value("duration_s"));
  if (value("tempo_bpm")) wish.tempo_bpm = Number(value("tempo_bpm"));
  if (value("language")) wish.language = value("language");
  if (value("genres")) wish.genres = value("genres").split(",").map((word) => word.trim()).filter(Boolean);
  if (value("lyrics")) wish.lyrics = value("lyrics");
  return Object.keys(wish).length ? wish : null;
}

/** Keep the sentence of the form up to date; `changed` is called when a field was. Without such fields nothing happens. */
export function tellUnderstood(
  form: HTMLFormElement, arena: string, prompt: HTMLTextAreaElement, changed: () => void, read: Read = readRequirement,
): void {
  const group = form.querySelector<HTMLElement>("[data-requirement]");
  const sentence = group?.querySelector<HTMLElement>("[role=status]");
  if (!group || !sentence) return;
  let timer = 0;
  let newest = 0;
  const ask = (): void => {
    const mine = ++newest;
    if (!prompt.value.trim()) {
      sentence.textContent = text("requirement.waiting");
      return;
    }
    read(arena, prompt.value, wishOf(form)).then(
      (understood) => {
        if (mine !== newest) return;
        const enough = understood.systems > 1;
        sentence.textContent = text(enough ? "requirement.understood" : "requirement.nobody", { summary: understood.summary });
        offer(group, understood);
      },
      // The battle itself says what is wrong; a sentence that is out of date must not stay.
      () => { if (mine === newest) sentence.textContent = text("requirement.waiting"); },
    );
  };
  const later = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  };
  prompt.addEventListener("input", later);
  group.addEventListener("input", () => { changed(); later(); });
  if (prompt.value.trim()) ask();
}

/** Show what an empty field stands for. */
function offer(group: HTMLElement, understood: Understood): void {
  for (const name of ["duration_s", "tempo_bpm"] as const) {
    const field = group.querySelector<HTMLInputElement>(`[name=${name}]`);
    if (field) field.placeholder = String(understood.requirement[name] ?? "");
  }
  const genres = group.querySelector<HTMLInputElement>("[name=genres]");
  if (genres) genres.placeholder = (understood.requirement.genres ?? []).join(", ");
}
