import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveConnection, liveUrl, waitMs, type ConnectionState, type SocketLike } from "../src/socket";

class FakeSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  closed = false;
  constructor(readonly url: string) {}
  readyState = 1;
  readonly sent: string[] = [];
  close(): void { this.closed = true; this.readyState = 3; }
  send(data: string): void { this.sent.push(data); }
  say(data: string): void { this.onmessage?.({ data } as never); }
  end(code = 1006): void { this.onclose?.({ code } as never); }
}

let sockets: FakeSocket[] = [];
let states: ConnectionState[] = [];
let after = "";
const messages: unknown[] = [];

function connection(): LiveConnection {
  return new LiveConnection({
    url: (id) => `ws://x?after=${id}`,
    after: () => after,
    onMessage: (data) => messages.push(data),
    onState: (state) => states.push(state),
    open: (url) => { const socket = new FakeSocket(url); sockets.push(socket); return socket; },
    random: () => 1,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets = []; states = []; after = ""; messages.length = 0;
});
afterEach(() => { vi.useRealTimers(); });

describe("LiveConnection", () => {
  it("resumes after the last event that was seen", () => {
    connection().start();
    after = "42";
    sockets[0]?.end();
    vi.advanceTimersByTime(400);
    expect(sockets[1]?.url).toBe("ws://x?after=42");
    expect(states).toEqual(["connecting", "waiting", "connecting"]);
  });

  it("waits twice as long after each failure, up to a cap, and begins anew once a message came", () => {
    connection().start();
    sockets[0]?.end();
    vi.advanceTimersByTime(399);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    sockets[1]?.end();
    vi.advanceTimersByTime(799);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    sockets[2]?.say("x");
    sockets[2]?.end();
    vi.advanceTimersByTime(400);
    expect(sockets).toHaveLength(4);
  });

  it.each([1001, 1012, 1013])("comes back spread over five seconds after a server that closes for all (%i)", (code) => {
    const waited = Array.from({ length: 200 }, (_, place) => {
      sockets = [];
      new LiveConnection({
        url: (id) => `ws://x?after=${id}`, after: () => "", onMessage: () => undefined, onState: () => undefined,
        open: (url) => { const socket = new FakeSocket(url); sockets.push(socket); return socket; },
        random: () => (place + 0.5) / 200,
      }).start();
      sockets[0]?.end(code);
      let ms = 0;
      for (; sockets.length < 2 && ms < 6000; ms += 25) vi.advanceTimersByTime(25);
      return ms;
    });
    const busiest = Math.max(...waited.map((start) => waited.filter((ms) => ms >= start && ms < start + 1000).length));
    expect(Math.max(...waited)).toBeLessThanOrEqual(5025);
    expect(busiest).toBeLessThanOrEqual(50);
  });

  it("gives up where the battle is unknown", () => {
    connection().start();
    sockets[0]?.end(4404);
    vi.advanceTimersByTime(100_000);
    expect(sockets).toHaveLength(1);
    expect(states.at(-1)).toBe("gone");
  });

  it("stops for good, and then hears nothing", () => {
    const live = connection();
    live.start();
    live.stop();
    expect(sockets[0]?.closed).toBe(true);
    sockets[0]?.say("late");
    live.hurry();
    vi.advanceTimersByTime(100_000);
    expect(sockets).toHaveLength(1);
    expect(messages).toEqual([]);
  });

  it("hurries when the network is back, and opens one socket only", () => {
    const live = connection();
    live.start();
    live.drop();
    expect(sockets[0]?.closed).toBe(true);
    live.hurry();
    live.hurry();
    vi.advanceTimersByTime(100_000);
    expect(sockets).toHaveLength(2);
  });
});

describe("waitMs", () => {
  it("lies between half and the whole of a doubling wait, and never over the cap", () => {
    expect(waitMs(1, () => 0)).toBe(200);
    expect(waitMs(3, () => 1)).toBe(1600);
    expect(waitMs(50, () => 1)).toBe(15_000);
  });
});

describe("liveUrl", () => {
  it("follows the page's scheme and escapes the event id", () => {
    expect(liveUrl({ protocol: "https:", host: "a.example" } as Location, "b", "1-0&x")).toBe("wss://a.example/ws/v1/battles/b?after=1-0%26x");
    expect(liveUrl({ protocol: "http:", host: "127.0.0.1:8000" } as Location, "b", "")).toBe("ws://127.0.0.1:8000/ws/v1/battles/b");
  });
});
