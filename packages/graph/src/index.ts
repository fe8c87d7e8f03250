/**
 * ONNX models as data, run on WebAssembly SIMD whole or one layer at a time.
 *
 * @packageDocumentation
 */

export { type ModelCost, modelCost, type NodeCost } from "./cost/model-cost.js";
export { nodeMacs } from "./cost/node-macs.js";
export { readWindow, type Window as SlidingWindow } from "./lowering/window.js";
export type { Attribute, Dim, Graph, Model, Node, ValueInfo } from "./model/model.js";
export type { ExternalData } from "./onnx/external-data.js";
export { listExternalData } from "./onnx/list-external-data.js";
export { type ParseModelOptions, parseModel } from "./onnx/parse-model.js";
export { type NamedTensor, parseTensor } from "./onnx/read-tensor.js";
export { serializeModel } from "./onnx/serialize-model.js";
export {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from "./operators/node-attributes.js";
export { type BufferPlan, type BufferRequest, planBuffers } from "./planning/buffer-plan.js";
export type { Feeds } from "./session/feeds.js";
export type { MemoryReport } from "./session/memory-report.js";
export { InferenceSession, type InferenceSessionOptions } from "./session/onnxruntime-face.js";
export { type OnnxTensorLike, Tensor } from "./session/onnxruntime-tensor.js";
export type { ProfileOptions, ProfileRow } from "./session/profile.js";
export {
  createSession,
  type RunOptions,
  type Session,
  type SessionOptions,
} from "./session/session.js";
export type { SessionRun } from "./session/session-run.js";
export type { Outputs, Step } from "./session/step.js";
export { type InferenceScope, inferNode } from "./shapes/infer-node.js";
export {
  type InferredShapes,
  type InferShapesOptions,
  inferShapes,
} from "./shapes/infer-shapes.js";
export {
  constantOf,
  elementsOf,
  type InferredValue,
} from "./shapes/inferred-value.js";
export { validateModel } from "./validate/validate-model.js";
