import type { CompletedTask } from "../tasks/completed-task.js";

/** One event of the Trace Event Format, as Perfetto and chrome://tracing read it; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "b" | "e" | "n" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  readonly args?: Readonly<Record<string, string | number>>;
}

const ACCELERATORS = 1;
const REQUESTS = 2;

/**
 * A run as a trace for Perfetto or chrome://tracing: a track for each accelerator with the layers that ran on it, and
 * for every request an asynchronous span from its arrival to its end, with its deadline as an instant.
 *
 * Layers are there for tasks whose segments were kept.
 *
 * @example
 * ```ts
 * declare const tasks: CompletedTask[];
 * await writeFile("trace.json", JSON.stringify(createChromeTrace(tasks)));
 * ```
 */
export function createChromeTrace(tasks: readonly CompletedTask[]): { traceEvents: TraceEvent[] } {
  const events: TraceEvent[] = [
    nameOf("process_name", ACCELERATORS, 0, "accelerators"),
    nameOf("process_name", REQUESTS, 0, "requests"),
  ];
  const accelerators = new Set<number>();
  for (const { id, model, priority, arrival, deadline, finish, outcome, segments } of tasks) {
    for (const { accelerator, start, end, firstLayer, layers } of segments ?? []) {
      accelerators.add(accelerator);
      events.push({
        ...{ name: model, ph: "X", cat: "layers", pid: ACCELERATORS, tid: accelerator },
        ...{ ts: toMicroseconds(start), dur: toMicroseconds(end - start) },
        args: { request: id, firstLayer, layers },
      });
    }
    const span = { name: model, cat: "request", pid: REQUESTS, tid: 0, id };
    const late = finish > deadline ? 1 : 0;
    events.push({ ...span, ph: "b", ts: toMicroseconds(arrival), args: { priority } });
    if (Number.isFinite(deadline)) {
      events.push({ ...span, name: "deadline", ph: "n", ts: toMicroseconds(deadline) });
    }
    events.push({ ...span, ph: "e", ts: toMicroseconds(finish), args: { outcome, late } });
  }
  for (const accelerator of accelerators) {
    events.push(nameOf("thread_name", ACCELERATORS, accelerator, `accelerator ${accelerator}`));
  }
  return { traceEvents: events };
}

function nameOf(name: string, pid: number, tid: number, value: string): TraceEvent {
  return { name, ph: "M", pid, tid, args: { name: value } };
}

function toMicroseconds(seconds: number): number {
  return seconds * 1e6;
}
