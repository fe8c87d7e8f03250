import { createRng, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costBudget } from "../constraints/cost-budget.js";
import { ucb1 } from "../counting/ucb1.js";
import { linUcb } from "../linear/lin-ucb.js";
import { askWhenUnsure } from "../solicitation/ask-when-unsure.js";
import type { BanditOptions } from "./bandit-options.js";
import { checksum } from "./checksum.js";
import { createBandit } from "./create-bandit.js";
import type { BanditSnapshot } from "./snapshot.js";
import { createFixedPolicy } from "./test-policies.test-support.js";

const optionsOf = (dimension = 2): BanditOptions<string, ArrayLike<number>> => ({
  policy: linUcb({ dimension, alpha: 1 }),
  arms: ["a", "b"],
  seed: 1,
  constraints: [costBudget({ costs: { a: 1, b: 2 }, perDecision: 1.5 })],
  solicitation: askWhenUnsure({ width: 0.5 }),
});

let text = "";

function makeSnapshot(): BanditSnapshot {
  text ||= writeOne();
  return JSON.parse(text);
}

function writeOne(): string {
  const bandit = createBandit(optionsOf());
  const rng = createRng(8);
  for (let i = 0; i < 30; i++) {
    const { id } = bandit.decide([1, rng.uniform()]);
    if (i % 3 > 0) bandit.update(id, rng.uniform());
  }
  bandit.forget("d3");
  return JSON.stringify(bandit.snapshot());
}

/** A change of the content with a checksum that fits it: what only the checks behind the checksum can find. */
function forge(change: (snapshot: Record<string, unknown>) => void): BanditSnapshot {
  const { checksum: _, ...content } = makeSnapshot() as never as {
    [field: string]: unknown;
  };
  change(content);
  return { ...content, checksum: checksum(content) } as never;
}

const restore = (snapshot: unknown, options = optionsOf()) =>
  createBandit({ ...options, snapshot: snapshot as BanditSnapshot });

