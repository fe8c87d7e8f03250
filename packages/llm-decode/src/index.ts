/**
 * Language models that decode at falling precision: loading, generation, and the ways to decode faster than one
 * token a pass at full precision.
 *
 * @packageDocumentation
 */
export {
  type ChatFormatter,
  type ChatFormatterOptions,
  type ChatMessage,
  createChatFormatter,
  type FormatChatOptions,
} from "./chat/chat.js";
export type { ChatTemplateLimits } from "./chat/render-template.js";
export {
  type CachedSession,
  createDecoderSession,
  type DecoderOutput,
  type DecoderSessionOptions,
  type SavedCache,
} from "./engine/decoder-session.js";
export type {
  DecodableModel,
  DecoderSession,
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
  LayerKeysAndValues,
  Logits,
  RowsToRun,
} from "./engine/decoding-strategy.js";
export {
  type LoadDecoderOptions,
  type LoadedDecoder,
  loadDecoder,
} from "./engine/loaded-decoder.js";
export type {
  PackDecoderOptions,
  PackedDecoder,
  PackedLayer,
  PackedProduct,
} from "./engine/pack-decoder.js";
export type {
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationStatistics,
} from "./generation/generation.js";
export { createBrowserCache } from "./loading/browser-cache.js";
export { createFolderCache } from "./loading/folder-cache.js";
export type { HubModel } from "./loading/hub-repository.js";
export {
  type LoadModelOptions,
  loadModelContents,
  type ModelSource,
  openModelContents,
} from "./loading/load-model.js";
export type { CachedFile, ModelCache } from "./loading/model-cache.js";
export {
  type ContextSlots,
  type Continuation,
  type ContinuationTable,
  type ContinuationTableOptions,
  createContinuationTable,
  type PredictionPrior,
} from "./lookup/continuation-table.js";
export {
  readContinuationTable,
  type WriteContinuationTableOptions,
  writeContinuationTable,
} from "./lookup/continuation-table-file.js";
export { type LookupDecodingOptions, lookupDecoding } from "./lookup/lookup-decoding.js";
export type { ForwardOptions, LanguageModel, Prompt } from "./model/language-model.js";
export {
  type LoadLanguageModelOptions,
  loadLanguageModel,
} from "./model/load-language-model.js";
export {
  estimateMemory,
  type MemoryOptions,
  type MemoryStatement,
} from "./model/memory-statement.js";
export {
  type BuildSparseTreesOptions,
  buildSparseTrees,
  type ExpectedTrees,
} from "./parallel/build-sparse-trees.js";
export {
  type AcceptanceRates,
  bestCandidates,
  type Candidate,
  sortedRates,
} from "./parallel/candidate-tree.js";
export {
  type ChooseTreeSizeOptions,
  chooseTreeSize,
  type MeasurePassTimesOptions,
  measurePassTimes,
  type PassTimes,
  passTime,
  type SizedTrees,
} from "./parallel/hardware-aware-size.js";
export {
  type MeasureAcceptanceOptions,
  type MeasuredAcceptance,
  measureAcceptance,
} from "./parallel/measure-acceptance.js";
export {
  type ParallelPromptOptions,
  parallelPromptDecoding,
} from "./parallel/parallel-prompt-decoding.js";
export {
  type PromptTokenFile,
  type PromptTokens,
  readPromptTokens,
  takePromptTokens,
  writePromptTokens,
} from "./parallel/prompt-tokens.js";
export {
  chainTrees,
  mostTreeRows,
  parseSparseTrees,
  type SparseTree,
  type SparseTrees,
  type TreeNode,
  treeRows,
} from "./parallel/sparse-trees.js";
export type { TypicalAcceptance, Verification } from "./parallel/verification.js";
export {
  type ConfidenceSchedulerOptions,
  confidenceScheduler,
} from "./precision/confidence-scheduler.js";
export {
  type EvaluateByNllOptions,
  type EvaluateByRougeOptions,
  type EvaluateScheduleOptions,
  evaluateScheduleByNll,
  evaluateScheduleByRouge,
} from "./precision/evaluate-schedule.js";
export {
  type KvCacheSchedulerOptions,
  kvCacheScheduler,
  thirds,
} from "./precision/kv-cache-scheduler.js";
export {
  classifyKv,
  type KvClassifier,
  type KvFeatures,
  kvFeatures,
  readKvClassifier,
  writeKvClassifier,
} from "./precision/kv-classifier.js";
export {
  type DecodingPrecision,
  fixedScheduler,
  type PrecisionScheduler,
  type ScheduleContext,
} from "./precision/precision-scheduler.js";
export {
  type ProgressivePrecisionOptions,
  plainDecoding,
  progressivePrecision,
} from "./precision/progressive-precision.js";
export { type RandomSchedulerOptions, randomScheduler } from "./precision/random-scheduler.js";
export { type RougeScore, rougeL, rougeWords } from "./precision/rouge-l.js";
export {
  type PhaseWidths,
  type ScheduleTrial,
  type SearchPhaseWidthsOptions,
  type SearchSwitchPointsOptions,
  searchPhaseWidths,
  searchSwitchPoints,
} from "./precision/search-schedule.js";
export { type StaticSchedule, staticScheduler } from "./precision/static-scheduler.js";
export { createLogitBias, type LogitsProcessor } from "./sampling/logits-processor.js";
export { createSampler, type Sampler, type TokenDistribution } from "./sampling/sampler.js";
export type { SamplingOptions } from "./sampling/sampling-options.js";
export {
  createStopStringFilter,
  type FilteredText,
  type StopStringFilter,
} from "./sampling/stop-strings.js";
export {
  type AdaptiveDecodingOptions,
  type AdaptiveShare,
  type AdaptiveStrategy,
  adaptiveDecoding,
} from "./speculation/adaptive-decoding.js";
export { type SelfSpeculationOptions, selfSpeculation } from "./speculation/self-speculation.js";
export { type DecodeOwnTextsOptions, decodeOwnTexts, type OwnText } from "./training/own-texts.js";
