import { expect, test } from "vitest";
import { ReplayBuffer } from "./replay-buffer.js";

/** Rewards in the order in which their examples will be written over. */
function rewardsOf(buffer: ReplayBuffer): number[] {
  const { count, capacity, rewards } = buffer;
  const { next } = buffer.state();
  const oldest = count < capacity ? 0 : next;
  return Array.from({ length: count }, (_, i) => rewards[(oldest + i) % count]!);
}

test("an output's examples are dropped and the others stay in order, wherever the oldest one lies", () => {
  for (const added of [0, 3, 5, 7, 13]) {
    const buffer = new ReplayBuffer(5, 2);
    const examples = Array.from({ length: added }, (_, i) => ({ head: i % 3, reward: i }));
    for (const { head, reward } of examples)
      buffer.add([reward], [-reward], head, reward, 1 + reward);
    const kept = examples.slice(-5).filter(({ head }) => head !== 1);
    buffer.removeHead(1);
    expect(rewardsOf(buffer)).toEqual(kept.map(({ reward }) => reward));
    // What comes next goes behind them, and the oldest gives way first; fields stay together.
    for (let i = 0; i < 4; i++) buffer.add([100 + i], [-100 - i], 0, 100 + i, 101 + i);
    const all = [...kept.map(({ reward }) => reward), 100, 101, 102, 103].slice(-5);
    expect(rewardsOf(buffer)).toEqual(all);
    for (let row = 0; row < buffer.count; row++) {
      const reward = buffer.rewards[row]!;
      expect([...buffer.inputs.subarray(2 * row, 2 * row + 2)]).toEqual([reward, -reward]);
      expect(buffer.weights[row]).toBe(1 + reward);
    }
    const copy = buffer.restored(JSON.parse(JSON.stringify(buffer.state())), 3, "test");
    expect(rewardsOf(copy)).toEqual(rewardsOf(buffer));
  }
});