describe("snapshots", () => {
  it("do not mind another order of keys", () => {
    const reorder = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reorder)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, item]) => [key, reorder(item)]),
            )
          : value;
    const snapshot = makeSnapshot();
    expect(restore(reorder(snapshot)).snapshot()).toEqual(snapshot);
  });

  it("take decisions over into a smaller capacity, the oldest left out", () => {
    const snapshot = makeSnapshot();
    const bandit = restore(snapshot, { ...optionsOf(), feedback: { capacity: 5 } });
    expect(bandit.decided).toBe(30);
    expect(bandit.pending).toBe(1);
    expect(() => bandit.update("d0", 1)).toThrow(/waits no longer/);
    expect(() => bandit.update("dq", 1)).toThrow(/has its reward already/);
    bandit.update("dr", 1);
    expect(restore(snapshot, { ...optionsOf(), feedback: { capacity: 99 } }).pending).toBe(9);
  });

  it("that speak of billions of decisions take no longer", () => {
    const bandit = restore(
      forge((content) => {
        content.pending = { decided: 4_100_000_000, fates: "a4100000000", waiting: [] };
      }),
    );
    expect(bandit.decided).toBe(4_100_000_000);
    expect(() => bandit.update(`d${(4_099_999_999).toString(36)}`, 1)).toThrow(/has its reward/);
  });

  it("take a fresh start for none", () => {
    expect(restore(undefined).decided).toBe(0);
    expect(restore(null).decided).toBe(0);
  });

  const otherOptions: [string, () => BanditOptions<string, ArrayLike<number>>, RegExp][] = [
    ["policy", () => ({ ...optionsOf(), policy: ucb1() }), /policy.name: ucb1, as in the options/],
    ["dimension", () => optionsOf(3), /policy.contextDimension: 3, as in the options, .* got 2/],
    [
      "constraints",
      () => ({ ...optionsOf(), constraints: [] }),
      /constraints: "", as in .* "costBudget"/,
    ],
    [
      "solicitation",
      () => {
        const { solicitation: _, ...rest } = optionsOf();
        return rest;
      },
      /solicitation: "none", as in .* "askWhenUnsure"/,
    ],
    [
      "options of the policy",
      () => ({ ...optionsOf(), policy: linUcb({ dimension: 2, alpha: 1, ridge: 5 }) }),
      /./,
    ],
  ];
  it.each(otherOptions)(
    "of another %s are refused, and nothing has changed",
    (_, make, message) => {
      const options = make();
      const before = options.policy.state();
      expect(() => restore(makeSnapshot(), options)).toThrow(ValidationError);
      expect(() => restore(makeSnapshot(), options)).toThrow(message);
      expect(options.policy.state()).toEqual(before);
    },
  );

  it("leave the policy as it was when a constraint refuses its state", () => {
    const options = optionsOf();
    const before = JSON.stringify(options.policy.state());
    const damaged = forge((snapshot) => {
      (snapshot.constraints as { state: unknown }[])[0]!.state = { spent: "much" };
    });
    expect(() => restore(damaged, options)).toThrow(/costBudget/);
    expect(JSON.stringify(options.policy.state())).toBe(before);
  });

  it.each<[string, unknown, RegExp]>([
    ["text", "{}", /format: edgewright-bandit was expected, got undefined/],
    ["nothing in it", {}, /format/],
    ["another format", { ...makeSnapshot(), format: "x" }, /format: .* got "x"/],
    ["another version", { ...makeSnapshot(), version: 2 }, /version: 1, .* was expected, got 2/],
    ["no checksum", { ...makeSnapshot(), checksum: undefined }, /checksum: .* damaged/],
    ["a field more", { ...makeSnapshot(), more: 1 }, /checksum/],
  ])("with %s are refused", (_, snapshot, message) => {
    expect(() => restore(snapshot)).toThrow(ValidationError);
    expect(() => restore(snapshot)).toThrow(message);
  });

  it("with one character changed, left out or doubled are never taken for whole", () => {
    const text = JSON.stringify(makeSnapshot());
    const characters = fc.constantFrom(...'0123456789abcdefA+/=-.,:"[]{}x ');
    const edit = fc.tuple(fc.nat(text.length - 1), characters, fc.constantFrom(0, 1, 2));
    let parsed = 0;
    fc.assert(
      fc.property(edit, ([at, character, kind]) => {
        const kept = kind === 2 ? at : at + 1;
        const changed = text.slice(0, at) + (kind === 1 ? "" : character) + text.slice(kept);
        let snapshot: unknown;
        try {
          snapshot = JSON.parse(changed);
        } catch {
          return;
        }
        // A blank between tokens, or the digit that was there before, is no change.
        if (JSON.stringify(snapshot) === text) return;
        parsed++;
        expect(() => restore(snapshot)).toThrow(ValidationError);
      }),
      { seed: 21, numRuns: 600 },
    );
    expect(parsed).toBeGreaterThan(100);
  });

  it("with a value exchanged and a checksum that fits it are refused or work", () => {
    const paths: (readonly (string | number)[])[] = [];
    const collect = (value: unknown, path: readonly (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const key of Object.keys(value)) {
        collect((value as never)[key], [...path, Array.isArray(value) ? Number(key) : key]);
      }
    };
    const { checksum: _, ...content } = makeSnapshot();
    collect(content, []);
    const values = fc.oneof(
      fc.constantFrom(
        null,
        -1,
        0,
        1,
        0.5,
        1e300,
        "",
        "a",
        "p5",
        "e3a9",
        [],
        {},
        true,
        [[]],
        2 ** 32,
      ),
      fc.jsonValue({ maxDepth: 1 }),
    );
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, (path, value) => {
        const snapshot = forge((fields) => {
          let holder = fields as never as { [key: string]: unknown };
          for (const key of path.slice(0, -1)) holder = holder[key] as typeof holder;
          holder[path.at(-1)!] = value;
        });
        let bandit: ReturnType<typeof restore>;
        try {
          bandit = restore(snapshot);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
          refused++;
          return;
        }
        taken++;
        expect(Number.isSafeInteger(bandit.decided)).toBe(true);
        expect(bandit.arms.length).toBeGreaterThan(0);
      }),
      { seed: 22, numRuns: 600 },
    );
    // Some exchanges make another valid snapshot: a propensity, a time, a seed.
    expect(refused).toBeGreaterThan(400);
    expect(taken).toBeGreaterThan(10);
  });

  it.each<[string, (snapshot: never) => void, RegExp]>([
    [
      "a slot twice",
      (s: { arms: { slot: number }[] }) => {
        s.arms[1]!.slot = 0;
      },
      /arms\[1\]: a new name and slot/,
    ],
    [
      "a name twice",
      (s: { arms: { name: string }[] }) => {
        s.arms[1]!.name = "a";
      },
      /arms\[1\]: a new name/,
    ],
    [
      "no arms",
      (s: { arms: unknown }) => {
        s.arms = [];
      },
      /arms: at least one arm/,
    ],
    [
      "half a stream",
      (s: { rng: { key: number[] } }) => {
        s.rng.key.pop();
      },
      /rng: the state of a random stream/,
    ],
    [
      "odd fates",
      (s: { pending: { fates: string } }) => {
        s.pending.fates += "z3";
      },
      /pending.fates: letters/,
    ],
    [
      "too many fates",
      (s: { pending: { fates: string } }) => {
        s.pending.fates += "a3";
      },
      /pending.fates/,
    ],
    [
      "a decision less",
      (s: { pending: { waiting: unknown[] } }) => {
        s.pending.waiting.pop();
      },
      /damaged/,
    ],
    [
      "a decision more",
      (s: { pending: { waiting: unknown[] } }) => {
        s.pending.waiting.push(s.pending.waiting[0]);
      },
      /waiting: 9 decisions/,
    ],
    [
      "a free slot",
      (s: { pending: { waiting: number[][] } }) => {
        s.pending.waiting[0]![0] = 7;
      },
      /waiting\[0\]: the slot of an arm .* 7/,
    ],
    [
      "a propensity of 0",
      (s: { pending: { waiting: number[][] } }) => {
        s.pending.waiting[0]![1] = 0;
      },
      /a propensity/,
    ],
    [
      "a short context",
      (s: { pending: { waiting: unknown[][] } }) => {
        s.pending.waiting[0]![3] = "";
      },
      /2 float64 values/,
    ],
  ] as [string, (snapshot: never) => void, RegExp][])("with %s say so", (_, change, message) => {
    const snapshot = forge(change as never);
    expect(() => restore(snapshot)).toThrow(ValidationError);
    expect(() => restore(snapshot)).toThrow(message);
  });

  it("keep features of arms that the policy does not look at", () => {
    const options = (): BanditOptions<string, ArrayLike<number>> => ({
      policy: createFixedPolicy([1, 1]),
      arms: new Map([
        ["a", [1, 2]],
        ["b", [3]],
      ]),
      seed: 1,
    });
    const snapshot = createBandit(options()).snapshot();
    expect(restore(snapshot, options()).snapshot()).toEqual(snapshot);
  });
});

describe("checksum", () => {
  it("is FNV-1a of the text of a value", () => {
    // Published test vectors of FNV-1a 32: "" and, as its parts are hashed one after another, 'a' within quotes.
    const reference = (text: string): string => {
      let hash = 0x811c9dc5n;
      for (const character of text) {
        hash = ((hash ^ BigInt(character.codePointAt(0)!)) * 0x01000193n) & 0xffffffffn;
      }
      return hash.toString(16).padStart(8, "0");
    };
    expect(reference("")).toBe("811c9dc5");
    expect(reference("foobar")).toBe("bf9cf968");
    expect(checksum("foobar")).toBe(reference('"foobar"'));
    expect(checksum({ b: [1, null], a: -0.5 })).toBe(reference('{"a"-0.5,"b"[1,null,,'));
  });

  it("sees values as JSON has them", () => {
    const data = { x: Number.NaN, y: undefined, z: -0, list: [undefined, 1e21] };
    expect(checksum(data)).toBe(checksum(JSON.parse(JSON.stringify(data))));
  });
});
