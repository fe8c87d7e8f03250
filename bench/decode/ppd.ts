// Parallel prompt decoding on the models that the zoo ships: tokens a step, and what they are worth in time.
import { createRng } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  buildSparseTrees,
  type ContinuationTable,
  chooseTreeSize,
  createContinuationTable,
  type DecodingStrategy,
  decodeOwnTexts,
  type LanguageModel,
  loadLanguageModel,
  lookupDecoding,
  measureAcceptance,
  measurePassTimes,
  mostTreeRows,
  parallelPromptDecoding,
  plainDecoding,
  readPromptTokens,
} from "@edgewright/llm-decode";
import type { BenchContext } from "../context.js";
import { readClock, startClock } from "./decode-runner.js";
import { compareSpeeds, measureRounds, type Speed } from "./measure-rounds.js";
import { type ShippedModel, shippedModels } from "./shipped-models.js";
import { readStories } from "./stories.js";

const PROMPT = 32; // tokens of a held-out story
const NEW_TOKENS = 128;
const PROMPTS = 24;

interface PpdResult {
  /** Tokens a step with the shipped trees. */
  readonly tau: number;
  /** With the trees that pay most on this device. */
  readonly speedUp: number;
  readonly rows: readonly FigureInput[];
}

/** Every shipped model, on beginnings of stories that nothing was trained on. */
export async function measurePpd(context: BenchContext): Promise<FigureInput[]> {
  const stories = readStories() ?? FALLBACK_PROMPTS;
  const results: PpdResult[] = [];
  for (const model of await shippedModels()) {
    context.signal.throwIfAborted();
    context.log(`  ${model.name}`);
    results.push(await measureModel(context, model, stories));
  }
  if (results.length === 0) {
    context.log("  left out: the zoo has no language model with prompt tokens");
    return [];
  }
  return [
    ...results.flatMap(({ rows }) => rows),
    {
      ...{ metric: "tokens a step, best of the shipped models", unit: "tokens" },
      ...{ value: Math.max(...results.map(({ tau }) => tau)), target: { atLeast: 1.6 } },
    },
    {
      ...{ metric: "speed-up over plain decoding, best of the shipped models", unit: "x" },
      ...{ value: Math.max(...results.map(({ speedUp }) => speedUp)), target: { atLeast: 1.3 } },
    },
  ];
}

// Where TinyStories is absent; written for this purpose.
const FALLBACK_PROMPTS = [
  "Once upon a time, there was a small boat that lived by a quiet lake. Every morning",
  "One day, a girl named Mia found a blue stone in the garden. She showed it to",
  "There was an old dog who liked to sleep in the sun. His friend, the cat,",
  "Ben and his sister wanted to build a tower. They looked for blocks under the bed and",
];

