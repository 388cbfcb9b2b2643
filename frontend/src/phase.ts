/** Where a battle stands, as the visitor is told. Pure: the DOM is `progress.ts`. */
import { isSettled, type MakingPhase, type State } from "./types";

export type Phase =
  | "queued" | "waiting" | "preparing" | "writing" | "retrying" | "stopping" | "finishing"
  | "ready" | "voted" | "failed" | "refused" | "expired";

export interface Situation {
  state: State;
  /** Some text of the newest turn is shown. */
  hasText: boolean;
  /** A snapshot took text away, and none has come since. */
  restarted: boolean;
  stopping: boolean;
  /** The end is known, but the stored text has not been compared with the shown one yet. */
  checking: boolean;
  /** How far two clips are, where the server says so. */
  making?: MakingPhase | undefined;
}

/** The one phase of a situation; what the visitor can act on wins. */
export function phaseOf(now: Situation): Phase {
  if (now.checking) return "finishing";
  if (isSettled(now.state)) return now.state as Phase;
  if (now.stopping) return "stopping";
  if (now.restarted) return "retrying";
  if (now.making === "preparing") return "preparing";
  if (now.hasText) return "writing";
  return now.state === "queued" && now.making !== "generating" ? "queued" : "waiting";
}
