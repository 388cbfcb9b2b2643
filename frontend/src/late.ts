/** A part of the page that is loaded when it is first needed; until it has come the page does without. */
export class Late<T> {
  private part: T | null = null;
  private loading = false;

  /** `onReady` is called once, when the part has come and what was drawn without it can be drawn again. */
  constructor(private readonly load: () => Promise<T>, private readonly onReady: () => void) {}

  /** The part, or null where it has not come yet. */
  get(): T | null {
    if (!this.part && !this.loading) this.begin();
    return this.part;
  }

  private begin(): void {
    this.loading = true;
    this.load().then(
      (part) => {
        this.part = part;
        this.onReady();
      },
      () => {
        // The page is complete without it; a reload tries again.
      },
    );
  }
}

/** Results by their source, as many as a long conversation has; beyond that it begins anew. */
export class Recent<T> {
  private readonly results = new Map<string, T>();

  constructor(private readonly size = 1000) {}

  get(source: string, make: () => T): T {
    const known = this.results.get(source);
    if (known !== undefined) return known;
    const made = make();
    if (this.results.size >= this.size) this.results.clear();
    this.results.set(source, made);
    return made;
  }
}
