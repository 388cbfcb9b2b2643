/** What went wrong, in words for the visitor. The server's own sentence comes translated and goes first. */
import { NetworkError, Problem } from "./api";
import { language, text } from "./strings";

const MINUTE_S = 60;

/** A wait in words, such as "29 minutes": in seconds where it is a short one. */
function duration(seconds: number): string {
  const short = seconds <= 1.5 * MINUTE_S;
  const style = { style: "unit", unit: short ? "second" : "minute", unitDisplay: "long" } as const;
  return Math.ceil(short ? seconds : seconds / MINUTE_S).toLocaleString(language(), style);
}

export function errorText(error: unknown): string {
  if (error instanceof NetworkError) return text("error.network");
  if (!(error instanceof Problem)) return text("error.unknown");
  if (error.retryAfterS !== null && error.status === 429) {
    return `${error.detail} ${text("error.limit", { time: duration(error.retryAfterS) })}`.trim();
  }
  return error.detail || text("error.unknown");
}