async function measureModel(
  context: BenchContext,
  shipped: ShippedModel,
  stories: readonly string[],
): Promise<PpdResult> {
  const { promptTokens, acceptance, trees } = readPromptTokens(shipped.promptTokens);
  const model = await loadLanguageModel(shipped.file, { threads: 1 });
  try {
    const { session, tokenizer } = model;
    const prompts = stories
      .slice(0, context.quick ? 4 : PROMPTS)
      .map((text) => [...tokenizer!.encode(text)].slice(0, PROMPT));
    const rates = acceptance ?? (await measureAcceptance({ session, promptTokens, prompts })).rates;
    const times = await measurePassTimes({ session });
    const { ensemble } = promptTokens;
    const chosen = chooseTreeSize(rates, times, { ensemble });
    const strategy = parallelPromptDecoding({ promptTokens, trees: chosen.trees });
    const plain = await decodeAll(model, prompts, plainDecoding());
    const parallel = await decodeAll(model, prompts, strategy);
    // Trees that look far enough ahead to show what the prompt tokens know, whether that pays here or not.
    const wide = trees ?? buildSparseTrees(rates, { budget: 8, ensemble });
    const shownBy = parallelPromptDecoding({ promptTokens, trees: wide });
    const shown = await decodeAll(model, prompts, shownBy);
    const table = await ownContinuations(model);
    const known = { table, learn: false, passTimes: times };
    const lookedUp = await decodeAll(model, prompts, lookupDecoding(known));
    const corrected = lookupDecoding({ ...known, promptTokens });
    const both = await decodeAll(model, prompts, corrected);
    const equal = plain.texts.filter(
      (text, i) => `${text}` === `${parallel.texts[i]}` && `${text}` === `${shown.texts[i]}`,
    ).length;
    const speeds = await measureRounds(
      context,
      [
        { name: "plain", start: () => plainDecoding() },
        { name: "PPD", start: () => strategy },
        // A new table each time: it would know the texts of the round before.
        { name: "look-up", start: () => lookupDecoding({ passTimes: times }) },
        { name: "look-up in its own texts", start: () => lookupDecoding({ ...known }) },
        {
          name: "PPD with its own texts",
          start: () => lookupDecoding({ ...known, promptTokens }),
        },
      ].map(({ name, start }) => ({
        name,
        tokens: 4 * NEW_TOKENS,
        run: async () => {
          const clock = startClock();
          await decodeAll(model, prompts.slice(0, 4), start());
          return readClock(clock);
        },
      })),
    );
    const [plainSpeed, ppdSpeed, lookupSpeed, knownSpeed, bothSpeed] = speeds as Five<Speed>;
    const { ratio, note } = compareSpeeds(ppdSpeed, plainSpeed);
    const rows = Math.max(...chosen.trees.rows);
    const name = shipped.name;
    const figures: FigureInput[] = [
      {
        ...{ metric: `${name}, tokens a step, shipped trees`, value: shown.tokensPerStep },
        ...{
          unit: "tokens",
          note: `at most ${mostTreeRows(wide, ensemble)} rows, held-out prompts`,
        },
      },
      {
        ...{ metric: `${name}, tokens a step, trees chosen here`, value: parallel.tokensPerStep },
        ...{ unit: "tokens", note: `at most ${rows} rows` },
      },
      {
        ...{ metric: `${name}, the same by the trees' Markov chain`, kind: "modelled" },
        ...{ value: chosen.trees.tokensPerStep, unit: "tokens" },
      },
      {
        ...{ metric: `${name}, decode with PPD`, value: ppdSpeed.wall, unit: "tokens/s" },
        ...{ peer: "plain", ratio, note },
      },
      {
        ...{ metric: `${name}, decode with look-up`, value: lookupSpeed.wall, unit: "tokens/s" },
        ...{ peer: "plain", ...compareSpeeds(lookupSpeed, plainSpeed) },
      },
      {
        ...{ metric: `${name}, decode with look-up in its own texts`, unit: "tokens/s" },
        ...{ value: knownSpeed.wall, peer: "plain", ...compareSpeeds(knownSpeed, plainSpeed) },
        note: `${lookedUp.tokensPerStep.toFixed(2)} tokens a step; ${table.contexts} contexts`,
      },
      {
        ...{ metric: `${name}, decode with PPD and its own texts`, unit: "tokens/s" },
        ...{ value: bothSpeed.wall, peer: "plain", ...compareSpeeds(bothSpeed, plainSpeed) },
        note: `${both.tokensPerStep.toFixed(2)} tokens a step`,
      },
      {
        ...{ metric: `${name}, speed-up by acceptance and pass times`, kind: "modelled" },
        ...{ value: chosen.speedUp, unit: "x" },
      },
      {
        ...{ metric: `${name}, texts equal to plain decoding`, unit: "%" },
        ...{ value: (100 * equal) / prompts.length, target: { atLeast: 100 } },
        note: `${prompts.length} prompts, ${NEW_TOKENS} tokens each`,
      },
    ];
    return { tau: shown.tokensPerStep, speedUp: ratio, rows: figures };
  } finally {
    model.dispose();
  }
}

type Five<T> = [T, T, T, T, T];

/** What follows what in texts that the model tells by itself; none of them begins as the held-out prompts do. */
async function ownContinuations(model: LanguageModel): Promise<ContinuationTable> {
  const { session, tokenizer } = model;
  const texts = await decodeOwnTexts({
    ...{ session, prompts: [[tokenizer!.bos!]], count: 200, rng: createRng(1) },
    ...{ drawnTokens: [4, 60], greedyTokens: 128, isEnd: (token) => tokenizer!.ends.has(token) },
  });
  const table = createContinuationTable();
  for (const { tokens } of texts) table.learn(tokens);
  return table;
}

async function decodeAll(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  strategy: DecodingStrategy,
): Promise<{ texts: (readonly number[])[]; tokensPerStep: number }> {
  const texts: (readonly number[])[] = [];
  let tokens = 0;
  let steps = 0;
  for (const prompt of prompts) {
    model.session.truncate(0);
    const generation = model.generate(prompt, {
      ...{ maxTokens: NEW_TOKENS, ignoreEnd: true, strategy },
    });
    await generation.text();
    texts.push([...generation.tokens]);
    tokens += generation.statistics.tokens;
    steps += generation.statistics.steps;
  }
  return { texts, tokensPerStep: tokens / steps };
}
