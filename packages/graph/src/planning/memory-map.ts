import type { BufferRequest } from "./buffer-plan.js";
import type { Layout } from "./layout.js";

/** Where a value lies: in a buffer of the activation block, or at an address that never changes. */
export type Location =
  | { readonly buffer: number; readonly offset: number }
  | { readonly address: number };

/**
 * Which buffer holds which value in which layout, and from when to when each buffer is needed.
 *
 * Several values share a buffer where one is a view of another or was computed in its place.
 */
export class MemoryMap {
  readonly #requests: { bytes: number; from: number; to: number }[] = [];
  readonly #tenants: Set<string>[] = [];
  readonly #locations = new Map<string, Map<Layout, Location>>();

  get requests(): readonly BufferRequest[] {
    return this.#requests;
  }

  /** A new buffer, written first at `step`. */
  create(bytes: number, step: number): Location {
    this.#requests.push({ bytes, from: step, to: step });
    this.#tenants.push(new Set());
    return { buffer: this.#requests.length - 1, offset: 0 };
  }

  /** Notes that a value lies somewhere. */
  place(name: string, layout: Layout, location: Location): void {
    let layouts = this.#locations.get(name);
    if (layouts === undefined) {
      layouts = new Map();
      this.#locations.set(name, layouts);
    }
    layouts.set(layout, location);
    if ("buffer" in location) this.#tenants[location.buffer]!.add(name);
  }

  find(name: string, layout: Layout): Location | undefined {
    return this.#locations.get(name)?.get(layout);
  }

  /** Where a value lies in whichever layout. */
  findAny(name: string): { layout: Layout; location: Location } | undefined {
    const first = this.#locations.get(name)?.entries().next().value;
    return first && { layout: first[0], location: first[1] };
  }

  /** Keeps the buffer under a location alive until `step`. */
  touch(location: Location, step: number): void {
    if (!("buffer" in location)) return;
    const request = this.#requests[location.buffer]!;
    request.to = Math.max(request.to, step);
  }

  /** Names of all values in the buffer. */
  tenants(location: Location): ReadonlySet<string> {
    return "buffer" in location ? this.#tenants[location.buffer]! : new Set();
  }

  /** Size of the buffer under a location. */
  bytes(location: Location): number {
    return "buffer" in location ? this.#requests[location.buffer]!.bytes : 0;
  }
}
