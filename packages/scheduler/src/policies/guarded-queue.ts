import type { Task } from "../tasks/task.js";
import type { GuardedSrptOptions } from "./guarded-srpt.js";
import { KeyHeap } from "./key-heap.js";
import type { ReadyQueue } from "./policy.js";

/** What a decision knows of the waiting tasks, in the order of deadlines; grows with the queue, and is used again. */
class Scratch {
  /** Predicted remaining times. */
  remaining = new Float64Array(64);
  /** 1 for tasks that are not in the set that can be in time. */
  hopeless = new Uint8Array(64);

  reserve(size: number): void {
    if (size <= this.remaining.length) return;
    this.remaining = new Float64Array(2 * size);
    this.hopeless = new Uint8Array(2 * size);
  }
}

/** The queue of `guardedSrpt`, which explains the rule. */
export function createGuardedQueue(options: Required<GuardedSrptOptions>): ReadyQueue {
  const waiting: Task[] = []; // by deadline, then by id
  const scratch = new Scratch();
  return {
    get size() {
      return waiting.length;
    },
    put(task) {
      waiting.splice(placeOf(waiting, task), 0, task);
    },
    take(now) {
      if (waiting.length === 0) return undefined;
      return waiting.splice(choose(waiting, now, options, scratch), 1)[0];
    },
    remove(task) {
      const at = placeOf(waiting, task);
      if (waiting[at] !== task) return false;
      waiting.splice(at, 1);
      return true;
    },
  };
}

/** Where a task stands, or belongs. */
function placeOf(waiting: readonly Task[], { deadline, id }: Task): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = waiting[middle]!;
    if (other.deadline < deadline || (other.deadline === deadline && other.id < id)) {
      low = middle + 1;
    } else high = middle;
  }
  return low;
}

function choose(
  waiting: readonly Task[],
  now: number,
  options: Required<GuardedSrptOptions>,
  scratch: Scratch,
): number {
  const { hopelessWeight, price } = options;
  const count = waiting.length;
  scratch.reserve(count);
  const { remaining, hopeless } = scratch;
  for (let i = 0; i < count; i++) remaining[i] = waiting[i]!.ratio * waiting[i]!.remaining;
  const lost = findHopeless(waiting, now, options, scratch);
  const keyOf = (i: number): number => (hopeless[i] ? hopelessWeight : 1) * remaining[i]!;

  let shortest = 0;
  let best = -1;
  let bearable = Infinity; // delay that those of the set with earlier deadlines bear
  let work = 0;
  for (let i = 0; i < count; i++) {
    if (keyOf(i) < keyOf(shortest)) shortest = i;
    if (hopeless[i]) continue;
    if (remaining[i]! <= bearable && (best < 0 || keyOf(i) < keyOf(best))) best = i;
    work += remaining[i]! / options.accelerators;
    const { arrival, deadline } = waiting[i]!;
    if (deadline === Infinity) continue;
    bearable = Math.min(bearable, deadline - now - work - options.reserve * (deadline - arrival));
  }
  // Now `bearable` is what the whole set bears: one outside it delays them all.
  for (let i = 0; i < count; i++) {
    if (!hopeless[i] || remaining[i]! > bearable) continue;
    if (best < 0 || keyOf(i) < keyOf(best)) best = i;
  }
  if (best === shortest || lost === 0) return best;
  if (best < 0) return shortest;
  // Not all can be saved: is this one worth what the shorter ones lose by it?
  const saved = waiting[best]!;
  let shorter = 0;
  for (let i = 0; i < count; i++) if (keyOf(i) < remaining[best]!) shorter++;
  const allowed = price * (saved.deadline - saved.arrival);
  return shorter * remaining[best]! > allowed ? shortest : best;
}

/** Marks the fewest tasks without which the others can all be in time (Moore and Hodgson). @returns how many */
function findHopeless(
  waiting: readonly Task[],
  now: number,
  { accelerators }: Required<GuardedSrptOptions>,
  { remaining, hopeless }: Scratch,
): number {
  const longest = new KeyHeap<number>();
  let end = now;
  let lost = 0;
  for (let i = 0; i < waiting.length; i++) {
    hopeless[i] = 0;
    longest.push(-remaining[i]!, i, i);
    end += remaining[i]! / accelerators;
    if (end <= waiting[i]!.deadline) continue;
    const dropped = longest.pop()!;
    end -= remaining[dropped]! / accelerators;
    hopeless[dropped] = 1;
    lost++;
  }
  return lost;
}
