import { readFile } from "node:fs/promises";
import type { Tensor } from "onnxruntime-common";
import { type ComparisonModel, compareEngines } from "../engines/compare-engines.js";
import { createEdgewrightEngine } from "../engines/edgewright-engine.js";
import { findOnnxruntimeEngines } from "../engines/onnxruntime-engine.js";
import { MODEL_PATHS, type ModelRole } from "../ocr/models.js";
import { need, type PipelineContext } from "../pipeline.js";

/** Measures every engine that is there on inputs of this page: the page, and the line of median length. */
export async function measureEngines(context: PipelineContext): Promise<void> {
  const { progress, signal } = context;
  const { inputs } = need(context, "reader");
  const models: ComparisonModel[] = [];
  for (const role of ["detector", "recogniser", "classifier"] satisfies ModelRole[]) {
    const input = ofMedianSize(inputs[role]);
    if (input) models.push({ role, model: await readFile(MODEL_PATHS[role]), input });
  }
  const engines = [
    await createEdgewrightEngine(1),
    await createEdgewrightEngine(Math.max(2, need(context, "engine").threads)),
    ...(await findOnnxruntimeEngines()),
  ];
  try {
    context.comparison = await compareEngines(engines, models, {
      signal,
      onProgress: (engine, role) => progress.update(`${role} on ${engine}`),
    });
  } finally {
    for (const engine of engines) engine.dispose?.();
  }
}

function ofMedianSize(inputs: readonly Tensor[]): Tensor | undefined {
  return [...inputs].sort((a, b) => a.size - b.size)[inputs.length >> 1];
}
