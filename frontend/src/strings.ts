/** Every word that a script shows comes from the page, translated (`arena/web/strings.py` holds the same keys). */

export const KEYS = [
  "prompt.left", "prompt.over", "prompt.empty", "prompt.starting",
  "requirement.understood", "requirement.nobody", "requirement.waiting",
  "title.open", "title.voted", "title.ended",
  "phase.queued", "phase.waiting", "phase.writing", "phase.retrying", "phase.stopping", "phase.finishing",
  "phase.ready", "phase.voted", "phase.failed", "phase.refused", "phase.expired",
  "connection.waiting", "connection.offline", "connection.gone",
  "answer.copied", "answer.copy_code", "answer.copy_failed", "answer.empty", "answer.left_turn", "answer.right_turn", "turn.name",
  "vote.sending", "vote.armed", "vote.conflict", "vote.lost", "vote.said",
  "turn.sending", "report.sent", "report.repeated",
  "error.network", "error.limit", "error.unknown",
  "unit.seconds", "unit.speed", "unit.tokens", "unit.unknown",
  "phase.preparing", "phase.expected", "phase.overdue",
  "clip.play", "clip.pause", "clip.time", "clip.heard", "clip.heard_enough", "clip.broken", "clip.now_left", "clip.now_right",
  "deck.loop_start", "deck.loop_end", "deck.loop_off",
  "listen.first", "listen.missing_left", "listen.missing_right", "listen.missing_both",
  "outcome.left", "outcome.right", "outcome.tie", "outcome.both_bad",
] as const;
export type Key = (typeof KEYS)[number];

/** As in <html lang>: what numbers are written in. */
export const language = (): string => document.documentElement.lang || "en";

let words: Record<string, string> | null = null;

function all(): Record<string, string> {
  words ??= JSON.parse(document.getElementById("strings")?.textContent ?? "{}") as Record<string, string>;
  return words;
}

/** For tests. */
export function useStrings(given: Record<string, string>): void {
  words = given;
}

/** The modality of the page's arena: where a string has one of its own for it, that one counts. */
let modality = "";

export function useModality(name: string): void {
  modality = name;
}

/** The string of `key`, with `{name}` filled in. */
export function text(key: Key, values: Record<string, string | number> = {}): string {
  return (all()[`${key}.${modality}`] ?? all()[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Why a battle ended, by its stable code; empty for a code without words. */
export function reasonText(code: string): string {
  return all()[`reason.${code}`] ?? "";
}
