import type { DeviceMeasurement, MetricStatistics } from "@edgewright/core";

/**
 * One measurement for each engine out of all those of a model: the parts of a model (encoder, decoder) run one after the
 * other, so that their mean times add and the greatest memory counts. An engine that runs only some of the parts is left
 * out; of the same part measured several times (other batches) the one nearest to a single sample counts.
 */
export function mergeComponents(measurements: readonly DeviceMeasurement[]): DeviceMeasurement[] {
  const parts = new Set(measurements.map(({ component }) => component));
  const byEngine = new Map<string, Map<string | undefined, DeviceMeasurement>>();
  for (const measurement of measurements) {
    const own = byEngine.get(measurement.engine) ?? new Map();
    byEngine.set(measurement.engine, own);
    const before = own.get(measurement.component);
    if (!before || (measurement.batch ?? 1) < (before.batch ?? 1)) {
      own.set(measurement.component, measurement);
    }
  }
  return [...byEngine.values()]
    .filter((own) => own.size === parts.size)
    .map((own) => (own.size === 1 ? [...own.values()][0]! : addUp([...own.values()])));
}

function addUp(parts: readonly DeviceMeasurement[]): DeviceMeasurement {
  const { component: _, latencyMs: __, energyMj: ___, memoryBytes: ____, ...first } = parts[0]!;
  const latency = sum(parts.map((part) => typical(part.latencyMs)));
  const energy = sum(parts.map((part) => typical(part.energyMj)));
  const memory = parts.map(({ memoryBytes }) => memoryBytes?.max ?? typical(memoryBytes));
  const bytes = sum(parts.map(({ modelBytes }) => modelBytes));
  return {
    ...first,
    ...(latency === undefined ? {} : { latencyMs: { mean: latency } }),
    ...(energy === undefined ? {} : { energyMj: { mean: energy } }),
    ...(bytes === undefined ? {} : { modelBytes: bytes }),
    ...(sum(memory) === undefined
      ? {}
      : { memoryBytes: { max: Math.max(...memory.map((value) => value ?? 0)) } }),
  };
}

function typical(statistics: MetricStatistics | undefined): number | undefined {
  return statistics?.mean ?? statistics?.median;
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}
