import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findNatsServer, startNats } from "../../../../test/start-nats.test-support.node.js";
import { createNatsStore } from "../nats/nats-store.js";
import { createFileStore } from "../node/file-store.js";
import {
  dyadicExamples,
  expectSameKnowledge,
  learnTogether,
  taughtBandit,
} from "./fleet.test-support.js";
import { createFleetMember } from "./fleet-member.js";

const program = findNatsServer();
if (!program) console.warn("skipped: nats-server is not installed (apt-get install nats-server)");

it("a fleet over files knows what a pooled bandit does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgewright-fleet-"));
  await learnTogether(async () => createFileStore({ folder, durable: false }));
  await rm(folder, { recursive: true });
});

it.skipIf(!program)("a fleet over NATS knows what a pooled bandit does", async () => {
  const nats = await startNats(program!);
  await learnTogether(() => createNatsStore({ connect: { servers: nats.url } }));
  await nats.stop();
});

it.skipIf(!program)(
  "a fleet over NATS learns as soon as one of it pushes, by watching",
  async () => {
    const nats = await startNats(program!);
    const store = await createNatsStore({ connect: { servers: nats.url } });
    const examples = dyadicExamples(20, ["a", "b"], 1);
    const [teacher, pupil] = ["teacher", "pupil"].map((member) => {
      const bandit = taughtBandit();
      return { bandit, fleet: createFleetMember({ bandit, store, key: "fleet", member }) };
    });
    const watching = (async () => {
      for await (const _ of store.watch("fleet")) return pupil!.fleet.sync();
    })();
    for (const example of examples) teacher!.bandit.learn(example);
    await teacher!.fleet.sync();
    await watching;
    expectSameKnowledge(pupil!.bandit, taughtBandit(examples));
    expect(pupil!.fleet.waiting).toBe(0);
    await store.close();
    await nats.stop();
  },
);
