/**
 * Listeners to abort signals, at most one on each signal: the many requests that share one would otherwise be taken
 * for a leak by Node.
 */
export class AbortListeners {
  readonly #signals = new Map<AbortSignal, { readonly calls: Set<() => void>; stop(): void }>();

  /** Has a function called when a signal fires; returns what takes it back. */
  add(signal: AbortSignal, call: () => void): () => void {
    const known = this.#signals.get(signal) ?? this.#listen(signal);
    known.calls.add(call);
    return () => {
      known.calls.delete(call);
      if (known.calls.size === 0) known.stop();
    };
  }

  #listen(signal: AbortSignal): { readonly calls: Set<() => void>; stop(): void } {
    const calls = new Set<() => void>();
    const fire = () => {
      stop();
      for (const call of [...calls]) call();
    };
    const stop = () => {
      signal.removeEventListener("abort", fire);
      if (this.#signals.get(signal) === known) this.#signals.delete(signal);
    };
    const known = { calls, stop };
    signal.addEventListener("abort", fire, { once: true });
    this.#signals.set(signal, known);
    return known;
  }
}
