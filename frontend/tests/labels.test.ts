import { describe, expect, it } from "vitest";
import { isNarrow, labelled, namesOf, numbered, themed } from "../src/figure";
import { placed } from "../src/labels";

const ROOM = { x: 0, y: 0, width: 300, height: 200 };
const size = { width: 80, height: 14 };

describe("labels of dots", () => {
  it("stand where they are wished, as long as nothing is there", () => {
    const dots = [{ x: 50, y: 100 }, { x: 250, y: 100 }];
    expect(placed(dots, [size, size], ["top right", "top left"], ROOM)).toEqual({ places: ["top right", "top left"], apart: true });
  });

  it("make room for another label, for a dot, and for the edge", () => {
    const beside = placed([{ x: 50, y: 100 }, { x: 60, y: 104 }], [size, size], ["top right", "top right"], ROOM);
    expect(beside.apart).toBe(true);
    expect(beside.places[1]).not.toBe("top right");
    expect(placed([{ x: 50, y: 100 }, { x: 80, y: 86 }], [size], ["top right"], ROOM).places[0]).not.toBe("top right");
    expect(placed([{ x: 290, y: 100 }], [size], ["top right"], ROOM).places[0]).toBe("top left");
  });

  it("say where there is no room for all", () => {
    const dots = Array.from({ length: 12 }, () => ({ x: 150, y: 100 }));
    expect(placed(dots, dots.map(() => size), [], ROOM).apart).toBe(false);
  });
});

describe("a figure by number", () => {
  const figure = {
    data: [{ meta: "front", x: [1] }, { meta: "named", text: ["Ada", "Bell"], textposition: ["top left", "top left"] }, { meta: "chances", y: ["1 Ada", "2 Bell"] }],
    layout: { meta: ["Ada", "Bell"] },
  };

  it("counts its names from 1 and keeps the rest", () => {
    expect(namesOf(figure)).toEqual(["Ada", "Bell"]);
    expect(numbered(figure).data).toMatchObject([{ x: [1] }, { text: ["1", "2"] }, { y: ["1", "2"] }]);
    expect(namesOf({ data: [], layout: {} })).toEqual([]);
  });

  it("gives the places of labels to the dots alone", () => {
    expect(labelled(figure, ["a", "b"]).data).toEqual([figure.data[0], { ...figure.data[1], textposition: ["a", "b"] }, figure.data[2]]);
  });

  it("shades chances between the page's colours, with numbers that are readable on all of them", () => {
    const tokens: Record<string, string> = { "--sun": "#d99a1c", "--accent": "#0d5f4e", "--surface": "#fffefb", "--ink": "#1c1b18" };
    const style = { getPropertyValue: (name: string) => tokens[name] ?? "" } as CSSStyleDeclaration;
    expect(themed(figure, style, 900).data[2]).toMatchObject({
      colorscale: [[0, "rgb(238, 209, 151)"], [0.5, "#fffefb"], [1, "rgb(146, 182, 173)"]],
      textfont: { color: "#1c1b18" },
    });
  });

  it("is one of a phone", () => {
    expect([isNarrow(358), isNarrow(900)]).toEqual([true, false]);
  });
});
