// The simulator of Sparse-DySta as its description says, list by list and rule by rule: slow and obvious, and
// independent of the policies and the simulator of this package.

/** A model as a trace file holds it. */
export interface PlainModel {
  readonly name: string;
  readonly architecture: string;
  /** `[samples][layers]` */
  readonly latencies: readonly number[][];
  readonly sparsities: readonly number[][];
}

interface Running {
  arrival: number;
  priority: number;
  target: number;
  real: number[];
  est: number[];
  sparsity: number[];
  meanSparsity: number[];
  ratios: number[];
  realIso: number;
  estIso: number;
  gamma: number;
  lastRun: number;
  token: number;
}

export function replayPlainly(
  scheduler: string,
  models: readonly PlainModel[],
  requests: readonly (readonly [number, string, number, number])[],
  sloMultiplier: number,
): { violation: number; stp: number; antt: number } {
  const patternAware = !scheduler.includes("naive") && /sparse|dysta/.test(scheduler);
  const watches = scheduler === "dysta" || scheduler.includes("sparse");
  const queue = requests.map(([arrival, name, priority, sample]): Running => {
    const model = models.find((one) => one.name === name)!;
    const family = models.filter(({ architecture }) => architecture === model.architecture);
    const all = family.flatMap(({ latencies }) => latencies);
    const est = columnMeans(patternAware ? model.latencies : all);
    const real = [...model.latencies[sample]!];
    const target = arrival + (sum(all.map(sum)) / all.length) * sloMultiplier;
    return {
      ...{ arrival, priority, target, real, est, realIso: sum(real), estIso: sum(est) },
      ...{ sparsity: [...model.sparsities[sample]!], meanSparsity: columnMeans(model.sparsities) },
      ...{ ratios: [], gamma: 1, lastRun: arrival, token: -1 },
    };
  });
  const total = queue.length;
  const firstArrival = queue[0]!.arrival;
  const running: Running[] = [];
  let now = 0;
  let violations = 0;
  let turnarounds = 0;
  while (queue.length > 0 || running.length > 0) {
    if (running.length === 0) {
      running.push(queue.shift()!);
      now = running[0]!.arrival;
    } else {
      while (queue.length > 0 && queue[0]!.arrival < now) running.push(queue.shift()!);
    }
    const task = pick(scheduler, running, now);
    now += task.real.shift()!;
    task.est.shift();
    if (watches) {
      task.ratios.push((1 - task.sparsity.shift()!) / (1 - task.meanSparsity.shift()!));
      task.gamma = sum(task.ratios) / task.ratios.length;
    }
    task.lastRun = now;
    if (task.real.length > 0) continue;
    running.splice(running.indexOf(task), 1);
    if (now > task.target) violations++;
    turnarounds += (now - task.arrival) / task.realIso;
  }
  return {
    violation: violations / total,
    stp: total / (now - firstArrival),
    antt: turnarounds / total,
  };
}

function pick(scheduler: string, running: Running[], now: number): Running {
  const rem = ({ est }: Running) => sum(est);
  switch (scheduler) {
    case "fcfs":
      return first(running, ({ arrival }) => arrival);
    case "sjf":
      return first(running, rem);
    case "sjf_sparse":
      return first(running, (task) => task.gamma * rem(task));
    case "prema":
    case "prema_sparse":
      return pickPrema(running, now);
    case "planaria":
      return pickPlanaria(running, now);
    case "sdrm3":
      return first(running, (task) => {
        const urgency = Math.min(1, rem(task) / (task.target - now));
        return -(urgency + (now - task.lastRun) / task.est[0]!);
      });
    case "dysta":
    case "dysta_naive":
      return first(running, (task) => {
        const left = task.gamma * rem(task);
        const slack = Math.max(0, task.target - now - left);
        return left + 0.01 * (slack + (now - task.lastRun) / task.estIso / running.length);
      });
    case "dysta_oracle":
      return first(running, (task) => {
        const left = sum(task.real);
        const slack = Math.max(0, task.target - now - left);
        return left + 0.01 * (slack + (now - task.lastRun) / task.realIso / running.length);
      });
    default:
      throw new Error(scheduler);
  }
}

function pickPrema(running: Running[], now: number): Running {
  let most = 0;
  let gamma = 1;
  for (const task of running) {
    if (task.token < 0) {
      task.token = task.priority;
    } else {
      task.token += (task.priority * (now - task.lastRun)) / (task.gamma * task.estIso);
      most = Math.max(most, task.token);
    }
    gamma = task.gamma; // leaks out of the loop
  }
  const threshold = most >= 9 ? 9 : most >= 3 ? 3 : 1;
  const candidates = running.filter(({ token }) => token >= threshold);
  return first(candidates, ({ est }) => gamma * sum(est));
}

function pickPlanaria(running: Running[], now: number): Running {
  let best = running[0]!;
  let most = -1;
  for (const task of running) {
    const score = task.priority / (task.target - now);
    if (most < 0) {
      [best, most] = [task, score];
    } else if (score >= most) {
      if (score === most && best.arrival < task.arrival) continue;
      [best, most] = [task, score];
    }
  }
  return best;
}

function first(tasks: readonly Running[], score: (task: Running) => number): Running {
  let best = tasks[0]!;
  for (const task of tasks) if (score(task) < score(best)) best = task;
  return best;
}

function columnMeans(rows: readonly number[][]): number[] {
  return rows[0]!.map((_, column) => sum(rows.map((row) => row[column]!)) / rows.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
