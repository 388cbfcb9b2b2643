/** The shapes of the JSON API and the WebSocket, as the arena's contract fixes them. */

export const SIDES = ["left", "right"] as const;
export type Side = (typeof SIDES)[number];
export type PerSide<T> = Record<Side, T>;

export type State = "queued" | "generating" | "ready" | "voted" | "failed" | "refused" | "expired";
export type Outcome = "left" | "right" | "tie" | "both_bad";
export const OUTCOMES: readonly Outcome[] = ["left", "right", "tie", "both_bad"];

/** One side's output: text, or a clip once both may be heard. */
export interface Answer {
  text: string;
  audio_url?: string;
  duration_s?: number;
  /** Heights of the waveform, 0 to 100. */
  peaks?: number[];
}

/** What the server says was heard of each side, and what a vote needs, in seconds. */
export interface Heard {
  left_s: number;
  right_s: number;
  required_s: number;
  /** The highest number of a report that counted. */
  seq?: number;
}

/** How far two clips are; `expected_s`: about how long it still takes. */
export type MakingPhase = "queued" | "generating" | "preparing";

export interface Turn extends PerSide<Answer> {
  n: number;
  prompt: string;
}

export interface Vote {
  outcome: Outcome;
  reasons: PerSide<string[]>;
  feedback: PerSide<string>;
}

export interface RevealedSystem {
  name: string;
  organisation: string;
  version: string | number;
  licence: string;
  latency_s: number | null;
  ttft_s: number | null;
  output_tokens: number | null;
  cost_usd: number | string | null;
  /** The system that a router picked; null for any other system. */
  answered_by?: string | null;
  /** Arenas of music. */
  training_data?: string;
  speed_factor?: number | null;
  lyrics?: string;
  download_url?: string | null;
}

export interface Battle {
  id: string;
  arena: string;
  state: State;
  reason: string | null;
  created_at: string;
  turns: Turn[];
  vote: Vote | null;
  systems: PerSide<RevealedSystem> | null;
  receipt: string | null;
}

export type LiveEvent =
  | ({ id: string; type: "frame" | "snapshot"; turn: number } & PerSide<string>)
  | { id: string; type: "state"; state: State; reason: string };

/** What a battle of music says besides. */
export type MusicEvent =
  | { id: string; type: "progress"; phase: MakingPhase; expected_s: number | null }
  | ({ id: string; type: "heard" } & Heard);

/** Neither waits for text any more. */
export function isSettled(state: State): boolean {
  return state !== "queued" && state !== "generating";
}

export function perSide<T>(make: (side: Side) => T): PerSide<T> {
  return { left: make("left"), right: make("right") };
}

/** What a visitor corrects of what was understood of a music prompt. */
export interface Wish {
  vocals?: boolean;
  duration_s?: number;
  tempo_bpm?: number;
  language?: string;
  lyrics?: string;
  genres?: string[];
}

/** What a prompt is understood to need, in a few words too, and how many systems can do it. */
export interface Understood {
  requirement: Wish;
  summary: string;
  systems: number;
}
