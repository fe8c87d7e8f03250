import type { DType, Tensor } from "@edgewright/core";
import type { Attribute, Dim, Graph, Model, Node } from "../model/model.js";
import type { RandomInteger } from "./mutate-bytes.test-support.js";

/**
 * A model with one to three faults that leave the file readable: extreme attributes, inputs of the
 * wrong kind, other operators, other sizes. They reach what bytes changed at random seldom reach.
 */
export function mutateModel(model: Model, random: RandomInteger): Model {
  let mutant = model;
  for (let faults = 1 + random(3); faults > 0; faults--) {
    if (random(20) === 0) mutant = { ...mutant, opsets: new Map([["", 1 + random(28)]]) };
    else mutant = { ...mutant, graph: mutateGraph(mutant.graph, random) };
  }
  return mutant;
}

function mutateGraph(graph: Graph, random: RandomInteger): Graph {
  const choice = random(10);
  if (choice === 0 && graph.inputs.length > 0) {
    const at = random(graph.inputs.length);
    const inputs = graph.inputs.map((input, i) =>
      i === at ? { ...input, shape: mutateShape(input.shape ?? [], random) } : input,
    );
    return { ...graph, inputs };
  }
  if (choice === 1 && graph.initializers.size > 0) {
    const names = [...graph.initializers.keys()];
    const name = pick(names, random);
    const tensor = mutateTensor(graph.initializers.get(name)!, random);
    return { ...graph, initializers: new Map([...graph.initializers, [name, tensor]]) };
  }
  if (graph.nodes.length === 0) return graph;
  const at = random(graph.nodes.length);
  const nodes = graph.nodes.map((node, i) => (i === at ? mutateNode(node, graph, random) : node));
  return { ...graph, nodes };
}

function mutateNode(node: Node, graph: Graph, random: RandomInteger): Node {
  const entries = [...node.attributes];
  switch (random(6)) {
    case 0: {
      // Any value of the graph, made before or after.
      const inputs = [...node.inputs];
      if (inputs.length > 0) inputs[random(inputs.length)] = pick(valuesOf(graph), random);
      return { ...node, inputs };
    }
    case 1:
      return { ...node, inputs: node.inputs.slice(0, random(node.inputs.length + 1)) };
    case 2:
      return { ...node, opType: pick(OPERATORS, random) };
    case 3: {
      const name = pick(ATTRIBUTES, random);
      return { ...node, attributes: new Map([...entries, [name, newAttribute(random)]]) };
    }
    default: {
      if (entries.length === 0) return { ...node, inputs: [...node.inputs].reverse() };
      const [name, attribute] = pick(entries, random);
      return {
        ...node,
        attributes: new Map([...entries, [name, mutateAttribute(attribute, random)]]),
      };
    }
  }
}

function valuesOf(graph: Graph): string[] {
  return [
    "",
    ...graph.inputs.map((input) => input.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ];
}

function mutateAttribute(attribute: Attribute, random: RandomInteger): Attribute {
  switch (attribute.type) {
    case "int":
      return { type: "int", value: extreme(random) };
    case "ints": {
      const value = [...attribute.value];
      if (value.length === 0 || random(4) === 0) value.push(extreme(random));
      else value[random(value.length)] = extreme(random);
      return { type: "ints", value };
    }
    case "float":
      return {
        type: "float",
        value: pick([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-38], random),
      };
    case "tensor":
      return { type: "tensor", value: mutateTensor(attribute.value, random) };
    case "graph":
      return { type: "graph", value: mutateGraph(attribute.value, random) };
    default:
      return newAttribute(random);
  }
}

function newAttribute(random: RandomInteger): Attribute {
  const value = extreme(random);
  return pick<Attribute>(
    [
      { type: "int", value },
      { type: "ints", value: [value, extreme(random)] },
      { type: "float", value: -1 },
      { type: "string", value: "SAME_UPPER" },
      { type: "floats", value: [0.5, -2] },
    ],
    random,
  );
}

function mutateTensor(tensor: Tensor, random: RandomInteger): Tensor {
  if (tensor.dtype === "i64" && tensor.data.length > 0 && random(3) > 0) {
    const data = (tensor.data as BigInt64Array).slice();
    data[random(data.length)] = BigInt(extreme(random));
    return { ...tensor, data } as Tensor;
  }
  if (random(2) === 0) return { ...tensor, shape: [...tensor.shape].reverse() };
  if (random(2) === 0) return { ...tensor, shape: [tensor.data.length] };
  const dtype = pick<DType>(["i32", "f32", "u8", "i64", "bool"], random);
  const Elements = {
    i32: Int32Array,
    f32: Float32Array,
    u8: Uint8Array,
    i64: BigInt64Array,
    bool: Uint8Array,
  };
  const data = new Elements[dtype as keyof typeof Elements](tensor.data.length);
  return { dtype, shape: tensor.shape, data } as Tensor;
}

function mutateShape(shape: readonly Dim[], random: RandomInteger): Dim[] {
  const result = [...shape];
  if (result.length === 0 || random(3) === 0) result.push(pick([0, 1, 2 ** 31, "s", null], random));
  else result[random(result.length)] = pick<Dim>([0, 1, 2 ** 31, 2 ** 40, "s", null], random);
  return result;
}

function extreme(random: RandomInteger): number | bigint {
  const values = [
    0,
    -1,
    1,
    2,
    3,
    5,
    17,
    -7,
    255,
    65_536,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 32,
    2 ** 40,
    -(2 ** 40),
    2n ** 63n - 1n,
    -(2n ** 63n),
  ];
  return pick(values, random);
}

function pick<T>(values: readonly T[], random: RandomInteger): T {
  return values[random(values.length)]!;
}

const ATTRIBUTES = [
  "axis",
  "axes",
  "pads",
  "strides",
  "dilations",
  "kernel_shape",
  "group",
  "auto_pad",
  "ceil_mode",
  "to",
  "perm",
  "keepdims",
  "hidden_size",
  "direction",
  "output_shape",
  "blocksize",
  "transB",
  "output_padding",
  "epsilon",
  "mode",
  "k",
  "layout",
] as const;

const OPERATORS = [
  "Add",
  "Conv",
  "ConvTranspose",
  "Reshape",
  "Transpose",
  "Concat",
  "Slice",
  "Gather",
  "Softmax",
  "Resize",
  "MatMul",
  "Gemm",
  "LSTM",
  "GRU",
  "If",
  "Loop",
  "Scan",
  "Pad",
  "Tile",
  "Expand",
  "ConstantOfShape",
  "Range",
  "MaxPool",
  "AveragePool",
  "GlobalAveragePool",
  "BatchNormalization",
  "Split",
  "ReduceMean",
  "Cast",
  "Where",
  "TopK",
  "OneHot",
  "NonZero",
  "DepthToSpace",
  "Einsum",
  "LayerNormalization",
  "QLinearConv",
  "MatMulInteger",
  "DequantizeLinear",
  "Squeeze",
  "Imaginary",
] as const;
