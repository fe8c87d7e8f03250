/**
 * ONNX models as data, run on WebAssembly SIMD whole or one layer at a time.
 *
 * @packageDocumentation
 */
export type { Attribute, Dim, Graph, Model, Node, ValueInfo } from "./model/model.js";
