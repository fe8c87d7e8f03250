import { formatDuration } from "../cards/card.js";
import type { LanguageRecipe, TrainingPhase } from "./language-recipes.js";

/** Nll of a model beside its teacher's, in nats a token. */
export interface HeldOutNll {
  readonly stories: number;
  /** Tokens of a story that are read. */
  readonly length: number;
  readonly model: number;
  readonly teacher: number;
}

/** The figures of a language model's card. */
export interface LanguageCard {
  readonly name: string;
  readonly description: string;
  readonly recipe: Omit<LanguageRecipe, "name" | "description">;
  readonly parameters: number;
  /** Of the `.ewq` file. */
  readonly bytes: number;
  readonly sha256: string;
  /** Of the file's weights; the first one is what the project asks about. */
  readonly nll: readonly HeldOutNll[];
  readonly promptTokens: {
    readonly bytes: number;
    /** Share of right first guesses 2, 3, ... tokens ahead. */
    readonly firstGuesses: readonly number[];
    /** Tokens a pass behind held-out beginnings, greedy, by the candidates and prompt tokens of a pass. */
    readonly acceptedLengths: readonly {
      readonly budget: number;
      readonly tokensPerPass: number;
    }[];
    /** The budget of the trees in the file. */
    readonly budget: number;
  };
  readonly training: {
    /** Wall time of the training steps, interruptions left out. */
    readonly seconds: number;
    readonly machine: string;
    readonly software: string;
    readonly kernels: string;
    readonly commit?: string;
    readonly date: string;
    readonly command: string;
  };
  /** What the model says, greedily and drawn. */
  readonly samples: readonly {
    readonly prompt: string;
    readonly how: string;
    readonly text: string;
  }[];
}

/** A language model's card as Markdown. */
export function renderLanguageCard(card: LanguageCard): string {
  const { name, description, recipe, training, nll, promptTokens, samples } = card;
  const rows: [string, string][] = [
    ...nll.map(({ stories, length, model, teacher }): [string, string] => [
      `nll of the first ${length} tokens of ${stories} held-out stories`,
      `${model.toFixed(4)}; stories260K ${teacher.toFixed(4)} (${signed(model - teacher)})`,
    ]),
    ["asked for", `at most ${recipe.target.toFixed(2)} above stories260K in the first line`],
    ["parameters", whole(card.parameters)],
    ["size of the file", `${whole(card.bytes)} bytes`],
    ["SHA-256", `\`${card.sha256}\``],
    [
      "prompt tokens",
      `3 (${whole(promptTokens.bytes)} bytes); first guesses right: ` +
        `${promptTokens.firstGuesses.map((share) => `${(100 * share).toFixed(0)} %`).join(", ")} ` +
        "two, three, four tokens ahead",
    ],
    [
      "tokens a pass with them",
      `${promptTokens.acceptedLengths.map(({ budget, tokensPerPass }) => `${tokensPerPass.toFixed(2)} with ${budget}`).join(", ")} ` +
        "candidates and prompt tokens a pass, greedily behind 60 held-out beginnings of 16 tokens",
    ],
  ];
  const seeds = recipe.phases.flatMap(({ storySeeds = recipe.storySeeds }) => storySeeds);
  const tokens = new Set(seeds).size * recipe.storyTokens;
  const making: [string, string][] = [
    ["command", `\`${training.command}\``],
    [
      "teacher",
      "stories260K (karpathy/tinyllamas, MIT), which the user has; it is no part of this repository",
    ],
    [
      "data",
      `${whole(tokens)} tokens that the teacher tells at temperature 1, its logits and residual streams`,
    ],
    ["text by others", describeText(recipe.phases)],
    ["seed", String(recipe.seed)],
    ["optimiser", "Muon for the matrices in blocks, AdamW for the embedding and the norms"],
    ...recipe.phases.map((phase): [string, string] => [phase.name, describePhase(phase)]),
    ["wall time", `${formatDuration(training.seconds)}, one thread, beside other work`],
    ["machine", training.machine],
    ["software", `${training.software}, ${training.kernels} kernels`],
    ...(training.commit === undefined ? [] : ([["commit", training.commit]] as [string, string][])),
    ["date", training.date],
  ];
  return `# ${name}

${description[0]?.toUpperCase()}${description.slice(1)}. Trained by \`@edgewright/autograd\`, read by \`@edgewright/llm-decode\`.

${table(["figure", "measured"], rows)}

## How it was made

${table(["", ""], making)}

The weights are those after the last step. The phases were settled one after another while a first run of them went on,
with the held-out nll in sight, so that it is a little less held out than it sounds.

## What it says

${samples.map(({ prompt, how, text }) => `**${prompt}** (${how})\n\n${quote(prompt + text)}`).join("\n\n")}

## Use and limits

It tells short stories for small children in simple English and knows nothing else. Its 512 pieces are those of its
teacher, with the same ids, since it learnt its teacher's probabilities. It may tell of sad or odd things and
confuses who did what.

## Licences

Weights: Apache-2.0, as this repository. Distilled from stories260K: MIT, copyright 2023 Andrej Karpathy. TinyStories,
of which parts of a few stories were read: CDLA-Sharing-1.0, by Ronen Eldan and Yuanzhi Li.
`;
}

function describeText(phases: readonly TrainingPhase[]): string {
  const read = phases.filter(({ text }) => text !== undefined);
  if (read.length === 0) return "none";
  const names = read.map(({ name }) => name).join(", ");
  return `some 45 stories of TinyStories behind the held-out ones, in the phases: ${names}`;
}

function describePhase(phase: TrainingPhase): string {
  const { steps, batch, length, learningRate, hiddenWeight, teacherTemperature, prompts, text } =
    phase;
  const [from, to] = learningRate;
  const parts = [
    `${steps} steps of ${batch} rows of ${length} tokens`,
    `learning rate ${from === to ? from : `${from} to ${to}`}`,
    `residual streams weigh ${hiddenWeight}`,
  ];
  if (prompts)
    parts.push(`prompt tokens behind ${prompts.cuts} places of a row weigh ${prompts.weight}`);
  if (teacherTemperature) parts.push(`teacher at temperature ${teacherTemperature}`);
  if (text)
    parts.push(
      `${100 * text.share} % of the rows by people, their next tokens weigh ${text.weight}`,
    );
  return parts.join("; ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function quote(text: string): string {
  return text
    .trim()
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}
