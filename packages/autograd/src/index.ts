/**
 * Reverse-mode gradients on WebAssembly SIMD, with every byte kept for the backward pass accounted for.
 *
 * @packageDocumentation
 */
export type { PartialParameter, ProgramRequest } from "./engine/lower-program.js";
export {
  type KeptValue,
  type MemoryAccount,
  type NodeAccount,
  predictMemory,
  type StepAccount,
} from "./engine/memory-account.js";
export type {
  BackwardCall,
  ForwardCall,
  ForwardResult,
  HostPlan,
  Operation,
  ProgramBuilder,
  StepSpec,
} from "./engine/operation.js";
export { createParameter, Parameter, type ParameterOptions } from "./engine/parameter.js";
export {
  createProgram,
  type Program,
  type ProgramFeeds,
  type RunProgramOptions,
  type StepEvent,
} from "./engine/program.js";
export {
  createTape,
  type Operand,
  type OperationNode,
  record,
  Tape,
  type TapeNode,
  type Variable,
} from "./engine/tape.js";
export type { Value, ValueType } from "./engine/value.js";
export { type CustomGradient, customGradient } from "./operations/custom-gradient.js";
export { stopGradient } from "./operations/stop-gradient.js";
