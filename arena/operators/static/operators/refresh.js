// Fetches the page again every few seconds and puts the new part in the place of the old one: the element with
// data-refresh-s. It stops where the new part no longer asks for it, when the button is pressed, and in a hidden tab.
"use strict";

(() => {
  const find = (root) => root.querySelector("[data-refresh-s]");
  const toggle = document.querySelector("[data-refresh-toggle]");
  let stopped = false;

  async function refresh() {
    const old = find(document);
    if (!old) return;
    if (!stopped && !document.hidden) {
      try {
        const response = await fetch(location.href, { credentials: "same-origin" });
        // After a logout the answer is the login page, which a person should see.
        if (response.redirected) return location.reload();
        const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(old.id);
        // A selection or a focus inside would be lost.
        if (fresh && !old.contains(document.activeElement) && getSelection()?.isCollapsed !== false) old.replaceWith(fresh);
      } catch {
        // The server is away for a moment; the next round asks again.
      }
    }
    const seconds = Number(find(document)?.dataset.refreshS);
    if (seconds) setTimeout(refresh, seconds * 1000);
  }

  if (toggle) {
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      stopped = !stopped;
      toggle.textContent = stopped ? "Refresh again" : "Stop refreshing";
    });
  }
  const first = find(document);
  if (first) setTimeout(refresh, Number(first.dataset.refreshS) * 1000);
})();
