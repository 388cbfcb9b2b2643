/** Run for each file: all share one process and one document, made once, and none finds what another left there. */
import { afterAll, vi } from "vitest";

vi.resetModules();
vi.restoreAllMocks();
vi.unstubAllGlobals();
vi.useRealTimers();
if (typeof document !== "undefined") {
  const root = document.documentElement;
  document.head.replaceChildren();
  document.body.replaceChildren();
  for (const name of root.getAttributeNames()) root.removeAttribute(name);
  localStorage.clear();
  sessionStorage.clear();
  for (const target of [document, window]) deafAfterwards(target);
}

/** Whoever listens to the page listens no longer than the file lasts. */
function deafAfterwards(target: EventTarget): void {
  const file = new AbortController();
  const own = Object.getOwnPropertyDescriptor(target, "addEventListener");
  const listen = target.addEventListener.bind(target);
  target.addEventListener = (type, deed, options): void => {
    const given = typeof options === "object" ? options : { capture: options ?? false };
    listen(type, deed, { signal: file.signal, ...given });
  };
  afterAll(() => {
    file.abort();
    Reflect.deleteProperty(target, "addEventListener");
    if (own) Object.defineProperty(target, "addEventListener", own);
  });
}
