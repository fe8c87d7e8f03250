import { describeMachine, describeRuntime } from "@edgewright/device-bench";
import { characterAccuracy } from "../character-accuracy.js";
import { describeEngine } from "../engines/inference-engine.js";
import type { ModelRole } from "../ocr/models.js";
import { need, type PipelineContext } from "../pipeline.js";
import type { ModelMemory, ReportData, Setting } from "../report/report-data.js";

/** Puts together what the stages left: the data of the report, of `--json`, and of the printed tables. */
export function collectResults(context: PipelineContext): ReportData {
  const { truth, image, ...page } = need(context, "page");
  const lines = need(context, "lines");
  const text = lines.map((line) => line.text).join("\n");
  return {
    image: { ...page, width: image.width, height: image.height },
    lines,
    characterAccuracy: truth === undefined ? undefined : characterAccuracy(text, truth.trim()),
    stages: context.clock.times(),
    memory: readMemory(context),
    peakProcessBytes: need(context, "peakProcessBytes"),
    comparison: context.comparison,
    zoo: context.zoo,
    served: context.served,
    story: context.story,
    chosen: context.chosen,
    setting: describeSetting(context),
  };
}

function readMemory(context: PipelineContext): ModelMemory[] {
  const { sessions } = need(context, "reader");
  return (Object.keys(sessions) as ModelRole[]).flatMap((role) => {
    const memory = sessions[role].memory?.();
    return memory ? [{ role, ...memory }] : [];
  });
}

function describeSetting(context: PipelineContext): Setting {
  const { cpu, threads, memoryBytes } = describeMachine();
  const memory = memoryBytes === undefined ? "" : `, ${Math.round(memoryBytes / 2 ** 30)} GiB`;
  const { node, v8 } = describeRuntime();
  return {
    machine: `${cpu}, ${threads} logical processors${memory}`,
    software: `Node ${node}, V8 ${v8}`,
    date: new Date().toISOString(),
    engine: describeEngine(need(context, "engine")),
  };
}
