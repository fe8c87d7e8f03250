import { ValidationError } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../stores/memory-store.js";
import { StoreConflictError } from "../../stores/store-conflict-error.js";
import { realVariants } from "../devices.test-support.js";
import { openModelSelector } from "./open-model-selector.js";

const variants = realVariants();

describe("openModelSelector", () => {
  test("begins, and goes on from what was saved", async () => {
    const store = createMemoryStore();
    const first = await openModelSelector({ store, variants, seed: 1 });
    const { id } = first.choose();
    first.thumbsUp(id);
    await first.save();
    const second = await openModelSelector({ store, variants, seed: 9 });
    expect(second.snapshot()).toEqual(first.snapshot());
    second.thumbsDown(second.choose().id);
    await Promise.all([second.save(), second.save()]);
    expect((await openModelSelector({ store, variants, seed: 1 })).bandit.decided).toBe(2);
  });

  test("of two that were opened at once the slower one is told, and nothing is lost", async () => {
    const store = createMemoryStore();
    const both = await Promise.all(
      [1, 2].map((seed) => openModelSelector({ store, key: "camera", variants, seed })),
    );
    both[0]!.thumbsUp(both[0]!.choose().id);
    await both[0]!.save();
    await expect(both[1]!.save()).rejects.toThrow(StoreConflictError);
    const kept = await openModelSelector({ store, key: "camera", variants, seed: 3 });
    expect(kept.snapshot()).toEqual(both[0]!.snapshot());
    await both[0]!.save();
  });

  test("refuses what is no snapshot", async () => {
    const store = createMemoryStore();
    await store.save("model-selector", { format: "poem" });
    await expect(openModelSelector({ store, variants, seed: 1 })).rejects.toThrow(ValidationError);
  });
});
