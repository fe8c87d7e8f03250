import fc from "fast-check";
import { guard, someOf, upTo } from "./guard-memory.test-support.js";
import {
  broadcastGradientWorkspaceBytes,
  crossEntropyStatisticsBytes,
  planAdam,
  planBroadcastGradient,
  planCosineGradient,
  planCosineSimilarity,
  planCrossEntropy,
  planCrossEntropyGradient,
  planGather,
  planGatherGradient,
  planMaskedSoftmax,
  planRotary,
  planScale,
  planSgd,
  planSoftCrossEntropy,
  planSoftCrossEntropyGradient,
  planSquaredError,
  planSquaredErrorGradient,
  planSumOfSquares,
  softCrossEntropyStatisticsBytes,
  squaredErrorWorkspaceBytes,
  sumOfSquaresWorkspaceBytes,
} from "./index.js";

const matrix = { rows: upTo(40), cols: upTo(41) };
const flags = { some: fc.boolean(), other: fc.boolean(), accumulate: fc.boolean() };
const reductions = fc.constantFrom(...(["mean", "sum", "none"] as const));

guard(
  "cross-entropies",
  fc.record({ ...matrix, ...flags, reduction: reductions, temperature: fc.constantFrom(1, 3) }),
  ({ rows, cols: classes, some, other, accumulate, reduction, ...more }, floats, random) => {
    // Some labels are to be ignored, and a few are none.
    const labels = Int32Array.from({ length: rows }, () =>
      Math.floor(random() * (classes + (other ? 3 : 1)) - 1),
    );
    const each = reduction === "none";
    const shape = { rows, classes, reduction };
    const hard = { ...shape, ignoreIndex: -1, labelSmoothing: accumulate ? 0.1 : 0 };
    const soft = { ...shape, ...more, divergence: accumulate };
    const target = other ? { targetKind: "logits" as const } : {};
    const inputs = { logits: floats(rows * classes), labels, weights: floats(classes) };
    const targets = floats(rows * classes).map((v) => Math.abs(v));
    const upstream = { upstreamPerRow: each };
    const statistics = floats(crossEntropyStatisticsBytes(rows) / 4).map(Math.abs);
    const softStatistics = floats(softCrossEntropyStatisticsBytes(rows) / 4).map(Math.abs);
    const losses = each ? { rowLosses: rows * 4 } : { loss: 4 };
    const unused = each ? {} : { rowLosses: rows * 4 };
    return [
      {
        inputs,
        outputs: losses,
        scratch: { ...unused, statistics: crossEntropyStatisticsBytes(rows) },
        plan: (kernels, at) =>
          planCrossEntropy(kernels, {
            ...{ ...hard, logits: at("logits"), labels: at("labels") },
            ...{ statistics: at("statistics"), rowLosses: at("rowLosses") },
            ...{ ...(!each && { loss: at("loss") }), ...(some && { classWeights: at("weights") }) },
          }),
      },
      {
        inputs: { ...inputs, statistics, upstream: floats(each ? rows : 1) },
        outputs: { dlogits: rows * classes * 4 },
        plan: (kernels, at) =>
          planCrossEntropyGradient(kernels, {
            ...{ ...hard, ...upstream, logits: at("logits"), labels: at("labels") },
            ...{ statistics: at("statistics"), upstream: at("upstream"), dlogits: at("dlogits") },
            ...(some && { classWeights: at("weights") }),
          }),
      },
      {
        inputs: { logits: inputs.logits, targets },
        outputs: losses,
        scratch: { ...unused, statistics: softCrossEntropyStatisticsBytes(rows) },
        plan: (kernels, at) =>
          planSoftCrossEntropy(kernels, {
            ...{ ...soft, ...target, logits: at("logits"), targets: at("targets") },
            ...{ statistics: at("statistics"), rowLosses: at("rowLosses") },
            ...(!each && { loss: at("loss") }),
          }),
      },
      {
        inputs: {
          ...{ logits: inputs.logits, targets, statistics: softStatistics },
          upstream: floats(each ? rows : 1),
        },
        outputs: { dlogits: rows * classes * 4 },
        plan: (kernels, at) =>
          planSoftCrossEntropyGradient(kernels, {
            ...{ ...soft, ...target, ...upstream, logits: at("logits"), targets: at("targets") },
            ...{ statistics: at("statistics"), upstream: at("upstream"), dlogits: at("dlogits") },
          }),
      },
    ];
  },
  50,
);

