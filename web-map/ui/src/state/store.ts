/** One value that others watch: told after each change, with the value before. */
export class Store<T extends object> {
  #value: T;
  readonly #watchers = new Set<(value: T, before: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Replaces some fields. Watchers hear of it when a field really differs. */
  update(change: Partial<T>): void {
    const before = this.#value;
    const changed = Object.keys(change).some(
      key => !Object.is(change[key as keyof T], before[key as keyof T]),
    );
    if (!changed) return;
    const now = { ...before, ...change };
    this.#value = now;
    for (const watcher of this.#watchers) watcher(now, before);
  }

  /** Calls `watcher` after each change; returns how to stop that. */
  watch(watcher: (value: T, before: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
