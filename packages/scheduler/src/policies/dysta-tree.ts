import type { Task } from "../tasks/task.js";
import { type DystaScore, waitedShare } from "./dysta-score.js";
import type { DystaSearch } from "./dysta-search.js";

const LEAST = 16;

/**
 * Tasks of any kind in the order in which they were put in, under a binary tree that knows the extremes of what
 * scores are made of: a search goes down only where a smaller score could hide. The lower bounds come from the same
 * operations in the same order as scores, and rounding keeps order, so that nothing is missed.
 */
export class DystaTree {
  size = 0;
  readonly #rule: DystaScore;
  // Nodes as in a heap, from 1; leaves from #capacity on. An empty node has a least remaining time of Infinity.
  #capacity = 0;
  #used = 0; // leaves, with those that became empty
  #tasks: (Task | undefined)[] = [];
  #leastRemaining = new Float64Array(0);
  #mostRemaining = new Float64Array(0);
  #firstDeadline = new Float64Array(0);
  #lastRun = new Float64Array(0);
  #mostIsolated = new Float64Array(0);

  constructor(rule: DystaScore) {
    this.#rule = rule;
    this.#rebuild();
  }

  put(task: Task): void {
    if (this.#used === this.#capacity) this.#rebuild();
    this.#tasks[this.#used] = task;
    this.#fill(this.#capacity + this.#used++, task);
    this.size++;
  }

  remove(task: Task): boolean {
    const place = this.#tasks.lastIndexOf(task, this.#used - 1);
    if (place >= 0) this.removeAt(place);
    return place >= 0;
  }

  removeAt(place: number): void {
    this.#tasks[place] = undefined;
    this.size--;
    if (place === this.#used - 1) this.#used--;
    const node = this.#capacity + place;
    this.#leastRemaining[node] = Infinity;
    this.#mostRemaining[node] = -Infinity;
    this.#firstDeadline[node] = Infinity;
    this.#lastRun[node] = -Infinity;
    this.#mostIsolated[node] = 0;
    this.#updateAbove(node);
  }

  /** Scores every task that may have the least score. */
  search(search: DystaSearch): void {
    if (this.size > 0) this.#searchBelow(1, search);
  }

  #searchBelow(node: number, search: DystaSearch): void {
    if (node >= this.#capacity) {
      const place = node - this.#capacity;
      search.scoreAt(this.#tasks[place]!, this, place);
      return;
    }
    const left = 2 * node;
    const one = this.#boundOf(left, search);
    const other = this.#boundOf(left + 1, search);
    const better = one <= other ? left : left + 1;
    if (Math.min(one, other) <= search.least) this.#searchBelow(better, search);
    const larger = Math.max(one, other);
    if (larger < Infinity && larger <= search.least) this.#searchBelow(better ^ 1, search);
  }

  // No score below the node is smaller.
  #boundOf(node: number, { now, count, rule }: DystaSearch): number {
    const remaining = this.#leastRemaining[node]!;
    if (remaining === Infinity) return Infinity;
    const slack = this.#firstDeadline[node]! - now - this.#mostRemaining[node]!;
    const waited = waitedShare(now - this.#lastRun[node]!, this.#mostIsolated[node]!) / count;
    return remaining + rule.beta * (Math.max(0, slack) + waited);
  }

  #fill(node: number, task: Task): void {
    const remaining = this.#rule.remainingOf(task);
    this.#leastRemaining[node] = remaining;
    this.#mostRemaining[node] = remaining;
    // Without a deadline there is no slack in the score.
    this.#firstDeadline[node] = task.deadline === Infinity ? -Infinity : task.deadline;
    this.#lastRun[node] = task.lastRun;
    // One that takes no time has no waiting in its score either: as if it took for ever.
    this.#mostIsolated[node] = this.#rule.isolatedOf(task) || Infinity;
    this.#updateAbove(node);
  }

  #updateAbove(leaf: number): void {
    for (let node = leaf >> 1; node >= 1; node >>= 1) this.#update(node);
  }

  #update(node: number): void {
    const left = 2 * node;
    const right = left + 1;
    const least = this.#leastRemaining;
    const most = this.#mostRemaining;
    const first = this.#firstDeadline;
    const last = this.#lastRun;
    const isolated = this.#mostIsolated;
    least[node] = Math.min(least[left]!, least[right]!);
    most[node] = Math.max(most[left]!, most[right]!);
    first[node] = Math.min(first[left]!, first[right]!);
    last[node] = Math.max(last[left]!, last[right]!);
    isolated[node] = Math.max(isolated[left]!, isolated[right]!);
  }

  // Without the empty leaves, and with as many free ones as there are tasks.
  #rebuild(): void {
    const tasks = this.#tasks.filter((task) => task !== undefined);
    let capacity = LEAST;
    while (capacity < 2 * tasks.length) capacity *= 2;
    this.#capacity = capacity;
    this.#used = tasks.length;
    this.#tasks = tasks;
    this.#leastRemaining = new Float64Array(2 * capacity).fill(Infinity);
    this.#mostRemaining = new Float64Array(2 * capacity).fill(-Infinity);
    this.#firstDeadline = new Float64Array(2 * capacity).fill(Infinity);
    this.#lastRun = new Float64Array(2 * capacity).fill(-Infinity);
    this.#mostIsolated = new Float64Array(2 * capacity);
    for (const [place, task] of tasks.entries()) this.#fill(capacity + place, task);
  }
}
