import fc from "fast-check";
import { guard, upTo } from "./guard-memory.test-support.js";
import {
  activationMaskBytes,
  batchNormGradientWorkspaceBytes,
  batchNormTrainingWorkspaceBytes,
  type DifferentiableActivation,
  groupNormGradientWorkspaceBytes,
  groupNormTrainingWorkspaceBytes,
  planActivationGradient,
  planBatchNormFrozen,
  planBatchNormGradient,
  planBatchNormTraining,
  planGroupNormGradient,
  planGroupNormTraining,
  planMaskedActivation,
  planMaskGradient,
  planPreluGradient,
  planRowNormGradient,
  planRowNormTraining,
  planSoftmaxGradient,
  rowNormGradientWorkspaceBytes,
} from "./index.js";

const flags = { accumulate: fc.boolean(), some: fc.boolean(), other: fc.boolean() };
const matrix = { rows: upTo(70), cols: upTo(41) };

guard(
  "batch normalisation",
  fc.record({
    ...{ rows: upTo(700), c: upTo(41), ...flags },
    activation: fc.constantFrom(undefined, "relu" as const, "relu6" as const),
  }),
  ({ rows, c, accumulate, some, other, activation }, floats) => {
    const count = rows * c;
    const follows = activation && { activation };
    const positive = floats(c).map((v) => v * v + 0.5);
    const masks = activationMaskBytes(count);
    const mask = Uint8Array.from({ length: masks }, (_, i) => (i * 37) & 255);
    const affine = { gamma: floats(c), beta: floats(c) };
    const masked = activation !== undefined;
    return [
      {
        inputs: { x: floats(count), ...affine },
        outputs: {
          ...{ y: count * 4, mean: c * 4, rstd: c * 4, ...(masked && { mask: masks }) },
          ...{ runningMean: floats(c), runningVariance: positive },
        },
        scratch: { workspace: batchNormTrainingWorkspaceBytes({ rows, c }) },
        plan: (kernels, at) =>
          planBatchNormTraining(kernels, {
            ...{ rows, c, x: at("x"), y: at("y"), mean: at("mean"), rstd: at("rstd"), ...follows },
            ...(some && { gamma: at("gamma"), beta: at("beta") }),
            ...(masked && { mask: at("mask") }),
            ...{ runningMean: at("runningMean"), runningVariance: at("runningVariance") },
            workspace: at("workspace"),
          }),
      },
      {
        inputs: { x: floats(count), mean: floats(c), variance: positive, ...affine },
        outputs: { y: count * 4, rstd: c * 4, ...(masked && { mask: masks }) },
        plan: (kernels, at) =>
          planBatchNormFrozen(kernels, {
            ...{ rows, c, x: at("x"), y: at("y"), mean: at("mean"), variance: at("variance") },
            ...{ rstd: at("rstd"), ...(some && { gamma: at("gamma"), beta: at("beta") }) },
            ...{ ...follows, ...(masked && { mask: at("mask") }) },
          }),
      },
      {
        inputs: {
          ...{ x: floats(count), dy: floats(count), mean: floats(c), rstd: positive, mask },
          gamma: floats(c),
        },
        outputs: {
          dx: count * 4,
          dgamma: accumulate ? floats(c) : c * 4,
          dbeta: accumulate ? floats(c) : c * 4,
        },
        scratch: { workspace: batchNormGradientWorkspaceBytes({ rows, c }) },
        plan: (kernels, at) =>
          planBatchNormGradient(kernels, {
            ...{ rows, c, x: at("x"), dy: at("dy"), mean: at("mean"), rstd: at("rstd") },
            ...{ dx: at("dx"), dgamma: at("dgamma"), dbeta: at("dbeta"), accumulate },
            ...{ frozen: other, ...(some && { gamma: at("gamma") }) },
            ...{ ...(masked && { mask: at("mask") }), workspace: at("workspace") },
          }),
      },
      {
        inputs: { dy: floats(count), rstd: positive, mask },
        outputs: other ? { dx: count * 4 } : { dbeta: c * 4 },
        scratch: { workspace: batchNormGradientWorkspaceBytes({ rows, c }) },
        plan: (kernels, at) =>
          planBatchNormGradient(kernels, {
            ...{ rows, c, dy: at("dy"), rstd: at("rstd"), frozen: true },
            ...(other ? { dx: at("dx") } : { dbeta: at("dbeta") }),
            ...{ ...(masked && { mask: at("mask") }), workspace: at("workspace") },
          }),
      },
    ];
  },
);

