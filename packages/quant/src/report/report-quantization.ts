import { EdgewrightError, sizeOf, throwIfAborted } from "@edgewright/core";
import { type DecoderWeights, type WeightTensor, weightFloats } from "@edgewright/core/model-files";
import { decoderAtWidth, weightAtWidth, widthsOf } from "../decoder/decoder-at-width.js";
import { listWeights, type NamedWeight } from "../decoder/weight-paths.js";
import { yieldToOthers } from "../internal/steps.js";
import { readBytes, storedBytes } from "./weight-bytes.js";

/** What a matrix, or a model, is at one width. */
export interface WidthReport {
  /** Absent where there is one width only. */
  readonly bits?: number;
  /** What a product at this width reads, tables and scales included, for each weight. */
  readonly bitsPerWeight: number;
  /** ||after - before|| / ||before||, Frobenius norms. */
  readonly relativeError: number;
  /** The same with every square weighted by its sensitivity, where sensitivities are known. */
  readonly weightedError?: number;
}

/** What became of one matrix. */
export interface MatrixReport {
  readonly path: string;
  readonly role: NamedWeight["role"];
  readonly shape: readonly number[];
  /** A packed format, or the element type. */
  readonly format: string;
  /** Bytes in the file. */
  readonly bytes: number;
  /** Bits in the file for each weight, all widths' tables included. */
  readonly storedBitsPerWeight: number;
  /** One for each width; a single one without `bits` for other formats. */
  readonly widths: readonly WidthReport[];
}

/** What became of a model. */
export interface QuantizationReport {
  readonly matrices: readonly MatrixReport[];
  /** Weights in all matrices. */
  readonly weights: number;
  /** Bytes of all matrices before. */
  readonly bytesBefore: number;
  /** Bytes of all matrices in the file. */
  readonly bytes: number;
  /** Bits in the file for each weight, all widths' tables included. */
  readonly storedBitsPerWeight: number;
  /** The whole model at each width. */
  readonly widths: readonly ModelWidthReport[];
  /** Mean negative log-likelihood a token before, in nats, where it was evaluated. */
  readonly nllBefore?: number;
}

/** The whole model at one width. */
export interface ModelWidthReport extends WidthReport {
  /** Mean negative log-likelihood a token, in nats, where it was evaluated. */
  readonly nll?: number;
}

