import {
  add,
  concat,
  createParameter,
  crossEntropy,
  embedding,
  klDivergence,
  matmul,
  meanSquaredError,
  multiply,
  type Parameter,
  type RecordNetwork,
  reshape,
  rmsNorm,
  slice,
  stopGradient,
  type Variable,
} from "@edgewright/autograd";
import type { LanguageModel, LanguageModelOutputs } from "@edgewright/autograd/language";
import type { Rng } from "@edgewright/core";
import { type PromptCuts, rowsWithCuts } from "./prompt-cuts.js";

/** What a student learns from. */
export interface DistillationOptions {
  readonly teacher: LanguageModel;
  readonly student: LanguageModel;
  /** One for the embeddings and one for every block: {@link createProjections}. */
  readonly projections: readonly Parameter[];
  /** Tokens of a row. */
  readonly length: number;
  /** Divides the teacher's logits: above 1 its opinions become less firm. @default 1 */
  readonly teacherTemperature?: number;
  /** Weight of the likeness of the residual streams; 0 leaves it out. */
  readonly hiddenWeight: number;
  /** Weight of the next tokens of text that people wrote; 0 leaves it out. */
  readonly textWeight: number;
  /** Prompt tokens that the student learns to guess ahead with. @default none */
  readonly prompts?: {
    /** [count, dim] */
    readonly tokens: Parameter;
    /** Places in a row behind which they stand. */
    readonly cuts: number;
    readonly weight: number;
  };
}

/** Weight of each distance against the one before it (PPD, arXiv:2405.18628). */
const DECAY = 0.8;

/**
 * Matrices that show a student's residual stream to its teacher, [teacher's dim, student's dim] each.
 */
export function createProjections(
  teacher: LanguageModel,
  student: LanguageModel,
  rng: Rng,
): Parameter[] {
  const shape = [teacher.config.dim, student.config.dim];
  const deviation = 1 / Math.sqrt(student.config.dim);
  return student.parameters.layers.concat(student.parameters.layers[0]!).map((_, i) =>
    createParameter({
      name: `projections.${i}`,
      shape,
      data: Float32Array.from({ length: shape[0]! * shape[1]! }, () => rng.normal(0, deviation)),
    }),
  );
}

/**
 * The loss of distillation: KL(teacher || student) of the next token at every position, plus the mean squared
 * difference of the residual streams before and behind every block, each normalised and the student's seen through a
 * learnt matrix (FitNets, Romero et al. 2015), plus the cross-entropy of real text.
 *
 * With prompt tokens behind random places, those are to say what the teacher says so many tokens further on.
 *
 * Inputs: `ids` i32 [b, length]; with `textWeight` `next` i32 [b, length], -100 where the row is no real text; with
 * prompt tokens what {@link writePromptCuts} writes.
 */
export function recordDistillation(options: DistillationOptions): RecordNetwork {
  const { teacher, student, projections, length, hiddenWeight, textWeight } = options;
  const { teacherTemperature = 1, prompts } = options;
  return (tape, batch) => {
    const ids = tape.input("ids", [batch, length], "i32");
    const taught = teacher.apply(ids);
    const learnt = prompts
      ? applyWithPrompts(student, ids, { length, count: prompts.tokens.shape[0]!, ...prompts })
      : student.apply(ids);
    const text = (x: Variable): Variable => part(x, 1, 0, length);
    const logits = prompts ? text(learnt.logits) : learnt.logits;
    const scale = (term: Variable, factor: number): Variable =>
      multiply(term, tape.constant([factor], []));
    const opinions =
      teacherTemperature === 1 ? taught.logits : scale(taught.logits, 1 / teacherTemperature);
    const kl = klDivergence(stopGradient(opinions), logits);
    let loss: Variable = kl;
    if (hiddenWeight > 0) {
      projections.forEach((projection, i) => {
        const hidden = prompts ? text(learnt.hidden[i]!) : learnt.hidden[i]!;
        const seen = matmul(rmsNorm(hidden), tape.parameter(projection), {
          transposeB: true,
        });
        const term = meanSquaredError(seen, stopGradient(rmsNorm(taught.hidden[i]!)));
        loss = add(loss, scale(term, hiddenWeight / projections.length));
      });
    }
    if (textWeight > 0) {
      const next = tape.input("next", [batch, length], "i32");
      loss = add(loss, scale(crossEntropy(logits, next), textWeight));
    }
    if (prompts) {
      const ahead = guessAhead(learnt.logits, opinions, { length, prompts });
      loss = add(loss, scale(ahead, prompts.weight));
    }
    return { loss, outputs: { kl } };
  };
}

function applyWithPrompts(
  student: LanguageModel,
  ids: Variable,
  shape: PromptCuts & { readonly tokens: Parameter },
): LanguageModelOutputs {
  const { tape } = ids;
  const [batch] = ids.shape as [number, number];
  const rows = rowsWithCuts(shape);
  const which = tape.constant(
    Array.from({ length: batch * shape.cuts * shape.count }, (_, i) => i % shape.count),
    [batch, shape.cuts * shape.count],
    "i32",
  );
  const chains = embedding(which, tape.parameter(shape.tokens));
  return student.apply(concat([student.embed(ids), chains], { axis: 1 }), {
    positions: tape.input("positions", [batch, rows], "i32"),
    mask: tape.input("mask", [batch, 1, rows, rows]),
  });
}

/** The mean over distances of decay^(k - 1) KL(teacher k tokens further on || prompt token k). */
function guessAhead(
  logits: Variable,
  opinions: Variable,
  { length, prompts }: { length: number; prompts: { tokens: Parameter; cuts: number } },
): Variable {
  const { tape } = logits;
  const [batch, , classes] = logits.shape as [number, number, number];
  const { cuts, tokens } = prompts;
  const count = tokens.shape[0]!;
  const targets = tape.input("targets", [batch, cuts, count], "i32");
  const wanted = embedding(targets, reshape(stopGradient(opinions), [batch * length, classes]));
  const guesses = reshape(part(logits, 1, length, length + cuts * count), [
    ...[batch, cuts, count, classes],
  ]);
  let sum: Variable | undefined;
  for (let k = 0; k < count; k++) {
    const term = klDivergence(stopGradient(part(wanted, 2, k, k + 1)), part(guesses, 2, k, k + 1));
    const weighed = multiply(term, tape.constant([DECAY ** k / count], []));
    sum = sum === undefined ? weighed : add(sum, weighed);
  }
  return sum!;
}

/** The entries of x from `start` to `end` along one axis. */
function part(x: Variable, axis: number, start: number, end: number): Variable {
  return slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    ends: x.shape.map((size, i) => (i === axis ? end : size)),
  });
}
