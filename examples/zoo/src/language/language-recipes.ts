import type { DecoderConfig } from "@edgewright/core/model-files";

/** A stretch of a training in which nothing but the learning rate changes. */
export interface TrainingPhase {
  readonly name: string;
  readonly steps: number;
  /** Tokens of a row. */
  readonly length: number;
  /** Rows of a step. */
  readonly batch: number;
  /** Of Muon, at the beginning and at the end; in between it falls along a line. */
  readonly learningRate: readonly [number, number];
  /** Steps in which the learning rate rises from 0. */
  readonly warmUp: number;
  /** Weight of the likeness of the residual streams. */
  readonly hiddenWeight: number;
  /** Divides the teacher's logits. @default 1 */
  readonly teacherTemperature?: number;
  /** Prompt tokens that the model learns to guess ahead with: their weight, and the places in a row. @default none */
  readonly prompts?: { readonly weight: number; readonly cuts: number };
  /** Weight of the next tokens of text that people wrote, in a share of the rows. @default none */
  readonly text?: { readonly weight: number; readonly share: number };
  /** Sets of stories for this phase alone. @default those of the recipe */
  readonly storySeeds?: readonly number[];
}

/** How one language model of the zoo is made: everything that its bytes depend on, but the teacher and the code. */
export interface LanguageRecipe {
  /** Name of the checkpoint's file, without the ending. */
  readonly name: string;
  /** One line for the model card. */
  readonly description: string;
  readonly config: DecoderConfig;
  readonly seed: number;
  /** One for every set of stories that the teacher tells. */
  readonly storySeeds: readonly number[];
  /** Tokens of a set of stories. */
  readonly storyTokens: number;
  /** Learning rate of AdamW (embedding, norms) for a learning rate of 1 of Muon (matrices in blocks). */
  readonly adamShare: number;
  readonly phases: readonly TrainingPhase[];
  /** Held-out nll above the teacher's that the project asks for at most. */
  readonly target: number;
}

const SHAPE = {
  ...{ dim: 128, hiddenDim: 352, layers: 5, heads: 8, kvHeads: 4, headDim: 16 },
  ...{ vocabSize: 512, contextLength: 256, normEpsilon: 1e-5, ropeBase: 10_000 },
  ropePairing: "interleaved",
} as const;

const COMMON = { storySeeds: [1, 2, 3, 4, 5], storyTokens: 300_000, adamShare: 0.2 } as const;

const FRESH = Array.from({ length: 12 }, (_, i) => 6 + i);

const TEXT = { weight: 0.3, share: 0.12 } as const;

/** Short rows teach most for the time; longer ones must come, too, or the model is lost behind what it has seen. */
const PHASES: readonly TrainingPhase[] = [
  {
    ...{ name: "short rows", steps: 1000, length: 128, batch: 16 },
    ...{ learningRate: [0.02, 0.02], warmUp: 10, hiddenWeight: 2 },
  },
  {
    ...{ name: "long rows", steps: 700, length: 256, batch: 8, text: TEXT },
    ...{ learningRate: [0.02, 0.0118824], warmUp: 10, hiddenWeight: 1 },
  },
];

/** By TinyStories that are not held out, stories260K is a little too sure of itself: hence the temperature. */
const SOFTENED = {
  ...{ length: 256, batch: 8, text: TEXT, teacherTemperature: 1.1 },
  ...{ warmUp: 10, hiddenWeight: 0.2 },
};

/**
 * The likeness of residual streams has done its part by then. The few real stories are known by heart at the end, and
 * still help with others: without them, or with the teacher's opinion of them alone, held-out stories fare worse.
 */
const LAST = {
  ...SOFTENED,
  name: "last rows",
  hiddenWeight: 0,
  text: { weight: 0.1, share: 0.12 },
};

/** A model this small guesses ahead only if it learns to. */
const PROMPTS = { weight: 0.15, cuts: 12 } as const;

/** The language models of the zoo. */
export const LANGUAGE_RECIPES: readonly LanguageRecipe[] = [
  {
    ...COMMON,
    name: "stories-full",
    description: "llama architecture, full precision, distilled from stories260K",
    config: {
      ...{ ...SHAPE, architecture: "llama", activation: "silu" },
      ...{ subNorms: false, int8Activations: false },
    },
    seed: 1,
    phases: [
      ...PHASES,
      { ...SOFTENED, name: "softened rows", steps: 500, learningRate: [0.0118824, 0.0060012] },
      { ...LAST, steps: 300, learningRate: [0.006, 0.0043269] },
      { ...LAST, steps: 750, learningRate: [0.0043269, 0] },
      // The first 1.5 million tokens have been read five times by now; more steps on them teach next to nothing.
      { ...LAST, name: "fresh rows", steps: 3000, learningRate: [0.004, 0], storySeeds: FRESH },
    ],
    target: 0,
  },
  {
    ...COMMON,
    name: "stories-ternary",
    description: "BitNet b1.58 architecture, ternary weights, distilled from stories260K",
    config: {
      ...{ ...SHAPE, architecture: "bitnet", activation: "relu2" },
      ...{ subNorms: true, int8Activations: true },
    },
    seed: 2,
    phases: [
      ...PHASES,
      {
        ...{ ...SOFTENED, name: "softened rows", steps: 400, prompts: PROMPTS },
        learningRate: [0.0118824, 0.0063656],
      },
      { ...LAST, steps: 200, learningRate: [0.0063, 0.004875], prompts: PROMPTS },
      { ...LAST, steps: 620, learningRate: [0.004875, 0], prompts: PROMPTS },
    ],
    target: 0.15,
  },
];
