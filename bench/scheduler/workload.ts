import { createRng } from "@edgewright/core";
import {
  createModelTable,
  createRequests,
  type ModelTable,
  poissonArrivals,
  type SimulatedRequest,
} from "@edgewright/scheduler";

const LAYERS = 12;
const SAMPLES = 100;

/** Three models of twelve layers, 20 to 30 ms alone, whose samples differ in sparsity and so in latency. */
export function createModels(): ModelTable[] {
  const rng = createRng(20231028);
  return [21, 24, 27].map((milliseconds, i) => {
    const densities = Array.from({ length: LAYERS }, () => 0.3 + 0.3 * rng.uniform());
    const sparsities: number[][] = [];
    const latencies: number[][] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const whole = 0.75 + 0.5 * rng.uniform(); // what the layers of one input have in common
      const row = densities.map((one) => one * whole * (0.95 + 0.1 * rng.uniform()));
      sparsities.push(row.map((density) => 1 - density));
      latencies.push(
        row.map((density, layer) => {
          const average = milliseconds / 1000 / LAYERS;
          return average * (0.4 + (0.6 * density) / densities[layer]!);
        }),
      );
    }
    return createModelTable({ name: `model ${i}`, latencies, sparsities });
  });
}

/** Requests at 1.5 times what one accelerator can do: a third of them wait at the end, so queues grow with them. */
export function createOverload(models: readonly ModelTable[], count: number): SimulatedRequest[] {
  const alone = models.reduce((sum, one) => sum + one.meanIsolated, 0) / models.length;
  const arrivals = poissonArrivals({ rate: 1.5 / alone, count, seed: 1 });
  return createRequests({ models, arrivals, seed: 2 });
}