/** Options of {@link reportQuantization}. */
export interface ReportQuantizationOptions {
  /** By path; see {@link quantizeDecoder}. */
  readonly sensitivities?: ReadonlyMap<string, ArrayLike<number>>;
  /** Measures a model: see {@link createNllEvaluator}. Called once before and once for each width. @default none */
  readonly evaluate?: (weights: DecoderWeights) => Promise<number>;
  /** Ends before the next matrix or evaluation. */
  readonly signal?: AbortSignal;
  /** Called before each matrix and each evaluation. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Compares a model in few bits with the one it was made from: bits per weight with tables and scales, errors of
 * every matrix at every width, and how well each width predicts a text.
 *
 * @throws EdgewrightError `invalid-argument` when the two are not the same model; AbortError.
 *
 * @example
 * ```ts
 * const report = await reportQuantization(weights, small, { evaluate: createNllEvaluator(kernels, texts) });
 * console.log(formatReport(report, "markdown"));
 * ```
 */
export async function reportQuantization(
  before: DecoderWeights,
  after: DecoderWeights,
  options: ReportQuantizationOptions = {},
): Promise<QuantizationReport> {
  const { sensitivities, evaluate, signal, onProgress } = options;
  const olds = listWeights(before);
  const news = listWeights(after);
  checkSame(olds, news);
  const widths: (number | undefined)[] = widthsOf(after);
  if (widths.length === 0) widths.push(undefined);
  const total = olds.length + (evaluate ? widths.length + 1 : 0);
  const matrices: MatrixReport[] = [];
  const sums = widths.map(() => new ErrorSum());
  for (const [at, { path, weight }] of olds.entries()) {
    throwIfAborted(signal, "reportQuantization");
    onProgress?.(at, total);
    const floats = weightFloats(weight);
    const one = news[at]!;
    const own = sensitivities?.get(path);
    const measured = new Map<number | undefined, ErrorSum>();
    const measure = (width: number | undefined): ErrorSum => {
      const known = measured.get(width);
      if (known) return known;
      const sum = new ErrorSum();
      sum.add(floats, weightAtWidth(one.weight, width), own);
      measured.set(width, sum);
      return sum;
    };
    matrices.push(reportMatrix(one, measure));
    widths.forEach((width, place) => {
      sums[place]!.merge(measure(nearestWidth(one.weight, width)));
    });
    await yieldToOthers();
  }
  const weights = olds.reduce((sum, { weight }) => sum + sizeOf(weight.shape), 0);
  const bytes = matrices.reduce((sum, matrix) => sum + matrix.bytes, 0);
  const modelWidths: ModelWidthReport[] = [];
  let nllBefore: number | undefined;
  if (evaluate) {
    throwIfAborted(signal, "reportQuantization");
    onProgress?.(olds.length, total);
    nllBefore = await evaluate(before);
  }
  for (const [place, width] of widths.entries()) {
    throwIfAborted(signal, "reportQuantization");
    if (evaluate) onProgress?.(olds.length + 1 + place, total);
    const read = news.reduce(
      (sum, { weight }) => sum + readBytes(weight, nearestWidth(weight, width)),
      0,
    );
    const atWidth = (): DecoderWeights =>
      width === undefined ? after : decoderAtWidth(after, width);
    modelWidths.push({
      ...widthReport(width, (8 * read) / weights, sums[place]!),
      ...(evaluate ? { nll: await evaluate(atWidth()) } : {}),
    });
  }
  onProgress?.(total, total);
  return {
    matrices,
    weights,
    bytesBefore: olds.reduce((sum, { weight }) => sum + storedBytes(weight), 0),
    bytes,
    storedBitsPerWeight: (8 * bytes) / weights,
    widths: modelWidths,
    ...(nllBefore === undefined ? {} : { nllBefore }),
  };
}

function reportMatrix(
  { path, role, weight }: NamedWeight,
  measure: (width: number | undefined) => ErrorSum,
): MatrixReport {
  const own = widthsOf(weight);
  const elements = sizeOf(weight.shape);
  const bytes = storedBytes(weight);
  const widths: (number | undefined)[] = own.length > 0 ? own : [undefined];
  return {
    path,
    role,
    shape: weight.shape,
    format: "format" in weight ? weight.format : weight.dtype,
    bytes,
    storedBitsPerWeight: (8 * bytes) / elements,
    widths: widths.map((width) =>
      widthReport(width, (8 * readBytes(weight, width)) / elements, measure(width)),
    ),
  };
}

function widthReport(bits: number | undefined, bitsPerWeight: number, sum: ErrorSum): WidthReport {
  return {
    ...(bits === undefined ? {} : { bits }),
    bitsPerWeight,
    relativeError: Math.sqrt(sum.error / (sum.energy || 1)),
    ...(sum.weighted
      ? { weightedError: Math.sqrt(sum.weightedError / (sum.weightedEnergy || 1)) }
      : {}),
  };
}

/** The width that a matrix has nearest to that of the model, which other matrices may have. */
function nearestWidth(weight: WeightTensor, width: number | undefined): number | undefined {
  const own = widthsOf(weight);
  if (width === undefined || own.length === 0) return undefined;
  return Math.min(own.at(-1)!, Math.max(own[0]!, width));
}

/** Squares of errors and of weights, plain and weighted. */
class ErrorSum {
  error = 0;
  energy = 0;
  weightedError = 0;
  weightedEnergy = 0;
  weighted = false;

  add(
    before: Float32Array,
    after: Float32Array,
    sensitivities: ArrayLike<number> | undefined,
  ): void {
    for (let at = 0; at < before.length; at++) {
      const error = (after[at]! - before[at]!) ** 2;
      const energy = before[at]! ** 2;
      this.error += error;
      this.energy += energy;
      if (!sensitivities) continue;
      this.weightedError += sensitivities[at]! * error;
      this.weightedEnergy += sensitivities[at]! * energy;
    }
    if (sensitivities) this.weighted = true;
  }

  merge(other: ErrorSum): void {
    this.error += other.error;
    this.energy += other.energy;
    this.weightedError += other.weightedError;
    this.weightedEnergy += other.weightedEnergy;
    this.weighted ||= other.weighted;
  }
}

function checkSame(olds: readonly NamedWeight[], news: readonly NamedWeight[]): void {
  const name = ({ path, weight }: NamedWeight): string => `${path} [${weight.shape.join(", ")}]`;
  const at = olds.findIndex((old, place) => !news[place] || name(old) !== name(news[place]));
  if (at < 0 && olds.length === news.length) return;
  const [old, other] = [olds[Math.max(at, 0)], news[Math.max(at, 0)]];
  throw new EdgewrightError(
    "invalid-argument",
    `reportQuantization: expected the same matrices before and after, got ${old ? name(old) : "nothing"} and ${other ? name(other) : "nothing"}`,
  );
}
