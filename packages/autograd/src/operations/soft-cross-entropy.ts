import { EdgewrightError, ShapeError } from "@edgewright/core";
import {
  planSoftCrossEntropy,
  planSoftCrossEntropyGradient,
  softCrossEntropyStatisticsBytes,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link klDivergence}. */
export interface KlDivergenceOptions {
  /**
   * Divides both logits before the softmax; the loss is multiplied by its square, so that its gradient keeps
   * its size (Hinton et al. 2015, arXiv:1503.02531).
   *
   * @default 1
   */
  readonly temperature?: number;
  /** What the teacher gives; probabilities are taken as they are, at any temperature. @default "logits" */
  readonly teacherGives?: "logits" | "probabilities";
}

interface Settings {
  readonly divergence: boolean;
  readonly targetKind: "logits" | "probabilities";
  readonly temperature: number;
}

function distributionLoss(name: string): Operation<Settings, Value> {
  return {
    name,
    outputShape([logits, targets]) {
      if (logits!.length === 0 || `${logits}` !== `${targets}`) {
        throw new ShapeError(
          `${name}: expected a distribution for every row of the logits [${logits}], got [${targets}]`,
        );
      }
      return [];
    },
    forward(build, { inputs: [logits, targets], options, outputShape }) {
      const output = build.value(outputShape);
      const { rows, classes } = rowsOf(logits!);
      const statistics = build.value([softCrossEntropyStatisticsBytes(rows) / 4], {
        label: "row statistics",
      });
      build.step({
        name,
        reads: [logits!, targets!],
        writes: [output, statistics],
        workspaceBytes: 4 * rows,
        plan: (kernels, at, workspace) =>
          planSoftCrossEntropy(kernels, {
            ...options,
            ...{ logits: at(logits!), targets: at(targets!), statistics: at(statistics) },
            ...{ rows, classes, rowLosses: workspace, loss: at(output) },
          }),
      });
      return { output, saved: statistics };
    },
    backward(build, { inputs: [logits, targets], saved: statistics, options, gradient, needs }) {
      if (needs[1]) {
        throw new EdgewrightError(
          "unsupported",
          `${name}: the target has no gradient; wrap it in stopGradient(...)`,
        );
      }
      const dlogits = build.value(logits!.shape);
      build.step({
        name: "gradient",
        reads: [gradient, logits!, targets!, statistics],
        writes: [dlogits],
        inPlace: { read: logits!, write: dlogits },
        plan: (kernels, at) =>
          planSoftCrossEntropyGradient(kernels, {
            ...options,
            ...{ logits: at(logits!), targets: at(targets!), statistics: at(statistics) },
            ...{ ...rowsOf(logits!), upstream: at(gradient), dlogits: at(dlogits) },
          }),
      });
      return [dlogits, undefined];
    },
  };
}

const SOFT_CROSS_ENTROPY = /*@__PURE__*/ distributionLoss("softCrossEntropy");
const KL_DIVERGENCE = /*@__PURE__*/ distributionLoss("klDivergence");

function rowsOf(logits: Value): { rows: number; classes: number } {
  const classes = logits.shape.at(-1)!;
  return { rows: elementsOf(logits.shape) / classes, classes };
}

/**
 * The mean over rows of the sum of -p ln softmax(logits), for logits and distributions p [..., classes]: a scalar.
 * Keeps both and four numbers a row for the backward pass; the distributions get no gradient.
 *
 * @throws ShapeError when the shapes differ.
 */
export function softCrossEntropy(logits: Operand, targets: Operand): Variable {
  const settings = { divergence: false, targetKind: "probabilities", temperature: 1 } as const;
  return record(SOFT_CROSS_ENTROPY, [logits, targets], settings);
}

/**
 * The mean over rows of KL(p || q) = sum of p (ln p - ln q) with p = softmax(teacher / T) and
 * q = softmax(student / T), times T squared: a scalar, for distillation. Keeps both and four numbers a row for
 * the backward pass; the teacher gets no gradient.
 *
 * @throws ShapeError when the shapes differ, and EdgewrightError `invalid-argument` for a temperature that is
 * not above 0.
 *
 * @example
 * ```ts
 * const loss = klDivergence(teacherLogits, studentLogits, { temperature: 4 });
 * ```
 */
export function klDivergence(
  teacher: Operand,
  student: Operand,
  options: KlDivergenceOptions = {},
): Variable {
  const { temperature = 1, teacherGives: targetKind = "logits" } = options;
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new EdgewrightError(
      "invalid-argument",
      `klDivergence: expected a temperature above 0, got ${temperature}`,
    );
  }
  return record(KL_DIVERGENCE, [student, teacher], { divergence: true, targetKind, temperature });
}