guard(
  "squared errors and cosines",
  fc.record({ ...matrix, ...flags, count: fc.oneof(upTo(70, 0), upTo(9000, 4000)) }),
  ({ rows, cols, count, some, other }, floats) => {
    const pair = { a: floats(rows * cols), b: floats(rows * cols) };
    const reduction = { reduction: other ? ("sum" as const) : ("mean" as const) };
    const operands = { x: floats(count), target: floats(count) };
    return [
      {
        inputs: operands,
        outputs: { loss: 4 },
        scratch: { workspace: squaredErrorWorkspaceBytes(count) },
        plan: (kernels, at) =>
          planSquaredError(kernels, {
            ...{ x: at("x"), target: at("target"), count, loss: at("loss"), ...reduction },
            workspace: at("workspace"),
          }),
      },
      {
        inputs: { ...operands, upstream: floats(1) },
        outputs: { dx: count * 4 },
        plan: (kernels, at) =>
          planSquaredErrorGradient(kernels, {
            ...{ x: at("x"), target: at("target"), count, upstream: at("upstream") },
            ...{ dx: at("dx"), ofTarget: some, ...reduction },
          }),
      },
      {
        inputs: { x: operands.x, scalar: floats(1) },
        outputs: { y: count * 4 },
        plan: (kernels, at) =>
          planScale(kernels, { x: at("x"), y: at("y"), count, scalar: at("scalar"), factor: 3 }),
      },
      {
        inputs: pair,
        outputs: { cosines: rows * 4, ...(some && { loss: 4 }) },
        plan: (kernels, at) =>
          planCosineSimilarity(kernels, {
            ...{ a: at("a"), b: at("b"), rows, cols, cosines: at("cosines") },
            ...(some && { loss: at("loss") }),
          }),
      },
      {
        inputs: { ...pair, upstream: floats(some ? rows : 1) },
        outputs: { da: rows * cols * 4, ...(other && { db: rows * cols * 4 }) },
        plan: (kernels, at) =>
          planCosineGradient(kernels, {
            ...{ a: at("a"), b: at("b"), rows, cols, upstream: at("upstream") },
            ...{ upstreamPerRow: some, da: at("da"), ...(other && { db: at("db") }) },
          }),
      },
    ];
  },
);

guard(
  "optimisers and the sum of squares",
  fc.record({ ...matrix, ...flags, more: upTo(5000, 0) }),
  ({ rows, cols, more, some, other, accumulate }, floats, random) => {
    const all = rows * cols;
    const indices = someOf(cols, random);
    const columns = some ? { columns: { indices, cols } } : {};
    const compact = some ? rows * indices.length : all;
    const update = { count: all, ...columns, weightDecay: 0.1, learningRateFactor: 0.5 };
    return [
      {
        inputs: { gradient: floats(compact), rest: floats(more) },
        outputs: {
          ...{ parameter: floats(all), velocity: floats(compact), last: floats(more) },
        },
        plan: (kernels, at) =>
          planSgd(kernels, {
            parameters: [
              {
                ...{ ...update, parameter: at("parameter"), gradient: at("gradient") },
                velocity: at("velocity"),
              },
              { parameter: at("last"), gradient: at("rest"), count: more },
            ],
            ...{ learningRate: 0.1, momentum: 0.9, nesterov: other },
            ...(accumulate && { clipValue: 0.5 }),
          }),
      },
      {
        inputs: { gradient: floats(compact) },
        outputs: {
          ...{ parameter: floats(all), mean: floats(compact) },
          square: floats(compact).map((v) => v * v),
        },
        plan: (kernels, at) =>
          planAdam(kernels, {
            parameters: [
              {
                ...{ ...update, parameter: at("parameter"), gradient: at("gradient") },
                ...{ mean: at("mean"), square: at("square") },
              },
            ],
            ...{ learningRate: 0.1, decoupled: other },
          }),
      },
      {
        inputs: { x: floats(all), rest: floats(more) },
        outputs: { workspace: sumOfSquaresWorkspaceBytes([all, more]) },
        plan: (kernels, at) =>
          planSumOfSquares(kernels, {
            runs: [
              { x: at("x"), count: all },
              { x: at("rest"), count: more },
            ],
            workspace: at("workspace"),
          }),
      },
    ];
  },
);

