// Runs before the page is drawn: the theme that the visitor chose, and that there are scripts at all. A file of its own
// and not a part of the page, because the policy lets no script run that stands in a page.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("arena.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system decides.
}
