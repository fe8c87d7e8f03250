import { createRng } from "@edgewright/core";
import { expect, it } from "vitest";
import { createVectorPool } from "./vector-pool.js";

it("gives vectors of zeros that never overlap, whatever their lengths", () => {
  const allocate = createVectorPool();
  const rng = createRng(1);
  const vectors: Float64Array[] = [];
  for (let i = 0; i < 500; i++) {
    const vector = allocate(rng.integer(0, i % 50 === 0 ? 2000 : 60));
    expect(vector.every((value) => value === 0)).toBe(true);
    vectors.push(vector.fill(i));
  }
  for (const [i, vector] of vectors.entries()) {
    expect(vector.every((value) => value === i)).toBe(true);
  }
  // Many to a buffer, or there were no use in it.
  expect(new Set(vectors.map((vector) => vector.buffer)).size).toBeLessThan(40);
});
