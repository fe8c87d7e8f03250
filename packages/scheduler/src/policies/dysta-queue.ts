import type { Task } from "../tasks/task.js";
import type { DystaScore } from "./dysta.js";
import { DystaClass, DystaSearch } from "./dysta-class.js";
import type { ReadyQueue } from "./policy.js";

/**
 * A queue that takes what a scan of all tasks with {@link scoreDysta} would take, bit for bit, without one: tasks
 * that have not begun lie in classes of which only the ends matter, and those that have begun, few under this
 * policy, are looked at one by one. Time must not run backwards while tasks wait.
 */
export function createDystaQueue(rule: DystaScore): ReadyQueue {
  const classes = new Map<number, DystaClass[]>(); // those with tasks, by R
  const begun: Task[] = []; // in no order
  let size = 0;

  const classOf = (task: Task): DystaClass | undefined => {
    const isolated = rule.isolatedOf(task);
    const allowance = task.deadline - task.arrival;
    const same = classes.get(rule.remainingOf(task));
    if (same === undefined) return undefined;
    for (const one of same) if (one.fits(isolated, allowance)) return one;
    return undefined;
  };

  const putInClass = (task: Task): boolean => {
    const known = classOf(task);
    if (known !== undefined) return known.put(task);
    const created = new DystaClass(rule, task);
    const same = classes.get(created.remaining);
    if (same === undefined) classes.set(created.remaining, [created]);
    else same.push(created);
    return true;
  };

  const remove = (task: Task): boolean => {
    const place = begun.indexOf(task);
    if (place >= 0) {
      begun[place] = begun.at(-1)!;
      begun.pop();
    } else {
      const found = classOf(task);
      if (!found?.remove(task)) return false;
      if (found.size === 0) forget(found);
    }
    size--;
    return true;
  };

  const forget = (empty: DystaClass): void => {
    const same = classes.get(empty.remaining)!;
    if (same.length === 1) classes.delete(empty.remaining);
    else same.splice(same.indexOf(empty), 1);
  };

  return {
    get size() {
      return size;
    },
    put(task) {
      size++;
      const unbegun = task.layersRun === 0 && task.lastRun === task.arrival;
      if (!unbegun || !putInClass(task)) begun.push(task);
    },
    take(now) {
      if (size === 0) return undefined;
      const search = new DystaSearch(rule, now, size);
      for (const task of begun) search.score(task);
      for (const same of classes.values()) for (const one of same) one.search(search);
      const task = search.best!;
      remove(task);
      return task;
    },
    remove,
  };
}
