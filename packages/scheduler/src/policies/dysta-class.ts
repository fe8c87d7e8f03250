import type { Task } from "../tasks/task.js";
import { type DystaScore, slackOf, waitedShare } from "./dysta-score.js";
import type { DystaSearch } from "./dysta-search.js";

/** Tasks with one arrival and one deadline, which score alike: by id. */
interface Group {
  readonly arrival: number;
  readonly deadline: number;
  readonly tasks: Task[];
}

/**
 * Tasks that have not begun and share R, the time alone and, but for rounding, the time from arrival to deadline;
 * in order of arrival.
 *
 * While they have slack, their score is a linear function of the arrival but for rounding, so that the least is near
 * one of the two ends. When they have none, it falls with the arrival, rounding and all, so that the newest has the
 * least. Time moves them from the first kind to the second, oldest first.
 */
export class DystaClass {
  readonly remaining: number;
  readonly isolated: number;
  size = 0;
  readonly #allowance: number;
  #spread = 0; // of the allowances
  readonly #late: Group[] = [];
  #early: Group[] = [];
  #head = 0; // of the early ones

  constructor(rule: DystaScore, first: Task) {
    this.remaining = rule.remainingOf(first);
    this.isolated = rule.isolatedOf(first);
    this.#allowance = first.deadline - first.arrival;
    this.put(first);
  }

  fits(isolated: number, allowance: number): boolean {
    if (isolated !== this.isolated) return false;
    return allowance === this.#allowance || Math.abs(allowance - this.#allowance) < 1e-9;
  }

  /** @returns whether it could be put at the end, where it belongs */
  put(task: Task): boolean {
    const { arrival, deadline } = task;
    const last = this.#head < this.#early.length ? this.#early.at(-1) : this.#late.at(-1);
    if (last !== undefined) {
      if (arrival < last.arrival || deadline < last.deadline) return false;
      if (task.id < last.tasks.at(-1)!.id) return false;
    }
    if (last !== undefined && last.arrival === arrival && last.deadline === deadline) {
      last.tasks.push(task);
    } else {
      this.#early.push({ arrival, deadline, tasks: [task] });
      if (deadline !== Infinity) {
        const off = Math.abs(deadline - arrival - this.#allowance);
        if (off > this.#spread) this.#spread = off;
      }
    }
    this.size++;
    return true;
  }

  remove(task: Task): boolean {
    const lateAt = findGroup(this.#late, 0, task);
    const earlyAt = lateAt < 0 ? findGroup(this.#early, this.#head, task) : -1;
    const group = lateAt >= 0 ? this.#late[lateAt] : this.#early[earlyAt];
    const place = group?.tasks.indexOf(task) ?? -1;
    if (group === undefined || place < 0) return false;
    if (place === 0) group.tasks.shift();
    else group.tasks.splice(place, 1);
    if (group.tasks.length === 0) {
      if (lateAt >= 0) this.#late.splice(lateAt, 1);
      else if (earlyAt === this.#head) this.#dropHead();
      else this.#early.splice(earlyAt, 1);
    }
    this.size--;
    return true;
  }

  /** Scores every task of the class that may have the least score. */
  search(search: DystaSearch): void {
    const { now } = search;
    while (this.#head < this.#early.length) {
      const oldest = this.#early[this.#head]!;
      if (slackOf(oldest.tasks[0]!, now, this.remaining) > 0) break;
      this.#late.push(oldest);
      this.#dropHead();
    }
    this.#searchLate(search);
    if (this.#head < this.#early.length) this.#searchEarly(search);
  }

  // Never rises from old to new: equals may lie before the newest, and then the first of them counts.
  #searchLate(search: DystaSearch): void {
    let least = Infinity;
    for (let i = this.#late.length - 1; i >= 0; i--) {
      const score = search.score(this.#late[i]!.tasks[0]!);
      if (score > least) return;
      least = score;
    }
  }

  // A linear function plus rounding: from both ends, as long as rounding could hide a smaller score behind.
  #searchEarly(search: DystaSearch): void {
    const early = this.#early;
    const head = this.#head;
    const tail = early.length - 1;
    const first = search.score(early[head]!.tasks[0]!);
    if (head === tail) return;
    const last = search.score(early[tail]!.tasks[0]!);
    const bound = Math.min(first, last) + this.#roundingBound(search);
    if (first <= bound) {
      for (let i = head + 1; i < tail; i++) {
        if (search.score(early[i]!.tasks[0]!) > bound) break;
      }
    }
    if (last <= bound) {
      for (let i = tail - 1; i > head; i--) {
        if (search.score(early[i]!.tasks[0]!) > bound) break;
      }
    }
  }

  // How far two scores can be off the linear function together, generously.
  #roundingBound({ rule, now, count }: DystaSearch): number {
    const oldest = this.#early[this.#head]!;
    const { deadline } = this.#early.at(-1)!;
    const waited = waitedShare(now - oldest.arrival, this.isolated) / count;
    const terms = this.remaining + Math.abs(now) + Math.abs(deadline) + Math.abs(waited);
    return (
      32 * Number.EPSILON * (this.remaining + rule.beta * terms) + 2 * rule.beta * this.#spread
    );
  }

  #dropHead(): void {
    this.#head++;
    if (this.#head < 32 || this.#head * 2 < this.#early.length) return;
    this.#early = this.#early.slice(this.#head);
    this.#head = 0;
  }
}

// Index of the group that a task belongs to, in order of arrival from `low`; -1 where there is none.
function findGroup(groups: readonly Group[], from: number, { arrival, deadline }: Task): number {
  let low = from;
  let high = groups.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (groups[middle]!.arrival < arrival) low = middle + 1;
    else high = middle;
  }
  for (; groups[low]?.arrival === arrival; low++) {
    if (groups[low]!.deadline === deadline) return low;
  }
  return -1;
}
