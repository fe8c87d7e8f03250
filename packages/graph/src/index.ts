/**
 * ONNX models as data, run on WebAssembly SIMD whole or one layer at a time.
 *
 * @packageDocumentation
 */
export type { Attribute, Dim, Graph, Model, Node, ValueInfo } from "./model/model.js";
export type { ExternalData } from "./onnx/external-data.js";
export { type ParseModelOptions, parseModel } from "./onnx/parse-model.js";
export { type NamedTensor, parseTensor } from "./onnx/read-tensor.js";
export { validateModel } from "./validate/validate-model.js";
