/**
 * The live connection of one battle: resumes after the last event, waits longer after each failure, with jitter so that
 * a restarted server is not met by every browser at once: where the server itself says that it goes (a deployment, an
 * overload), all of its browsers hear it in the same moment and come back spread over several seconds.
 */

export type ConnectionState = "connecting" | "open" | "waiting" | "gone" | "closed";

/** The part of WebSocket that is used; tests give a fake. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  close(): void;
  send(data: string): void;
  readonly readyState: number;
}

export interface LiveOptions {
  url: (after: string) => string;
  after: () => string;
  onMessage: (data: unknown) => void;
  onState: (state: ConnectionState, failures: number) => void;
  open?: (url: string) => SocketLike;
  random?: () => number;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15_000;
const SPREAD_MS = 5_000;
const CLOSE_NOT_FOUND = 4404;
const OPEN = 1;
/** Going away, service restart, try again later: said by a server to everybody that it serves. */
const CLOSES_OF_MANY: ReadonlySet<number> = new Set([1001, 1012, 1013]);

/** The wait before attempt number `failures` (from 1): doubles up to a cap, between half and the whole of it. */
export function waitMs(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return whole / 2 + (random() * whole) / 2;
}

export class LiveConnection {
  private socket: SocketLike | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private stopped = false;

  constructor(private readonly options: LiveOptions) {}

  /** Connects; a connection that runs, or waits for its next attempt, goes on. */
  start(): void {
    if (!this.stopped && (this.socket || this.timer !== undefined)) return;
    this.stopped = false;
    this.connect();
  }

  /** Try now instead of when the wait is over: the network came back. */
  hurry(): void {
    if (this.stopped || this.socket) return;
    clearTimeout(this.timer);
    this.connect();
  }

  /** The network is gone: a half-dead socket would only notice after minutes. */
  drop(): void {
    const socket = this.socket;
    if (!socket || this.stopped) return;
    this.forget(socket);
    this.retry();
  }

  /** Says something to the server; false where there is no open connection: nothing is kept for later. */
  send(data: string): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(data);
    return true;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.socket) this.forget(this.socket);
    this.options.onState("closed", 0);
  }

  private connect(): void {
    this.timer = undefined;
    this.options.onState("connecting", this.failures);
    const open = this.options.open ?? ((url: string) => new WebSocket(url));
    const socket = open(this.options.url(this.options.after()));
    this.socket = socket;
    socket.onopen = () => {
      this.options.onState("open", this.failures);
    };
    socket.onmessage = (event: { data: unknown }) => {
      // Only a message proves that the server works: a socket may open and close for ever.
      this.failures = 0;
      this.options.onMessage(event.data);
    };
    socket.onclose = (event: { code: number }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.stopped) return;
      if (event.code === CLOSE_NOT_FOUND) {
        this.stopped = true;
        this.options.onState("gone", this.failures);
      } else this.retry(CLOSES_OF_MANY.has(event.code));
    };
  }

  private retry(together = false): void {
    this.failures += 1;
    this.options.onState("waiting", this.failures);
    const random = this.options.random ?? Math.random;
    const wait = waitMs(this.failures, random);
    this.timer = setTimeout(() => { this.connect(); }, together ? Math.max(wait, random() * SPREAD_MS) : wait);
  }

  private forget(socket: SocketLike): void {
    this.socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** The WebSocket address of a battle on this site. */
export function liveUrl(location: Location, battleId: string, after: string): string {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const query = after ? `?after=${encodeURIComponent(after)}` : "";
  return `${scheme}//${location.host}/ws/v1/battles/${battleId}${query}`;
}
