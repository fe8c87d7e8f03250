// Progressive mixed-precision decoding on a real model: what a schedule costs in quality and what it saves in bits;
// and what the bits it saves are worth in time at a size where weights stream from memory.
import type { FigureInput } from "@edgewright/device-bench";
import {
  confidenceScheduler,
  type DecodingPrecision,
  evaluateScheduleByNll,
  evaluateScheduleByRouge,
  type PrecisionScheduler,
  progressivePrecision,
  searchSwitchPoints,
  staticScheduler,
} from "@edgewright/llm-decode";
import type { BenchContext } from "../context.js";
import { trainLearnedSchedule } from "./learned-schedule.js";
import { measureRounds } from "./measure-rounds.js";
import { loadNestedStories, type NestedStories } from "./nested-stories.js";
import { createOurRunner } from "./our-runner.js";
import { letterText, randomModel } from "./random-models.js";

const PROMPT = 32; // tokens of a story that are its prompt
const NEW_TOKENS = 192;
// Thirds as in the paper, and two behind: many stories are longer than what is written here.
const SWITCH_POINTS = [0, 64, 128, 192, 256, Number.POSITIVE_INFINITY];
const LOSS = 1.02; // of quality, that a schedule may have
const HIGH = 6;
const LOW = 4;
const LADDER = [LOW, 5, HIGH];

interface Quality {
  readonly meanBits: number;
  readonly nll: number;
  /** To what full precision writes. */
  readonly rougeL: number;
  /** To how the stories go on, as the paper holds texts against references of the task. */
  readonly rougeStory: number;
}

/** Uniform widths, and schedules searched on other texts, on stories260K; then their speed at the 110M shape. */
export async function measurePmpd(context: BenchContext): Promise<FigureInput[]> {
  const stories = await loadNestedStories(context.quick ? { most: 3 } : {});
  if (stories === undefined) {
    context.log("  left out: stories260K or its text is not there (see EDGEWRIGHT_SHARED)");
    return [];
  }
  let best: readonly number[];
  const rows: FigureInput[] = [];
  try {
    best = await searchSchedule(context, stories);
    rows.push(...(await judgeSchedules(context, stories, best)));
  } finally {
    stories.dispose();
  }
  return [...rows, ...(await measureSpeed(context, best))];
}

async function searchSchedule(
  context: BenchContext,
  { nested, validation }: NestedStories,
): Promise<readonly number[]> {
  context.log("  searching switch points");
  const evaluate = async (precision: DecodingPrecision) => {
    const { nll, meanBits } = await evaluateScheduleByNll({
      ...{ session: nested.session, precision, texts: validation, promptLength: PROMPT },
      signal: context.signal,
    });
    return { quality: -nll, meanBits };
  };
  const { quality } = await evaluate(HIGH);
  const { best } = await searchSwitchPoints({
    ...{ widths: LADDER, switchPoints: SWITCH_POINTS, evaluate, signal: context.signal },
    target: quality * LOSS, // a mean log-probability: below 0
  });
  return best?.switchPoints ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
}

