/** Small helpers over the DOM. */

/** The element that the page must have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string, kind?: new () => T): T {
  const element = document.getElementById(id);
  if (!element || (kind && !(element instanceof kind))) throw new Error(`the page lacks #${id}`);
  return element as T;
}

/** The part of `root` that it must have. */
export function within(root: ParentNode, selector: string): HTMLElement;
export function within<T extends HTMLElement>(root: ParentNode, selector: string, kind: new () => T): T;
export function within(root: ParentNode, selector: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`a part of the page lacks ${selector}`);
  return element;
}

/** A text field of a form's data; empty where it is missing or a file. */
export function field(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === "string" ? value : "";
}

/** Ctrl or Cmd with Enter submits, but not while an input method composes a character. */
export function submitOnCtrlEnter(box: HTMLElement, form: HTMLFormElement, button: HTMLButtonElement): void {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
}
