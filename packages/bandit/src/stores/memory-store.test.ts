import { describe } from "vitest";
import { createMemoryStore } from "./memory-store.js";
import { describeStore } from "./snapshot-stores.test-support.js";

describe("createMemoryStore", () => {
  describeStore(async () => createMemoryStore());
});
