// Peak memory of loading a model and decoding with it, against the bytes of its file.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import type { MemoryResult } from "./measure-memory-alone.js";
import { type RandomFormat, randomModel, type SHAPES } from "./random-models.js";

const CAPACITY = 256;
const CASES: readonly (readonly [keyof typeof SHAPES, RandomFormat])[] = [
  ["15M", "q4_0"],
  ["110M", "q4_0"],
  ["110M", "q8_0"],
  ["110M", "tq2_0"],
  ["110M", "f16"],
];

/** Each model alone in its process, with a cache of 256 tokens, of which 144 are used. */
export async function measureMemory(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const [shape, format] of CASES) {
    context.signal.throwIfAborted();
    const result = await measureAlone(shape, format);
    const { fileBytes, baselineBytes, peakBytes, settledBytes, keptBytes, stated } = result;
    const of = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    const metric = `${shape} ${format}`;
    rows.push(
      {
        metric: `${metric}, peak of the process over the file`,
        value: peakBytes / fileBytes,
        unit: "x",
        target: { atMost: 1.3 },
        note: `${of(peakBytes)}, of it ${of(stated.cache)} cache if full; file ${of(fileBytes)}; without Node's own ${of(baselineBytes)}`,
      },
      {
        metric: `${metric}, settled`,
        value: settledBytes / fileBytes,
        unit: "x",
        note: `${of(settledBytes)}; ${of(keptBytes)} after dispose`,
      },
      {
        ...{ metric: `${metric}, WebAssembly memory as the model states it`, unit: "x" },
        ...{
          value: stated.total / fileBytes,
          note: `${of(stated.total)}, ${of(stated.weights)} weights`,
        },
      },
    );
  }
  return rows;
}

async function measureAlone(
  shape: keyof typeof SHAPES,
  format: RandomFormat,
): Promise<MemoryResult> {
  const file = await randomModel(shape, format);
  const script = fileURLToPath(new URL("./measure-memory-alone.ts", import.meta.url));
  const args = [...process.execArgv, script, file, format, `${CAPACITY}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as MemoryResult;
}
