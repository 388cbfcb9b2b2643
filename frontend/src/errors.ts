/** What went wrong, in words for the visitor. The server's own sentence comes translated and goes first. */
import { NetworkError, Problem } from "./api";
import { text } from "./strings";

export function errorText(error: unknown): string {
  if (error instanceof NetworkError) return text("error.network");
  if (!(error instanceof Problem)) return text("error.unknown");
  if (error.retryAfterS !== null && error.status === 429) {
    return `${error.detail} ${text("error.limit", { seconds: error.retryAfterS })}`.trim();
  }
  return error.detail || text("error.unknown");
}