guard(
  "attention and embeddings",
  fc.record({
    ...{ ...flags, outer: upTo(3), heads: upTo(3), rows: upTo(7), cols: upTo(41), half: upTo(9) },
    ...{ extra: upTo(3, 0), kind: fc.constantFrom(undefined, "add" as const, "keep" as const) },
  }),
  ({ outer, heads, rows, cols, half, extra, kind, some, other, accumulate }, floats, random) => {
    const whole = (count: number, below: number): Int32Array =>
      Int32Array.from({ length: count }, () => Math.floor(random() * (below + 2)) - 1);
    const scores = outer * heads * rows * cols;
    const rotated = half * 2;
    const width = rotated + extra;
    const places = rows + extra;
    const vectors = outer * rows * heads * width;
    return [
      {
        inputs: {
          ...{ x: floats(scores), lengths: whole(outer, cols) },
          mask: kind === "keep" ? new Uint8Array(rows * cols).fill(1) : floats(rows * cols),
        },
        outputs: { y: scores * 4 },
        plan: (kernels, at) =>
          planMaskedSoftmax(kernels, {
            ...{ x: at("x"), y: at("y"), batch: outer, heads, rows, cols, scale: 0.5 },
            ...(some && { causal: other ? { window: 2 } : { offset: extra - 2 } }),
            ...(accumulate && { lengths: at("lengths") }),
            ...(kind && { mask: { ptr: at("mask"), kind } }),
          }),
      },
      {
        inputs: {
          ...{ x: floats(vectors), angles: floats(places * rotated) },
          positions: whole(outer * rows, places),
        },
        outputs: { y: vectors * 4 },
        plan: (kernels, at) =>
          planRotary(kernels, {
            ...{ x: at("x"), y: at("y"), outer, sequence: rows, heads, width, rotated, places },
            ...{ angles: at("angles"), pairing: other ? "half" : "interleaved", inverse: some },
            ...(accumulate && { positions: at("positions"), positionGroup: 1 }),
          }),
      },
      {
        inputs: { x: floats(outer * rows * cols), indices: whole(half, rows) },
        outputs: { y: outer * half * cols * 4 },
        plan: (kernels, at) =>
          planGather(kernels, {
            ...{ x: at("x"), indices: at("indices"), y: at("y"), outer, rows, count: half, cols },
          }),
      },
      {
        inputs: { dy: floats(outer * half * cols), indices: whole(half, rows) },
        outputs: {
          dx: accumulate ? floats(outer * rows * cols) : outer * rows * cols * 4,
        },
        plan: (kernels, at) =>
          planGatherGradient(kernels, {
            ...{ dy: at("dy"), indices: at("indices"), dx: at("dx"), outer, rows, cols },
            ...{ count: half, accumulate },
          }),
      },
    ];
  },
);

guard(
  "planBroadcastGradient",
  fc.record({
    axes: fc.array(fc.tuple(upTo(5), fc.boolean()), { maxLength: 5 }),
    ...{ lead: upTo(2, 0), accumulate: fc.boolean() },
  }),
  ({ axes, lead, accumulate }, floats) => {
    const shape = axes.map(([length]) => length);
    const whole = axes.map(([length, repeated]) => (repeated ? 1 : length));
    const target = whole.slice(Math.min(lead, whole.length));
    const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
    return [
      {
        inputs: { dy: floats(size(shape)) },
        outputs: { dx: accumulate ? floats(size(target)) : size(target) * 4 },
        scratch: { workspace: broadcastGradientWorkspaceBytes({ shape, target, accumulate }) },
        plan: (kernels, at) =>
          planBroadcastGradient(kernels, {
            ...{ dy: at("dy"), dx: at("dx"), shape, target, accumulate },
            workspace: at("workspace"),
          }),
      },
    ];
  },
  100,
);