guard(
  "group normalisation",
  fc.record({
    ...{ n: upTo(3), positions: upTo(80), size: upTo(9), groups: upTo(5), ...flags },
  }),
  ({ n, positions, size, groups, accumulate, some }, floats) => {
    const c = size * groups;
    const shape = { n, positions, c, groups };
    const count = n * positions * c;
    const statistics = n * groups;
    return [
      {
        inputs: { x: floats(count), gamma: floats(c), beta: floats(c) },
        outputs: { y: count * 4, mean: statistics * 4, rstd: statistics * 4 },
        scratch: { workspace: groupNormTrainingWorkspaceBytes(shape) },
        plan: (kernels, at) =>
          planGroupNormTraining(kernels, {
            ...{ ...shape, x: at("x"), y: at("y"), mean: at("mean"), rstd: at("rstd") },
            ...(some && { gamma: at("gamma"), beta: at("beta") }),
            workspace: at("workspace"),
          }),
      },
      {
        inputs: {
          ...{ x: floats(count), dy: floats(count), gamma: floats(c) },
          ...{ mean: floats(statistics), rstd: floats(statistics) },
        },
        outputs: {
          dx: count * 4,
          dgamma: accumulate ? floats(c) : c * 4,
          dbeta: accumulate ? floats(c) : c * 4,
        },
        scratch: { workspace: groupNormGradientWorkspaceBytes(shape) },
        plan: (kernels, at) =>
          planGroupNormGradient(kernels, {
            ...{ ...shape, x: at("x"), dy: at("dy"), mean: at("mean"), rstd: at("rstd") },
            ...{ dx: at("dx"), dgamma: at("dgamma"), dbeta: at("dbeta"), accumulate },
            ...{ ...(some && { gamma: at("gamma") }), workspace: at("workspace") },
          }),
      },
    ];
  },
);

guard(
  "row normalisation",
  fc.record({ ...matrix, ...flags }),
  ({ rows, cols, accumulate, some, other }, floats) => [
    {
      inputs: { x: floats(rows * cols), gamma: floats(cols), beta: floats(cols) },
      outputs: { y: rows * cols * 4, rstd: rows * 4, ...(other && { mean: rows * 4 }) },
      plan: (kernels, at) =>
        planRowNormTraining(kernels, {
          ...{ rows, cols, x: at("x"), y: at("y"), rstd: at("rstd") },
          ...{ ...(other && { mean: at("mean") }), ...(some && { gamma: at("gamma") }) },
          ...(some && { beta: at("beta") }),
        }),
    },
    {
      inputs: {
        ...{ x: floats(rows * cols), dy: floats(rows * cols), gamma: floats(cols) },
        ...{ mean: floats(rows), rstd: floats(rows) },
      },
      outputs: {
        dx: rows * cols * 4,
        dgamma: accumulate ? floats(cols) : cols * 4,
        dbeta: accumulate ? floats(cols) : cols * 4,
      },
      scratch: { workspace: rowNormGradientWorkspaceBytes({ rows, cols }) },
      plan: (kernels, at) =>
        planRowNormGradient(kernels, {
          ...{ rows, cols, x: at("x"), dy: at("dy"), rstd: at("rstd"), accumulate },
          ...{ ...(other && { mean: at("mean") }), ...(some && { gamma: at("gamma") }) },
          ...{ dx: at("dx"), dgamma: at("dgamma"), dbeta: at("dbeta") },
          workspace: at("workspace"),
        }),
    },
  ],
);

const kinds: DifferentiableActivation[] = [
  ...(["sigmoid", "tanh", "exp", "sqrt", "reciprocal", "log", "square", "abs"] as const),
  ...(["softsign", "hard-swish", "gelu-tanh", "silu", "softplus", "mish", "elu"] as const),
  ...(["gelu", "erf"] as const),
];

guard(
  "activations",
  fc.record({
    ...{ count: fc.oneof(upTo(40, 0), upTo(2100, 1000)), ...flags },
    kind: fc.constantFrom(...kinds),
    pieces: fc.constantFrom(...(["relu", "clip", "leaky-relu", "hard-sigmoid"] as const)),
    ...{ sizes: fc.record(matrix), slopes: fc.boolean() },
  }),
  ({ count, kind, pieces, other, sizes: { rows, cols }, slopes, accumulate }, floats) => {
    const mask = Uint8Array.from({ length: activationMaskBytes(count) }, (_, i) => (i * 91) & 255);
    const given = slopes ? cols : 1;
    const x = floats(count).map((v) => v * 8);
    return [
      {
        inputs: { dy: floats(count), source: x.map(Math.abs) },
        outputs: { dx: count * 4 },
        plan: (kernels, at) =>
          planActivationGradient(kernels, {
            ...{ kind, dy: at("dy"), source: at("source"), dx: at("dx"), count },
          }),
      },
      {
        inputs: { x },
        outputs: { mask: mask.length, ...(other && { y: count * 4 }) },
        plan: (kernels, at) =>
          planMaskedActivation(kernels, {
            ...{ kind: pieces, x: at("x"), mask: at("mask"), count, ...(other && { y: at("y") }) },
          }),
      },
      {
        inputs: { dy: floats(count), mask },
        outputs: { dx: count * 4 },
        plan: (kernels, at) =>
          planMaskGradient(kernels, {
            ...{ kind: pieces, dy: at("dy"), dx: at("dx"), mask: at("mask"), count },
          }),
      },
      {
        inputs: { x: floats(rows * cols), dy: floats(rows * cols), slope: floats(given) },
        outputs: { dx: rows * cols * 4, dslope: accumulate ? floats(given) : given * 4 },
        plan: (kernels, at) =>
          planPreluGradient(kernels, {
            ...{ x: at("x"), dy: at("dy"), slope: at("slope"), slopes: given, rows, cols },
            ...{ dx: at("dx"), dslope: at("dslope"), accumulate },
          }),
      },
      {
        inputs: { y: floats(rows * cols), dy: floats(rows * cols) },
        outputs: { dx: rows * cols * 4 },
        plan: (kernels, at) =>
          planSoftmaxGradient(kernels, {
            ...{ y: at("y"), dy: at("dy"), dx: at("dx"), rows, cols, log: other },
          }),
      },
    ];
  },
);
