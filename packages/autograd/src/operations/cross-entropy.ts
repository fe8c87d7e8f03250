import { EdgewrightError, ShapeError } from "@edgewright/core";
import {
  crossEntropyStatisticsBytes,
  planCrossEntropy,
  planCrossEntropyGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Rows of this label count nothing. @default -100 */
  readonly ignoreIndex?: number;
  /** Share of the target that all classes get alike, from 0 to 1. @default 0 */
  readonly labelSmoothing?: number;
  /** A weight for each class, [classes]; the mean is over the weights of the labels. @default 1 each */
  readonly classWeights?: Operand;
}

type Settings = Required<Pick<CrossEntropyOptions, "ignoreIndex" | "labelSmoothing">>;

const CROSS_ENTROPY: Operation<Settings, Value> = {
  name: "crossEntropy",
  mixedTypes: true,
  outputShape([logits, labels, classWeights]) {
    if (logits!.length === 0 || `${logits!.slice(0, -1)}` !== `${labels}`) {
      throw new ShapeError(
        `crossEntropy: expected a label for every row of the logits [${logits}], ` +
          `[${logits!.slice(0, -1)}], got labels [${labels}]`,
      );
    }
    if (classWeights !== undefined && `${classWeights}` !== `${logits!.at(-1)}`) {
      throw new ShapeError(
        `crossEntropy: expected class weights [${logits!.at(-1)}] for logits [${logits}], got [${classWeights}]`,
      );
    }
    return [];
  },
  forward(build, { inputs, options, outputShape }) {
    const [logits, labels, classWeights] = inputs;
    const output = build.value(outputShape);
    const { rows, classes } = rowsOf(logits!);
    const statistics = build.value([crossEntropyStatisticsBytes(rows) / 4], {
      label: "row statistics",
    });
    build.step({
      name: "crossEntropy",
      reads: inputs,
      writes: [output, statistics],
      workspaceBytes: 4 * rows,
      plan(kernels, at, workspace) {
        const plan = planCrossEntropy(kernels, {
          ...options,
          ...(classWeights && { classWeights: at(classWeights) }),
          ...{ logits: at(logits!), labels: at(labels!), statistics: at(statistics) },
          ...{ rows, classes, rowLosses: workspace, loss: at(output) },
        });
        return {
          run() {
            kernels.run(plan);
            plan.checkLabels();
          },
          dispose: () => plan.dispose(),
        };
      },
    });
    return { output, saved: statistics };
  },
  backward(build, { inputs, saved: statistics, options, gradient }) {
    const [logits, labels, classWeights] = inputs;
    const dlogits = build.value(logits!.shape);
    build.step({
      name: "gradient",
      reads: [gradient, ...inputs, statistics],
      writes: [dlogits],
      inPlace: { read: logits!, write: dlogits },
      plan: (kernels, at) =>
        planCrossEntropyGradient(kernels, {
          ...options,
          ...(classWeights && { classWeights: at(classWeights) }),
          ...{ logits: at(logits!), labels: at(labels!), statistics: at(statistics) },
          ...{ ...rowsOf(logits!), upstream: at(gradient), dlogits: at(dlogits) },
        }),
    });
    return [dlogits];
  },
};

function rowsOf(logits: Value): { rows: number; classes: number } {
  const classes = logits.shape.at(-1)!;
  return { rows: elementsOf(logits.shape) / classes, classes };
}

/**
 * The mean over rows of -ln softmax(logits)[label], for logits [..., classes] and labels i32 [...]: a scalar.
 * Rows with the label `ignoreIndex` do not count; when none counts the loss and its gradient are 0. Keeps the
 * logits, the labels and two numbers a row for the backward pass.
 *
 * @throws ShapeError when labels and logits do not fit, and EdgewrightError `invalid-argument` for options out of
 * range. A run throws ValidationError for a label that is no class.
 *
 * @example
 * ```ts
 * const labels = tape.input("labels", [32], "i32");
 * const loss = crossEntropy(logits, labels, { labelSmoothing: 0.1 }); // logits: [32, 10]
 * ```
 */
export function crossEntropy(
  logits: Operand,
  labels: Variable,
  options: CrossEntropyOptions = {},
): Variable {
  const { ignoreIndex = -100, labelSmoothing = 0, classWeights } = options;
  if (labels.type !== "i32") {
    throw new ShapeError(
      `crossEntropy: expected labels of type i32 for logits [${logits.shape}], got ${labels.type} ` +
        `[${labels.shape}]; for distributions take softCrossEntropy`,
    );
  }
  if (!Number.isInteger(ignoreIndex)) {
    throw new EdgewrightError(
      "invalid-argument",
      `crossEntropy: expected a whole ignoreIndex, got ${ignoreIndex}`,
    );
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `crossEntropy: expected labelSmoothing from 0 to 1, got ${labelSmoothing}`,
    );
  }
  const operands = classWeights ? [logits, labels, classWeights] : [logits, labels];
  return record(CROSS_ENTROPY, operands, { ignoreIndex, labelSmoothing });
}
