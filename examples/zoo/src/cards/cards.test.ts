import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRng, proportionInterval } from "@edgewright/core";
import { serializeModel } from "@edgewright/graph";
import { describe, expect, it } from "vitest";
import {
  checkpointFolder,
  checkpointMetadata,
  loadCheckpoints,
  readCheckpoint,
} from "../checkpoint.js";
import { datasetFacts } from "../data/datasets.js";
import { loadTestSubset } from "../data/test-subset.js";
import { evaluateAccuracy } from "../evaluate.js";
import { RECIPES } from "../recipes.js";
import { createCard, formatDuration } from "./card.js";
import { insertCardTable, readCards } from "./card-files.js";
import { renderCard } from "./render-card.js";

const recipe = RECIPES[0]!;
const metadata = checkpointMetadata(datasetFacts(recipe.dataset));
const bytes = serializeModel(recipe.build(createRng(1), metadata));
const checkpoint = readCheckpoint(bytes, recipe.name);
const accuracy = (correct: number, count: number) => ({
  correct,
  count,
  accuracy: correct / count,
  interval: proportionInterval(correct, count),
});
const card = createCard(
  recipe,
  checkpoint,
  {
    seconds: 125.4,
    finalLoss: 0.13572,
    trainingPictures: 60_000,
    machine: "a machine",
    software: "Node 20",
    kernels: "baseline",
    date: "2026-01-02",
    command: "pnpm zoo:train lenet-5",
  },
  accuracy(9132, 10_000),
  accuracy(911, 1000),
);

describe("a model card", () => {
  it("tells what the file is", () => {
    expect(card.variant).toEqual({
      task: "image-classification",
      model: "lenet-5",
      precision: "fp32",
      bytes: bytes.length,
      macs: 416_520,
      parameters: 61_706,
      accuracy: { metric: "top1", value: 0.9132 },
    });
    expect(card.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("is rendered with everything that a reader needs", () => {
    const text = renderCard(card);
    for (const part of [
      "91.32 % (9,132 of 10,000; 95 % interval 90.8 % to 91.9 %)",
      "91.10 % (911 of 1,000",
      "| asked for | at least 90.0 % |",
      "| parameters | 61,706 |",
      "| seed | 1 |",
      "`pnpm zoo:train lenet-5`",
      "2 min 05 s",
      "baseline kernels",
      "Weights: Apache-2.0",
      "MIT, copyright 2017 Zalando SE",
      card.sha256,
    ]) {
      expect(text).toContain(part);
    }
  });

  it("becomes a row of the README's table, whatever stood there before", () => {
    const marks = "a\n<!-- cards: written by pnpm zoo:train -->\nold\n<!-- end of cards -->\nb\n";
    const once = insertCardTable(marks, [card]);
    expect(once).toMatch(
      /^a\n<!-- cards.*\n\n\| model .*\[lenet-5\]\(checkpoints\/lenet-5.md\).*-->\nb\n$/s,
    );
    expect(once).not.toContain("old");
    expect(insertCardTable(once, [card])).toBe(once);
    expect(() => insertCardTable("nothing", [card])).toThrow("has lost its marks");
  });

  it("says durations as people do", () => {
    expect([42.4, 60, 125.4].map(formatDuration)).toEqual(["42 s", "1 min 00 s", "2 min 05 s"]);
  });
});

describe("readCheckpoint", () => {
  it("knows what it was trained on", () => {
    expect(checkpoint).toMatchObject({ name: "lenet-5", parameters: 61_706, macs: 416_520 });
    expect(checkpoint.dataset.title).toBe("Fashion-MNIST");
  });

  it("refuses models from elsewhere", () => {
    const other = serializeModel(recipe.build(createRng(1), {}));
    expect(() => readCheckpoint(other, "other")).toThrow(
      'other is no checkpoint of the zoo: its metadata "dataset" should name fashion-mnist or mnist, it is undefined',
    );
  });
});

describe("the committed checkpoints", async () => {
  const checkpoints = await loadCheckpoints();
  const cards = await readCards(checkpointFolder());
  const subset = await loadTestSubset();

  it("have a card each, in their folder and in the README", async () => {
    expect(cards.map(({ name }) => name)).toEqual(checkpoints.map(({ name }) => name));
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    expect(insertCardTable(readme, cards)).toBe(readme);
  });

  it.each(cards.map((one) => [one.name, one] as const))(
    "%s is the file that its card describes",
    async (name, one) => {
      const committed = checkpoints.find((candidate) => candidate.name === name)!;
      expect(createHash("sha256").update(committed.bytes).digest("hex")).toBe(one.sha256);
      expect(committed.bytes.length).toBeLessThan(1e6);
      expect(committed).toMatchObject({
        macs: one.variant.macs,
        parameters: one.variant.parameters,
      });
      const text = await readFile(new URL(`../../checkpoints/${name}.md`, import.meta.url), "utf8");
      expect(text).toBe(renderCard(one));
      const { target = 0 } = RECIPES.find((candidate) => candidate.name === name)!;
      expect(one.accuracy.accuracy).toBeGreaterThanOrEqual(target);
      if (one.subsetAccuracy === undefined) return;
      const { correct } = await evaluateAccuracy(committed, subset);
      // Other builds of the kernels round differently: a picture on the fence may fall either way.
      expect(Math.abs(correct - one.subsetAccuracy.correct)).toBeLessThanOrEqual(2);
    },
  );
});
