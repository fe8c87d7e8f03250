import type { FigureInput } from "@edgewright/device-bench";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import {
  createNllEvaluator,
  type DecoderRecipe,
  decoderAtWidth,
  distillTernary,
  measureInputMoments,
  measureSensitivities,
  type QuantizeDecoderOptions,
  quantizeDecoder,
  reportQuantization,
  type WeightRecipe,
  widthsOf,
} from "@edgewright/quant";
import type { BenchContext } from "../context.js";
import { readStoryTexts } from "./story-texts.js";

/** The reference table: nested codes without sensitivities, seed 2, a codebook a row, embedding at full precision. */
const REFERENCE: Readonly<Record<number, number>> = { 2: 3.69, 3: 1.65, 4: 1.314, 5: 1.27 };
const MARGIN = 0.02;

interface Method {
  readonly name: string;
  readonly linear: WeightRecipe;
  readonly known?: QuantizeDecoderOptions;
  /** @default full precision, as in the reference table */
  readonly embedding?: WeightRecipe;
  /** Whether the reference table has it. */
  readonly judged?: boolean;
}

/** nll of 40 pieces of TinyStories by method and width; sensitivities and inputs from 45 others. */
export async function measureStoryQuality(context: BenchContext): Promise<FigureInput[]> {
  const texts = await readStoryTexts();
  if (texts === undefined) {
    context.log("no stories260K or TinyStories: set EDGEWRIGHT_SHARED");
    return [];
  }
  const { weights } = texts.contents;
  const { signal } = context;
  using kernels = await loadTrainingKernels();
  const evaluate = createNllEvaluator(kernels, texts.judged.slice(0, 40), { signal });
  const evaluateAll = createNllEvaluator(kernels, texts.judged, { signal });
  const sensitivities = await measureSensitivities(kernels, weights, texts.calibration, { signal });
  const inputMoments = await measureInputMoments(kernels, weights, texts.calibration, { signal });
  const nll = (metric: string, value: number, note?: string): FigureInput => ({
    ...{ metric, value, unit: "nats", ...(note ? { note } : {}) },
  });
  const rows = [
    nll("f32, 60 pieces", await evaluateAll(weights), "reference 1.366"),
    nll("f32, 40 pieces", await evaluate(weights), "reference 1.260"),
  ];
  const fisher = { sensitivities };
  const gptq = { inputMoments, sensitivities };
  const nested = (seedBits: number) => ({ format: "nested", seedBits, bits: 6 }) as const;
  const binary = (groupSize: number) =>
    ({ format: "binary-coded", seedBits: 2, bits: 6, groupSize }) as const;
  const methods: readonly Method[] = [
    { name: "nested 2..6", linear: nested(2), judged: true },
    { name: "nested 2..6, Fisher", linear: nested(2), known: fisher, judged: true },
    { name: "nested 3..6, Fisher", linear: nested(3), known: fisher, judged: true },
    { name: "nested 2..6, GPTQ", linear: nested(2), known: gptq },
    { name: "nested 3..6, GPTQ", linear: nested(3), known: gptq, judged: true },
    {
      name: "nested 2..6, Fisher, embedding nested too",
      ...{ linear: nested(2), embedding: nested(2), known: fisher },
    },
    {
      name: "nested 3..6, GPTQ, embedding int8",
      ...{ linear: nested(3), embedding: { format: "int8-group" }, known: gptq },
    },
    {
      name: "nested 2..6, Fisher, codebook of 8 rows",
      linear: { ...nested(2), rowsPerCodebook: 8 },
      known: fisher,
    },
    { name: "binary-coded 2..6 by 32, Fisher", linear: binary(32), known: fisher },
    { name: "binary-coded 2..6 by 64, Fisher", linear: binary(64), known: fisher },
    { name: "int8 by 32", linear: { format: "int8-group" } },
    { name: "int4 by 32", linear: { format: "int4-group" } },
    { name: "int4 by 32, asymmetric", linear: { format: "int4-group", symmetric: false } },
    { name: "int4 by 32, GPTQ", linear: { format: "int4-group" }, known: gptq },
    {
      name: "int4 by 32, asymmetric, GPTQ",
      linear: { format: "int4-group", symmetric: false },
      known: gptq,
    },
    { name: "ternary, rounded", linear: { format: "ternary" } },
  ];
  for (const method of context.quick ? methods.slice(0, 2) : methods) {
    signal.throwIfAborted();
    context.log(method.name);
    const recipe: DecoderRecipe = {
      linear: method.linear,
      embedding: method.embedding ?? { format: "keep" },
    };
    const small = await quantizeDecoder(weights, recipe, { ...method.known, signal });
    const report = await reportQuantization(weights, small, { signal });
    for (const width of widthsOf(small).length > 0 ? widthsOf(small) : [undefined]) {
      const value = await evaluate(width === undefined ? small : decoderAtWidth(small, width));
      const linear = report.matrices.filter(({ role }) => role === "linear");
      const bits = linear.map(({ widths, shape }) => {
        const one = widths.find((each) => each.bits === width)!;
        return [one.bitsPerWeight * shape[0]! * shape[1]!, shape[0]! * shape[1]!] as const;
      });
      const read =
        bits.reduce((sum, [one]) => sum + one, 0) / bits.reduce((sum, [, one]) => sum + one, 0);
      const at = width === undefined ? "" : ` at ${width} bits`;
      const reference = method.judged && width !== undefined ? REFERENCE[width] : undefined;
      rows.push({
        ...nll(
          `${method.name}${at}`,
          value,
          `${read.toFixed(2)} bits a linear weight, tables included`,
        ),
        ...(reference === undefined ? {} : { target: { atMost: reference + MARGIN } }),
      });
    }
  }
  if (context.values.ternary === true) {
    const steps = context.quick ? 10 : 300;
    const ternary = await distillTernary(kernels, weights, texts.calibration, {
      ...{ steps, signal },
      onProgress: ({ step, loss }) =>
        step % 20 === 0 && context.log(`ternary ${step}: ${loss.toFixed(3)}`),
    });
    rows.push(nll(`ternary, trained for ${steps} updates`, await evaluate(ternary)));
  }
  return rows;
}
