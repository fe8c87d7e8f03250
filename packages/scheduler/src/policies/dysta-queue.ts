import type { Task } from "../tasks/task.js";
import { DystaClass } from "./dysta-class.js";
import type { DystaScore } from "./dysta-score.js";
import { DystaSearch } from "./dysta-search.js";
import { DystaTree } from "./dysta-tree.js";
import type { ReadyQueue } from "./policy.js";

/**
 * A queue that takes what a scan of all tasks with {@link scoreDysta} would take, bit for bit, without one: tasks
 * that have not begun lie in classes of which only the ends matter, those that have begun, each with a remaining
 * time of its own, in a tree for each model; but for the last one, which mostly runs on at once. Time must not run
 * backwards while tasks wait.
 *
 * @param classes whether tasks of a model that have not begun have the same score at the same age; otherwise all
 *   lie in the trees
 */
export function createDystaQueue(rule: DystaScore, classes: boolean): ReadyQueue {
  const unbegun = new Map<number, DystaClass[]>(); // those with tasks, by R
  const trees = new Map<string, DystaTree>();
  let last: Task | undefined; // the last one put in that is not in a class
  let size = 0;

  const classOf = (task: Task): DystaClass | undefined => {
    const isolated = rule.isolatedOf(task);
    const allowance = task.deadline - task.arrival;
    const same = unbegun.get(rule.remainingOf(task));
    if (same === undefined) return undefined;
    for (const one of same) if (one.fits(isolated, allowance)) return one;
    return undefined;
  };

  const putInClass = (task: Task): boolean => {
    const known = classOf(task);
    if (known !== undefined) return known.put(task);
    const created = new DystaClass(rule, task);
    const same = unbegun.get(created.remaining);
    if (same === undefined) unbegun.set(created.remaining, [created]);
    else same.push(created);
    return true;
  };

  const putInTree = (task: Task): void => {
    let tree = trees.get(task.model);
    if (tree === undefined) {
      tree = new DystaTree(rule);
      trees.set(task.model, tree);
    }
    tree.put(task);
  };

  const removeFromClass = (task: Task): boolean => {
    const found = classOf(task);
    if (!found?.remove(task)) return false;
    if (found.size > 0) return true;
    const same = unbegun.get(found.remaining)!;
    if (same.length === 1) unbegun.delete(found.remaining);
    else same.splice(same.indexOf(found), 1);
    return true;
  };

  return {
    get size() {
      return size;
    },
    put(task) {
      size++;
      const fits = classes && task.layersRun === 0 && task.lastRun === task.arrival;
      if (fits && putInClass(task)) return;
      if (last !== undefined) putInTree(last);
      last = task;
    },
    take(now) {
      if (size === 0) return undefined;
      const search = new DystaSearch(rule, now, size);
      if (last !== undefined) search.score(last);
      for (const same of unbegun.values()) for (const one of same) one.search(search);
      for (const tree of trees.values()) tree.search(search);
      const task = search.best!;
      if (task === last) last = undefined;
      else if (search.tree === undefined) removeFromClass(task);
      else search.tree.removeAt(search.place);
      size--;
      return task;
    },
    remove(task) {
      const wasLast = task === last;
      if (wasLast) last = undefined;
      const removed = wasLast || trees.get(task.model)?.remove(task) || removeFromClass(task);
      if (removed) size--;
      return removed;
    },
  };
}
