import type { GuardedSrptOptions } from "./guarded-srpt.js";
import { KeyHeap } from "./key-heap.js";
import type { ReadyQueue } from "./policy.js";
import { WaitingByDeadline } from "./waiting-by-deadline.js";

/** The queue of `guardedSrpt`, which explains the rule. */
export function createGuardedQueue(options: Required<GuardedSrptOptions>): ReadyQueue {
  const waiting = new WaitingByDeadline();
  return {
    get size() {
      return waiting.size;
    },
    put: (task) => waiting.insert(task),
    take(now) {
      if (waiting.size === 0) return undefined;
      const lost = findHopeless(waiting, now, options);
      return waiting.removeAt(choose(waiting, now, options, lost));
    },
    remove(task) {
      const at = waiting.placeOf(task);
      if (waiting.tasks[at] !== task) return false;
      waiting.removeAt(at);
      return true;
    },
  };
}

/** Marks the fewest tasks without which the others can all be in time (Moore and Hodgson). @returns how many */
function findHopeless(
  { size, remaining, deadlines, hopeless }: WaitingByDeadline,
  now: number,
  { accelerators }: Required<GuardedSrptOptions>,
): number {
  const longest = new KeyHeap<number>();
  hopeless.fill(0, 0, size);
  let end = now;
  let lost = 0;
  for (let i = 0; i < size; i++) {
    const time = remaining[i]!;
    longest.push(-time, i, i);
    end += time / accelerators;
    if (end <= deadlines[i]!) continue;
    const dropped = longest.pop()!;
    end -= remaining[dropped]! / accelerators;
    hopeless[dropped] = 1;
    lost++;
  }
  return lost;
}

/** Index of the task that runs. */
function choose(
  waiting: WaitingByDeadline,
  now: number,
  { accelerators, reserve, hopelessWeight, price }: Required<GuardedSrptOptions>,
  lost: number,
): number {
  const { size, remaining, arrivals, deadlines, hopeless } = waiting;
  let best = -1; // of the set
  let bestKey = Infinity;
  let outside = -1; // the shortest outside the set
  let outsideKey = Infinity;
  let shortest = -1; // of all, whatever it does to the set
  let shortestKey = Infinity;
  let bearable = Infinity; // delay that those of the set with earlier deadlines bear
  let work = 0;
  for (let i = 0; i < size; i++) {
    const time = remaining[i]!;
    if (hopeless[i] === 1) {
      const key = hopelessWeight * time;
      if (key < outsideKey) {
        outside = i;
        outsideKey = key;
      }
      if (key < shortestKey) {
        shortest = i;
        shortestKey = key;
      }
      continue;
    }
    if (time < shortestKey) {
      shortest = i;
      shortestKey = time;
    }
    if (time < bestKey && time <= bearable) {
      best = i;
      bestKey = time;
    }
    const deadline = deadlines[i]!;
    work += time / accelerators;
    if (deadline === Infinity) continue;
    const slack = deadline - now - work - reserve * (deadline - arrivals[i]!);
    if (slack < bearable) bearable = slack;
  }
  // Now `bearable` is what the whole set bears: one outside it delays them all. Of those outside, the shortest is
  // the first that the set would bear.
  if (outside >= 0 && outsideKey < bestKey && remaining[outside]! <= bearable) best = outside;
  if (best === shortest || lost === 0) return best;
  if (best < 0) return shortest;
  // Not all can be saved: is this one worth what the shorter ones lose by it?
  const delay = remaining[best]!;
  let shorter = 0;
  for (let i = 0; i < size; i++) {
    if ((hopeless[i] === 1 ? hopelessWeight : 1) * remaining[i]! < delay) shorter++;
  }
  const allowed = price * (deadlines[best]! - arrivals[best]!);
  return shorter * delay > allowed ? shortest : best;
}
