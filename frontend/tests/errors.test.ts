import { beforeEach, expect, it } from "vitest";
import { Problem } from "../src/api";
import { errorText } from "../src/errors";
import { useStrings } from "../src/strings";

beforeEach(() => {
  document.documentElement.lang = "en";
  useStrings({ "error.limit": "Please try again in about {time}." });
});

const limited = (seconds: number): string => errorText(new Problem(429, "rate-limited", "It is limited.", seconds));

it("whoever is limited is told in words how long to wait", () => {
  expect(limited(20)).toBe("It is limited. Please try again in about 20 seconds.");
  expect(limited(1726)).toBe("It is limited. Please try again in about 29 minutes.");
});

it("and in the language of the page", () => {
  document.documentElement.lang = "fr";
  expect(limited(20)).toMatch(/20\ssecondes/);
});
