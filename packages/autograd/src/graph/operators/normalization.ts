import { floatAttribute, intAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { batchNorm } from "../../operations/batch-norm.js";
import { multiply } from "../../operations/broadcast-arithmetic.js";
import { groupNorm } from "../../operations/group-norm.js";
import { layerNorm } from "../../operations/layer-norm.js";
import { reshape } from "../../operations/reshape.js";
import {
  type OperatorCall,
  type OperatorRule,
  storedAsItIs,
  weightAsItIs,
} from "../operator-call.js";
import { channelsLastOrder, TracedTensor } from "../traced-tensor.js";

/** `BatchNormalization` over the channels of [n, c, ...]. */
export const BATCH_NORMALIZATION: OperatorRule = {
  tensors: 5,
  weightUse: (_, index, shape) => ({
    storage: storedAsItIs(shape),
    role: index >= 3 ? "statistic" : "weight",
  }),
  record(call) {
    const { node } = call;
    const x = call.tensor(0);
    const y = batchNorm(x.inOrder(channelsLastOrder(x.rank)), {
      scale: call.tensor(1).rowMajor(),
      shift: call.tensor(2).rowMajor(),
      runningMean: call.parameter(3),
      runningVariance: call.parameter(4),
      // ONNX's momentum is the part of the old value that stays.
      momentum: 1 - floatAttribute(node, "momentum", 0.9),
      epsilon: floatAttribute(node, "epsilon", 1e-5),
      mode: call.mode,
    });
    return new TracedTensor(y, x.shape, channelsLastOrder(x.rank));
  },
};

/** `LayerNormalization` over the axes from `axis` on. */
export const LAYER_NORMALIZATION: OperatorRule = {
  tensors: 3,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record(call) {
    const x = call.tensor(0);
    const axis = intAttribute(call.node, "axis", -1);
    const first = axis < 0 ? axis + x.rank : axis;
    const size = x.shape.slice(first).reduce((product, dim) => product * dim, 1);
    const y = layerNorm(reshape(x.rowMajor(), [...x.shape.slice(0, first), size]), {
      scale: flat(call, 1, size),
      ...(call.has(2) ? { shift: flat(call, 2, size) } : {}),
      epsilon: floatAttribute(call.node, "epsilon", 1e-5),
    });
    return TracedTensor.rowMajor(y, x.shape);
  },
};

/** `InstanceNormalization`: every channel of an image by itself. */
export const INSTANCE_NORMALIZATION: OperatorRule = {
  tensors: 3,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record: (call) => recordGroups(call, call.tensor(0).shape[1]!),
};

/** `GroupNormalization` over groups of channels. */
export const GROUP_NORMALIZATION: OperatorRule = {
  tensors: 3,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record: (call) => recordGroups(call, intAttribute(call.node, "num_groups", 1)),
};

function recordGroups(call: OperatorCall, groups: number): TracedTensor {
  const x = call.tensor(0);
  const [c, order] = [x.shape[1]!, channelsLastOrder(x.rank)];
  const y = groupNorm(x.inOrder(order), {
    groups,
    scale: perChannel(call, 1, c),
    shift: perChannel(call, 2, c),
    epsilon: floatAttribute(call.node, "epsilon", 1e-5),
  });
  return new TracedTensor(y, x.shape, order);
}

// Before operator set 21 a GroupNormalization had one scale and shift for each group.
function perChannel(call: OperatorCall, index: number, c: number): Variable {
  const given = call.tensor(index).rowMajor();
  const [groups] = given.shape as [number];
  if (groups === c) return given;
  const ones = call.tape.constant(new Float32Array(c / groups).fill(1), [1, c / groups]);
  return reshape(multiply(reshape(given, [groups, 1]), ones), [c]);
}

function flat(call: OperatorCall, index: number, size: number): Variable {
  const given = call.tensor(index);
  const count = given.shape.reduce((product, dim) => product * dim, 1);
  if (count !== size) {
    throw call.unsupported(`a scale of shape [${given.shape}] for ${size} elements`);
  }
  return given.stored({ order: given.shape.map((_, axis) => axis), shape: [size] });
}
