import type { Task } from "../tasks/task.js";

/**
 * Waiting tasks in the order of their deadlines, of equals in the order of admission. What a decision looks at lies in
 * arrays of its own, so that looking at all of them touches no object.
 */
export class WaitingByDeadline {
  readonly tasks: Task[] = [];
  /** Predicted remaining times, which do not change while a task waits. */
  remaining: Float64Array = new Float64Array(64);
  arrivals: Float64Array = new Float64Array(64);
  deadlines: Float64Array = new Float64Array(64);
  /** Room for a mark by decisions; not kept in order. */
  hopeless: Uint8Array = new Uint8Array(64);

  get size(): number {
    return this.tasks.length;
  }

  insert(task: Task): void {
    const size = this.tasks.length;
    if (size === this.remaining.length) this.#grow(2 * size);
    const at = this.placeOf(task);
    this.tasks.splice(at, 0, task);
    for (const values of [this.remaining, this.arrivals, this.deadlines]) {
      values.copyWithin(at + 1, at, size);
    }
    this.remaining[at] = task.ratio * task.remaining;
    this.arrivals[at] = task.arrival;
    this.deadlines[at] = task.deadline;
  }

  removeAt(at: number): Task {
    const size = this.tasks.length;
    for (const values of [this.remaining, this.arrivals, this.deadlines]) {
      values.copyWithin(at, at + 1, size);
    }
    return this.tasks.splice(at, 1)[0]!;
  }

  /** Where a task stands, or belongs. */
  placeOf({ deadline, id }: Task): number {
    let low = 0;
    let high = this.tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.deadlines[middle]!;
      if (other < deadline || (other === deadline && this.tasks[middle]!.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(capacity: number): void {
    const grown = (values: Float64Array): Float64Array => {
      const larger = new Float64Array(capacity);
      larger.set(values);
      return larger;
    };
    this.remaining = grown(this.remaining);
    this.arrivals = grown(this.arrivals);
    this.deadlines = grown(this.deadlines);
    this.hopeless = new Uint8Array(capacity);
  }
}
