/**
 * Puts the text of both answers together from the events of a battle's stream. Pure: no DOM, no network.
 *
 * A frame appends, once: a reconnect may repeat it. A snapshot replaces. The id of a frame or snapshot may come again
 * with the state that follows it, so ids say nothing about states. A turn whose stored text is known is settled, and
 * nothing that the stream repeats of it counts any more.
 */
import { SIDES, perSide, type LiveEvent, type MakingPhase, type MusicEvent, type PerSide, type State } from "./types";

export interface Change {
  /** The turn whose text changed, if one did. */
  turn?: number;
  state?: State;
  reason?: string;
  /** A snapshot took text away: an answer is being written anew. */
  restarted?: boolean;
}

export class Assembler {
  /** The id of the newest event applied; "" before the first. */
  lastId = "";
  private readonly texts = new Map<number, PerSide<string>>();
  private readonly frames = new Set<string>();
  private readonly settled = new Set<number>();

  text(turn: number): PerSide<string> {
    return this.texts.get(turn) ?? perSide(() => "");
  }

  /** The stored text of a turn, which is final. Returns whether it differs from what was assembled. */
  settle(turn: number, stored: PerSide<string>): boolean {
    const current = this.text(turn);
    this.settled.add(turn);
    const differs = SIDES.some((side) => current[side] !== stored[side]);
    this.texts.set(turn, perSide((side) => stored[side]));
    return differs;
  }

  apply(event: LiveEvent): Change {
    if (event.id) this.lastId = event.id;
    if (event.type === "state") return { state: event.state, reason: event.reason };
    if (this.settled.has(event.turn)) return {};
    const before = this.text(event.turn);
    if (event.type === "frame") {
      if (this.frames.has(event.id)) return {};
      this.frames.add(event.id);
      this.texts.set(event.turn, perSide((side) => before[side] + event[side]));
      return { turn: event.turn };
    }
    this.texts.set(event.turn, perSide((side) => event[side]));
    return { turn: event.turn, restarted: SIDES.some((side) => !event[side].startsWith(before[side])) };
  }
}

/** Reads one WebSocket message; null where it is not an event that this page knows. */
export function parseEvent(data: unknown): LiveEvent | MusicEvent | null {
  if (typeof data !== "string") return null;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const event = value as Record<string, unknown>;
  const id = typeof event["id"] === "string" ? event["id"] : "";
  const { type, turn, left, right, state, reason } = event;
  if (type === "state" && typeof state === "string") {
    return { id, type, state: state as State, reason: typeof reason === "string" ? reason : "" };
  }
  if (type === "progress") return progressOf(id, event);
  if (type === "heard") return heardOf(id, event);
  if (type !== "frame" && type !== "snapshot") return null;
  if (typeof turn !== "number" || typeof left !== "string" || typeof right !== "string") return null;
  return { id, type, turn, left, right };
}

const MAKING: readonly string[] = ["queued", "generating", "preparing"] satisfies MakingPhase[];

function progressOf(id: string, { phase, expected_s }: Record<string, unknown>): MusicEvent | null {
  if (typeof phase !== "string" || !MAKING.includes(phase)) return null;
  return { id, type: "progress", phase: phase as MakingPhase, expected_s: typeof expected_s === "number" ? expected_s : null };
}

function heardOf(id: string, { left_s, right_s, required_s, seq }: Record<string, unknown>): MusicEvent | null {
  if (typeof left_s !== "number" || typeof right_s !== "number" || typeof required_s !== "number") return null;
  return { id, type: "heard", left_s, right_s, required_s, ...(typeof seq === "number" ? { seq } : {}) };
}
