/** What an answer may become: nothing that runs, loads or looks like a part of the page. */
import { expect } from "vitest";

const ALLOWED_ELEMENTS = new Set(
  "a blockquote br code del div em h4 h5 h6 hr li ol p pre span strong table tbody td th thead tr ul".split(" "),
);
const ALLOWED_ATTRIBUTES = new Set(["align", "class", "href", "start", "rel", "target", "tabindex"]);

export function expectHarmless(box: HTMLElement): void {
  for (const element of box.querySelectorAll("*")) {
    expect(ALLOWED_ELEMENTS).toContain(element.localName);
    for (const attribute of element.attributes) expect(ALLOWED_ATTRIBUTES).toContain(attribute.name);
  }
  for (const link of box.querySelectorAll("a")) {
    expect(link.getAttribute("href")).toMatch(/^(https?:|mailto:)/);
    expect(link.rel).toBe("noopener noreferrer nofollow");
    expect(link.target).toBe("_blank");
  }
}
