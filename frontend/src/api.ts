/** The JSON API. Every refusal is a `Problem` (RFC 9457); a request that never got through is a `NetworkError`. */
import type { Battle, Outcome, PerSide, Side, Understood, Wish } from "./types";

export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    readonly status: number,
    /** The last part of the problem's type, for example "consent-required". */
    readonly kind: string,
    readonly detail: string,
    readonly retryAfterS: number | null,
  ) {
    super(detail || kind || String(status));
  }
}

export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

export interface VoteBody {
  outcome: Outcome;
  reasons: PerSide<string[]>;
  feedback: PerSide<string>;
}

const API = "/api/v1";
const RETRY_WAITS_MS = [600, 1800, 4500];
const PASSING = new Set([502, 503, 504]);
let csrfToken = "";

export function useCsrfToken(token: string): void {
  csrfToken = token;
}

async function problemOf(response: Response): Promise<Problem> {
  let body: { type?: unknown; detail?: unknown; title?: unknown } = {};
  try {
    body = (await response.json()) as typeof body;
  } catch {
    // A proxy's error page: the status is all there is.
  }
  const type = typeof body.type === "string" ? body.type : "";
  const words = [body.detail, body.title].find((value): value is string => typeof value === "string");
  const retryAfter = Number(response.headers.get("Retry-After"));
  return new Problem(response.status, type.split(/[/:#]/).pop() ?? "", words ?? "", retryAfter > 0 ? retryAfter : null);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    throw new NetworkError(String(error));
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

interface Session {
  csrf_token: string;
  consent: { research?: boolean } | null;
}

async function readSession(): Promise<Session> {
  const response = await send(`${API}/session`, { headers: { Accept: "application/json" } });
  const session = (await response.json()) as Session;
  csrfToken = session.csrf_token;
  return session;
}

export async function hasConsent(): Promise<boolean> {
  return (await readSession()).consent?.research === true;
}

export async function getBattle(id: string): Promise<Battle> {
  const response = await send(`${API}/battles/${id}`, { headers: { Accept: "application/json" } });
  return (await response.json()) as Battle;
}

async function post(path: string, body: BodyInit, headers: Record<string, string>): Promise<Response> {
  const attempt = (): Promise<Response> =>
    send(path, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrfToken, ...headers } });
  if (!csrfToken) await readSession();
  try {
    return await attempt();
  } catch (error) {
    // The token of a page that was open for long, or of a cached one.
    if (!(error instanceof Problem) || error.status !== 403 || error.kind === "consent-required") throw error;
    await readSession();
    return attempt();
  }
}

/** Posts again, with the same body, when the request or its answer got lost: only for what the server does once. */
async function postSafely(
  path: string, body: unknown, headers: Record<string, string> = {}, wait = sleep,
): Promise<unknown> {
  for (let failures = 0; ; failures += 1) {
    try {
      const response = await post(path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
      return await response.json();
    } catch (error) {
      const pause = RETRY_WAITS_MS[failures];
      const passing = error instanceof NetworkError || (error instanceof Problem && PASSING.has(error.status));
      if (!passing || pause === undefined || (error instanceof Problem && error.kind === "guard-unavailable")) throw error;
      await wait(pause);
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function startBattle(arena: string, prompt: string, key: string, wish: Wish | null = null): Promise<Battle> {
  const body = wish ? { prompt, requirement: wish } : { prompt };
  return (await postSafely(`${API}/arenas/${arena}/battles`, body, { "Idempotency-Key": key })) as Battle;
}

/** What a prompt is understood to need, with what was corrected of it. */
export async function readRequirement(arena: string, prompt: string, wish: Wish | null): Promise<Understood> {
  const body = wish ? { prompt, requirement: wish } : { prompt };
  return (await postSafely(`${API}/arenas/${arena}/requirement`, body)) as Understood;
}

export async function addTurn(id: string, prompt: string, key: string): Promise<Battle> {
  return (await postSafely(`${API}/battles/${id}/turns`, { prompt }, { "Idempotency-Key": key })) as Battle;
}

export async function castVote(id: string, body: VoteBody): Promise<Battle> {
  return (await postSafely(`${API}/battles/${id}/vote`, body)) as Battle;
}

export async function stopBattle(id: string): Promise<void> {
  await postSafely(`${API}/battles/${id}/stop`, {});
}

export interface ReportBody {
  turn: number;
  side: Side;
  reason: string;
  text: string;
}

export async function reportAnswer(id: string, body: ReportBody): Promise<void> {
  await postSafely(`${API}/battles/${id}/report`, body);
}
