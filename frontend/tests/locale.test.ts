// @vitest-environment node
import { expect, it } from "vitest";
import { plotlyFormat } from "../src/locale";

it("figures on a French page have French numbers, months and days", () => {
  const french = plotlyFormat("fr");
  expect(french).toMatchObject({ decimal: ",", thousands: "\u202f", dayMonth: "%-d %b" });
  expect(french["months"]).toHaveLength(12);
  expect((french["months"] as string[])[7]).toBe("août");
  expect((french["days"] as string[])[0]).toBe("dimanche");
});

it("figures on an English page stay as Plotly draws them", () => {
  const english = plotlyFormat("en");
  expect(english).toMatchObject({ decimal: ".", thousands: "," });
  expect((english["shortMonths"] as string[])[0]).toBe("Jan");
  expect(english["dayMonth"]).toBeUndefined();
});
