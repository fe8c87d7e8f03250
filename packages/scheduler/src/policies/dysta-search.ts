import type { Task } from "../tasks/task.js";
import { type DystaScore, scoreDysta } from "./dysta-score.js";
import type { DystaTree } from "./dysta-tree.js";

/** The search for the least score at one moment; the first admitted of equals wins. */
export class DystaSearch {
  best: Task | undefined = undefined;
  least: number = Infinity;
  /** Where the best task lies in a tree; undefined while it is of a class. */
  tree: DystaTree | undefined = undefined;
  place = -1;

  constructor(
    readonly rule: DystaScore,
    readonly now: number,
    readonly count: number,
  ) {}

  /** Score of a task of a class, which is kept when it is the best so far. */
  score(task: Task): number {
    return this.scoreAt(task, undefined, -1);
  }

  /** The same of a task in a tree. */
  scoreAt(task: Task, tree: DystaTree | undefined, place: number): number {
    const score = scoreDysta(this.rule, task, this.now, this.count);
    const best = this.best;
    if (best === undefined || score < this.least || (score === this.least && task.id < best.id)) {
      this.best = task;
      this.least = score;
      this.tree = tree;
      this.place = place;
    }
    return score;
  }
}