async function judgeSchedules(
  context: BenchContext,
  stories: NestedStories,
  best: readonly number[],
): Promise<FigureInput[]> {
  const references: (readonly number[])[] = [];
  for (const text of stories.test) {
    references.push(await referenceText(stories, text.slice(0, PROMPT)));
  }
  const judge = async (precision: DecodingPrecision): Promise<Quality> => {
    const shared = { session: stories.nested.session, precision, signal: context.signal };
    const texts = stories.test;
    const { nll, meanBits } = await evaluateScheduleByNll({
      ...{ ...shared, texts, promptLength: PROMPT },
    });
    const prompts = texts.map((text) => text.slice(0, PROMPT));
    const own = { ...shared, prompts, references, maxTokens: NEW_TOKENS };
    const { quality } = await evaluateScheduleByRouge(own);
    const story = await evaluateScheduleByRouge({
      ...own,
      references: texts.map((text) => text.slice(PROMPT, PROMPT + NEW_TOKENS)),
    });
    return { meanBits, nll, rougeL: quality, rougeStory: story.quality };
  };
  const schedule = staticScheduler({ widths: LADDER, switchPoints: best });
  const others: PrecisionScheduler[] = [confidenceScheduler({ widths: LADDER })];
  const rows: FigureInput[] = [];
  const add = (name: string, quality: Quality, more = ""): void => {
    rows.push({
      ...{ metric: `stories260K, ${name}, mean bits`, value: quality.meanBits, unit: "bits" },
      note:
        `nll ${quality.nll.toFixed(4)}, ROUGE-L to full precision ${quality.rougeL.toFixed(3)}, ` +
        `to the stories ${quality.rougeStory.toFixed(3)}${more}`,
    });
  };
  context.log("  judging schedules");
  const high = await judge(HIGH);
  add(`uniform ${HIGH} bits`, high);
  for (const bits of stories.widths.filter((width) => width < HIGH).reverse()) {
    add(`uniform ${bits} bits`, await judge(bits));
  }
  const progressive = await judge(schedule);
  add(schedule.name, progressive);
  for (const other of others) add(other.name, await judge(other));
  context.log("  training the learned scheduler");
  const learned = await trainLearnedSchedule(context, stories, LADDER, NEW_TOKENS);
  add(learned.scheduler.name, await judge(learned.scheduler), `; ${learned.note}`);
  rows.push(
    {
      metric: `stories260K, ${schedule.name}, mean bits below uniform ${HIGH}`,
      ...{ value: 100 * (1 - progressive.meanBits / high.meanBits), unit: "%" },
      target: { atLeast: 15 },
    },
    {
      metric: `stories260K, ${schedule.name}, nll above uniform ${HIGH}`,
      ...{ value: 100 * (progressive.nll / high.nll - 1), unit: "%" },
      ...{ target: { atMost: 2 }, note: `${stories.test.length} stories` },
    },
    {
      metric: `stories260K, ${schedule.name}, ROUGE-L to the stories below uniform ${HIGH}`,
      ...{ value: 100 * (1 - progressive.rougeStory / high.rougeStory), unit: "%" },
      target: { atMost: 2 },
    },
    {
      metric: `stories260K, ${schedule.name}, ROUGE-L to full precision below uniform ${HIGH}`,
      ...{ value: 100 * (1 - progressive.rougeL / high.rougeL), unit: "%" },
      ...{ target: { atMost: 2 }, note: "greedy texts, which one other token sets on another way" },
    },
  );
  return rows;
}

async function referenceText(
  { full }: NestedStories,
  prompt: readonly number[],
): Promise<readonly number[]> {
  const generation = full.generate(prompt, { maxTokens: NEW_TOKENS, ignoreEnd: true });
  await generation.text();
  return generation.tokens;
}

// Weights are random there; the schedule falls at the same parts of the text.
async function measureSpeed(
  context: BenchContext,
  switchPoints: readonly number[],
): Promise<FigureInput[]> {
  context.log("  speed at the 110M shape");
  const ours = await createOurRunner(await randomModel("110M", "nested"), { capacity: 256 });
  try {
    const tokens = 24;
    const prompt = ours.prompt(letterText(8));
    const scaled = switchPoints.map((point) => (point * tokens) / NEW_TOKENS);
    const contestants: [string, DecodingPrecision][] = [
      [`uniform ${HIGH} bits`, HIGH],
      ["the schedule", staticScheduler({ widths: LADDER, switchPoints: scaled })],
      [`uniform ${LOW} bits`, LOW],
    ];
    const speeds = await measureRounds(
      context,
      contestants.map(([name, precision]) => {
        const strategy = progressivePrecision({ precision });
        return { name, tokens, run: () => ours.decode(prompt, tokens, strategy) };
      }),
    );
    const [high] = speeds;
    return speeds.map((speed): FigureInput => {
      const row = { metric: `110M shape, ${speed.name}, decode`, value: speed.wall };
      if (speed === high) return { ...row, unit: "tokens/s" };
      const ratio = (speed.cpu ?? speed.wall) / (high!.cpu ?? high!.wall);
      return { ...row, unit: "tokens/s", peer: `uniform ${HIGH}`, ratio };
    });
  } finally {
    await ours.dispose();
  }
}
