import {
  type Checkpoint,
  createParameter,
  createTrainer,
  muon,
  type Parameter,
  type TrainingProgress,
  train,
} from "@edgewright/autograd";
import { createLanguageModel, type LanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { createProjections, recordDistillation } from "./distillation.js";
import type { LanguageRecipe, TrainingPhase } from "./language-recipes.js";
import { storyWindows } from "./story-windows.js";

/** How far a training of several phases has come. */
export interface PhaseCheckpoint {
  /** Index of the phase. */
  readonly phase: number;
  readonly checkpoint: Checkpoint;
}

type Stories = readonly ArrayLike<number>[];

/** Options of {@link trainLanguageModel}. */
export interface TrainLanguageModelOptions {
  /** With the training extension. */
  readonly kernels: Kernels;
  readonly teacher: DecoderWeights;
  /** What the teacher told: for every phase, or by phase. */
  readonly stories: Stories | ((phase: TrainingPhase) => Promise<Stories>);
  /** What people wrote, for phases with `text`. @default none */
  readonly text?: readonly ArrayLike<number>[];
  /** Where an earlier run ended. @default the beginning */
  readonly resume?: PhaseCheckpoint | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (phase: TrainingPhase, progress: TrainingProgress) => void;
  /** Milliseconds between two calls of `onProgress`. @default 250 */
  readonly progressInterval?: number;
  /** Called every 100 steps and at the end of a phase, with the model as it is. */
  readonly onCheckpoint?: (at: PhaseCheckpoint, student: LanguageModel) => void | Promise<void>;
}

const CHECKPOINT_EVERY = 100;
const PROMPT_TOKENS = 3;

/** What {@link trainLanguageModel} made. */
export interface TrainedLanguageModel {
  readonly student: LanguageModel;
  /** [count, dim]; undefined where no phase trains prompt tokens. */
  readonly promptTokens: Parameter | undefined;
}

/**
 * Trains one language model of the zoo from its recipe, by distillation.
 *
 * @throws AbortError when the signal fires, after `onCheckpoint`; DivergenceError when the loss is no finite
 * number any more
 */
export async function trainLanguageModel(
  recipe: LanguageRecipe,
  options: TrainLanguageModelOptions,
): Promise<TrainedLanguageModel> {
  const { kernels, stories, text = [], resume, signal, onProgress, onCheckpoint } = options;
  const rng = createRng(recipe.seed);
  const teacher = createLanguageModel({
    ...{ weights: options.teacher, prefix: "teacher.", trainable: false },
  });
  const student = createLanguageModel({ config: recipe.config, rng });
  const projections = createProjections(teacher, student, rng);
  const { dim } = recipe.config;
  const tokens = createParameter({
    name: "promptTokens",
    shape: [PROMPT_TOKENS, dim],
    data: Float32Array.from({ length: PROMPT_TOKENS * dim }, () => rng.normal(0, 0.05)),
  });
  const first = resume?.phase ?? 0;
  if (resume) {
    restoreParameters([...student.parameterList, ...projections, tokens], resume.checkpoint);
  }
  for (let index = first; index < recipe.phases.length; index++) {
    const phase = recipe.phases[index]!;
    const { length, batch, steps, hiddenWeight } = phase;
    const before = index === first ? resume?.checkpoint : undefined;
    if (before !== undefined && before.epoch > 0) continue; // that phase had ended
    const settings = {
      ...{ teacher, student, projections, length, hiddenWeight },
      ...(phase.teacherTemperature && { teacherTemperature: phase.teacherTemperature }),
      ...(phase.prompts && { prompts: { ...phase.prompts, tokens } }),
    };
    using trainer = createTrainer(kernels, {
      batchSize: batch,
      clipNorm: 1,
      record: recordDistillation({ ...settings, textWeight: phase.text?.weight ?? 0 }),
      optimizer: muon({
        learningRate: phase.learningRate[0],
        matrices: isInsideBlock,
        adam: { learningRate: phase.learningRate[0] * recipe.adamShare, beta2: 0.99 },
        decays: ({ shape }) => shape.length > 1,
      }),
    });
    await train(trainer, {
      epochs: 1,
      seed: recipe.seed * 1000 + index,
      data: storyWindows(typeof stories === "function" ? await stories(phase) : stories, {
        ...{ rows: steps * batch, length, real: text, realShare: phase.text?.share ?? 0 },
        ...(phase.prompts && {
          cuts: { length, cuts: phase.prompts.cuts, count: PROMPT_TOKENS },
        }),
      }),
      schedule: scheduleOf(phase),
      checkpointEvery: CHECKPOINT_EVERY,
      ...(before && { resume: before }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (progress) => onProgress(phase, progress) }),
      ...(options.progressInterval !== undefined && {
        progressInterval: options.progressInterval,
      }),
      onCheckpoint: (checkpoint) => onCheckpoint?.({ phase: index, checkpoint }, student),
    });
  }
  const prompted = recipe.phases.some(({ prompts }) => prompts !== undefined);
  return { student, promptTokens: prompted ? tokens : undefined };
}

/** A rise from 0, then a line from the first learning rate to the last. */
export function scheduleOf(phase: TrainingPhase): (step: number) => number {
  const { steps, warmUp } = phase;
  const [from, to] = phase.learningRate;
  return (step) =>
    step < warmUp
      ? (from * (step + 1)) / warmUp
      : from + ((to - from) * (step - warmUp)) / Math.max(1, steps - warmUp);
}

function isInsideBlock({ name, shape }: Parameter): boolean {
  return shape.length === 2 && name.startsWith("layers.");
}

function restoreParameters(parameters: readonly Parameter[], { parameters: kept }: Checkpoint) {
  for (const parameter of parameters) {
    const values = kept[parameter.name];
    if (values !== undefined) parameter.write(values);
  }
}
