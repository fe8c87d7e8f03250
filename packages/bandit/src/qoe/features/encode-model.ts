import type { ModelVariant } from "@edgewright/core";
import type { QoeMetric, QoeMetrics } from "../utility/qoe-metrics.js";
import { encodeOnKnots } from "./encode-on-knots.js";

/** What is known of a variant on one device, where {@link encodeModel} is asked about a device. */
export type OnDevice = Pick<QoeMetrics, "latencyMs" | "energyMj">;

// Accuracies on a scale on which halving the error is one step everywhere: 50, 63, 75, 82, 88, 94 and 97 % are apart.
const logError = (accuracy: number): number => -Math.log2(Math.max(1 - accuracy, 1e-6));

const CURVES: readonly {
  readonly metric: QoeMetric;
  readonly scale: (value: number) => number;
  readonly knots: readonly number[];
}[] = [
  // 1 ms to 1 s, 1 mJ to 10 J, half to 3 % wrong, 100 kB to 600 MB.
  { metric: "latencyMs", scale: Math.log10, knots: [0, 0.5, 1, 1.5, 2, 2.5, 3] },
  { metric: "energyMj", scale: Math.log10, knots: [0, 0.8, 1.6, 2.4, 3.2, 4] },
  { metric: "accuracy", scale: logError, knots: [1, 1.4, 1.8, 2.2, 3, 4, 5] },
  { metric: "bytes", scale: Math.log10, knots: [5, 5.8, 6.6, 7.2, 8, 8.8] },
];

/**
 * Features of a model: its accuracy and size, and with `onDevice` its time and energy there, each as its place among
 * knots on a logarithmic scale (so that linear policies learn curves), then the logarithm of its operations, and
 * whether it computes in 8 bits or fewer. What is not known is 0, with a 1 in the `... unknown` feature.
 * {@link modelFeatureNames} names them in order.
 *
 * @example
 * import { encodeModel, modelFeatureNames } from "@edgewright/bandit/qoe";
 *
 * const variant = { task: "image-classification", model: "resnet18", precision: "int8", bytes: 11.7e6 };
 * const features = encodeModel(variant, { latencyMs: 31 });
 * console.log(features.length === modelFeatureNames().length); // true
 */
export function encodeModel(variant: ModelVariant, onDevice: OnDevice = {}): Float64Array {
  const out = new Float64Array(modelFeatureNames().length);
  const metrics = metricsOf(variant, onDevice);
  let offset = 0;
  for (const { metric, scale, knots } of CURVES) {
    const value = metrics[metric];
    if (value === undefined || !(value >= 0)) out[offset + knots.length] = 1;
    else encodeOnKnots(scale(value), knots, out, offset);
    offset += knots.length + 1;
  }
  if (variant.macs !== undefined && variant.macs > 0) {
    out[offset] = (Math.log10(variant.macs) - 8.5) / 2;
  } else out[offset + 1] = 1;
  out[offset + 2] = computesInFewBits(variant.precision) ? 1 : 0;
  return out;
}

/** Names of the features of {@link encodeModel}, in their order. */
export function modelFeatureNames(): string[] {
  return [
    ...CURVES.flatMap(({ metric, knots }) => [
      ...knots.map((_, i) => `${metric} knot ${i + 1}`),
      `${metric} unknown`,
    ]),
    "log macs",
    "log macs unknown",
    "8 bits or fewer",
  ];
}

/** What a user may notice of a variant on a device: the variant's own figures and those of the device together. */
export function metricsOf(variant: ModelVariant, onDevice: OnDevice = {}): QoeMetrics {
  const accuracy = accuracyShare(variant);
  return {
    ...(onDevice.latencyMs !== undefined && { latencyMs: onDevice.latencyMs }),
    ...(onDevice.energyMj !== undefined && { energyMj: onDevice.energyMj }),
    ...(accuracy !== undefined && { accuracy }),
    ...(variant.bytes !== undefined && { bytes: variant.bytes }),
  };
}

// Tables give accuracies in percent or as shares; error rates count as what they leave.
function accuracyShare({ accuracy }: ModelVariant): number | undefined {
  if (accuracy === undefined) return undefined;
  const share = accuracy.value > 1 ? accuracy.value / 100 : accuracy.value;
  const right = accuracy.higherIsBetter === false ? 1 - share : share;
  return right >= 0 && right <= 1 ? right : undefined;
}

function computesInFewBits(precision: string): boolean {
  return /(int|uint|w|q)[1-8](?!\d)|ternary|binary/i.test(precision);
}
