import {
  add,
  createParameter,
  crossEntropy,
  klDivergence,
  matmul,
  meanSquaredError,
  multiply,
  type Parameter,
  type RecordNetwork,
  rmsNorm,
  stopGradient,
  type Variable,
} from "@edgewright/autograd";
import type { LanguageModel } from "@edgewright/autograd/language";
import type { Rng } from "@edgewright/core";

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
}

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
 * Inputs: `ids` i32 [b, length], and with `textWeight` also `next` i32 [b, length], -100 where the row is no real text.
 */
export function recordDistillation(options: DistillationOptions): RecordNetwork {
  const { teacher, student, projections, length, hiddenWeight, textWeight } = options;
  const { teacherTemperature = 1 } = options;
  return (tape, batch) => {
    const ids = tape.input("ids", [batch, length], "i32");
    const taught = teacher.apply(ids);
    const learnt = student.apply(ids);
    const scale = (term: Variable, factor: number): Variable =>
      multiply(term, tape.constant([factor], []));
    const opinions =
      teacherTemperature === 1 ? taught.logits : scale(taught.logits, 1 / teacherTemperature);
    const kl = klDivergence(stopGradient(opinions), learnt.logits);
    let loss: Variable = kl;
    if (hiddenWeight > 0) {
      projections.forEach((projection, i) => {
        const seen = matmul(rmsNorm(learnt.hidden[i]!), tape.parameter(projection), {
          transposeB: true,
        });
        const term = meanSquaredError(seen, stopGradient(rmsNorm(taught.hidden[i]!)));
        loss = add(loss, scale(term, hiddenWeight / projections.length));
      });
    }
    if (textWeight > 0) {
      const next = tape.input("next", [batch, length], "i32");
      loss = add(loss, scale(crossEntropy(learnt.logits, next), textWeight));
    }
    return { loss, outputs: { kl } };
  };
}
