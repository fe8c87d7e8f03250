import { expect, test } from "vitest";
import { createTurnTaker, nextTurn } from "./event-loop.js";

test("a turn lets what was queued before it run first, unlike a resolved promise", async () => {
  const order: string[] = [];
  const earlier = nextTurn().then(() => order.push("queued before"));
  await Promise.resolve();
  expect(order).toEqual([]);
  await nextTurn();
  order.push("after a turn");
  await earlier;
  expect(order).toEqual(["queued before", "after a turn"]);
});

test("a turn taker gives way only once its time is over", async () => {
  const takeTurn = createTurnTaker();
  expect(takeTurn()).toBeUndefined();
  const began = performance.now();
  while (performance.now() - began < 25); // work that holds the thread
  const turn = takeTurn();
  expect(turn).toBeInstanceOf(Promise);
  await turn;
  expect(takeTurn()).toBeUndefined();
});
