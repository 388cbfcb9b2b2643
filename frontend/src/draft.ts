/** What the visitor is writing, kept in this browser until the arena has accepted it. */

const PREFIX = "arena.draft.";
/** A draft over this many characters is not worth the browser's storage: the arena would refuse it anyway. */
const MAX_CHARS = 50_000;

export class Draft {
  constructor(private readonly name: string, private readonly storage: Storage | null = defaultStorage()) {}

  read(): string {
    try {
      return this.storage?.getItem(PREFIX + this.name) ?? "";
    } catch {
      return "";
    }
  }

  write(text: string): void {
    if (text.length > MAX_CHARS) return;
    try {
      if (text) this.storage?.setItem(PREFIX + this.name, text);
      else this.storage?.removeItem(PREFIX + this.name);
    } catch {
      // Storage is full or switched off: the text is still in the box.
    }
  }

  clear(): void {
    this.write("");
  }

  /** Forgets the draft that became a battle by way of the server's own forms, unless it was refused. */
  forget(prompt: string, state: string): void {
    if (state !== "refused" && state !== "failed" && this.read().trim() === prompt.trim()) this.clear();
  }
}

function defaultStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
