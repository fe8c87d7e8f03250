/**
 * @file Ceilings on what a model file may ask for. They stand far above every published model and
 * far below what would exhaust a machine: a file of a few bytes must not become gigabytes of objects.
 */

/**
 * Most nodes in all graphs of a model. Two bytes of a file declare a node and cost some hundred
 * bytes of objects; exported language models of tens of layers stay below 30,000.
 */
export const MAX_NODES = 250_000;

/**
 * Deepest nesting of subgraphs inside nodes, bounding recursion over the model. Silero VAD, an
 * unusually nested export, reaches 7.
 */
export const MAX_GRAPH_DEPTH = 40;

/** Most axes of a tensor. NumPy allows 64 and no operator of the standard needs more than 8. */
export const MAX_RANK = 64;

/** Most values (node outputs, graph inputs, initialisers, value infos) a graph may declare. */
export const MAX_VALUES = 1_000_000;

/**
 * Largest number of elements of one tensor: sizes stay exact in a double, and a tensor of bytes
 * stays addressable by a typed array.
 */
export const MAX_TENSOR_ELEMENTS: number = 2 ** 33;

/** Newest version of the standard operator set whose semantics are known here (ONNX 1.23). */
export const MAX_OPSET = 28;
