import { describe, expect, it } from "vitest";
import { Assembler, parseEvent } from "../src/assembler";
import type { LiveEvent } from "../src/types";

const frame = (id: string, left: string, right: string, turn = 1): LiveEvent => ({ id, type: "frame", turn, left, right });
const snapshot = (id: string, left: string, right: string): LiveEvent => ({ id, type: "snapshot", turn: 1, left, right });

describe("Assembler", () => {
  it("appends frames and remembers the last event", () => {
    const assembler = new Assembler();
    assembler.apply(frame("1", "He", "Wo"));
    assembler.apply(frame("2", "llo", "rld"));
    expect(assembler.text(1)).toEqual({ left: "Hello", right: "World" });
    expect(assembler.lastId).toBe("2");
  });

  it("applies an event that comes twice once", () => {
    const assembler = new Assembler();
    assembler.apply(frame("1", "a", "b"));
    assembler.apply(frame("1", "a", "b"));
    expect(assembler.text(1)).toEqual({ left: "a", right: "b" });
  });

  it("replaces by a snapshot, and says whether text was taken away", () => {
    const assembler = new Assembler();
    assembler.apply(frame("1", "abc", "x"));
    expect(assembler.apply(snapshot("2", "abcd", "xy")).restarted).toBe(false);
    expect(assembler.apply(snapshot("3", "", "xy")).restarted).toBe(true);
    expect(assembler.text(1)).toEqual({ left: "", right: "xy" });
  });

  it("treats both sides alike", () => {
    const one = new Assembler();
    const mirrored = new Assembler();
    for (const [id, left, right] of [["1", "a", "b"], ["2", "c", ""]] as const) {
      one.apply(frame(id, left, right));
      mirrored.apply(frame(id, right, left));
    }
    expect(mirrored.text(1)).toEqual({ left: one.text(1).right, right: one.text(1).left });
  });

  it("hears a state that comes with the id of the frame before it", () => {
    const assembler = new Assembler();
    assembler.apply(frame("5-0", "a", "b"));
    expect(assembler.apply({ id: "5-0", type: "state", state: "ready", reason: "" }).state).toBe("ready");
  });

  it("applies several snapshots of one id: stored turns have no event of their own", () => {
    const assembler = new Assembler();
    assembler.apply(snapshot("0", "a", "b"));
    assembler.apply({ id: "0", type: "snapshot", turn: 2, left: "c", right: "d" });
    expect(assembler.text(2)).toEqual({ left: "c", right: "d" });
  });

  it("lets nothing change a settled turn", () => {
    const assembler = new Assembler();
    assembler.settle(1, { left: "a", right: "b" });
    assembler.apply(frame("1", "a", "b"));
    assembler.apply(snapshot("2", "", ""));
    expect(assembler.text(1)).toEqual({ left: "a", right: "b" });
  });

  it("keeps turns apart, and settles on the stored text", () => {
    const assembler = new Assembler();
    assembler.apply(frame("1", "a", "b"));
    assembler.apply(frame("2", "c", "d", 2));
    expect(assembler.text(2)).toEqual({ left: "c", right: "d" });
    expect(assembler.settle(1, { left: "a", right: "b" })).toBe(false);
    expect(assembler.settle(1, { left: "a", right: "B" })).toBe(true);
    expect(assembler.text(1).right).toBe("B");
  });

  it("keeps characters outside the basic plane and combining marks as they are", () => {
    const assembler = new Assembler();
    const text = "e\u0301 \u{1F468}\u200D\u{1F469} \u2028 \r\n\t";
    for (const [index, character] of Array.from(text).entries()) assembler.apply(frame(String(index), character, ""));
    expect(assembler.text(1).left).toBe(text);
  });
});

describe("parseEvent", () => {
  it("reads the three kinds of event", () => {
    expect(parseEvent('{"id":"1","type":"frame","turn":1,"left":"a","right":""}')?.type).toBe("frame");
    expect(parseEvent('{"id":"2","type":"snapshot","turn":1,"left":"a","right":""}')?.type).toBe("snapshot");
    expect(parseEvent('{"id":"3","type":"state","state":"ready","reason":""}')).toMatchObject({ state: "ready" });
  });

  it.each(["", "{", "null", "1", '"x"', "[]", '{"type":"heard"}', '{"type":"frame","turn":"1","left":"","right":""}', '{"type":"frame","turn":1,"left":1,"right":""}'])(
    "ignores %s", (data) => { expect(parseEvent(data)).toBeNull(); },
  );
  it("ignores what is not text", () => { expect(parseEvent(new ArrayBuffer(1))).toBeNull(); });
});
