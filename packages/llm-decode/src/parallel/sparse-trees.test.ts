import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildSparseTrees } from "./build-sparse-trees.js";
import {
  type AcceptanceRates,
  bestCandidates,
  endProbabilities,
  expectedAcceptance,
  sortedRates,
} from "./candidate-tree.js";
import { chainTrees, parseSparseTrees, treeRows } from "./sparse-trees.js";
import { layOutTree } from "./tree-layout.js";
import { stationaryDistribution } from "./tree-states.js";

/**
 * Vicuna-7B's acceptance rates, from the scores of the trees that the paper's repository ships
 * (hmarkc/parallel-prompt-decoding, prompt/inference/dynamic_sparse_trees_3_vicuna_7b.py, Apache-2.0): those of
 * [r]; of [0, r] over that of [0]; of [0, 0, r] over that of [0, 0].
 */
function vicuna7b(): AcceptanceRates {
  const first = [
    0.48335, 0.14342, 0.0736, 0.0454, 0.03087, 0.02155, 0.01658, 0.01323, 0.00932, 0.00845,
  ];
  const second = [
    0.12691, 0.07038, 0.03922, 0.02784, 0.0207, 0.01561, 0.01242, 0.0104, 0.0092, 0.00749,
  ];
  const third = [
    0.02083, 0.01492, 0.01027, 0.00734, 0.00582, 0.00466, 0.00397, 0.00301, 0.00294, 0.00227,
  ];
  return [first, second.map((x) => x / 0.48335), third.map((x) => x / 0.12691)];
}

const ratesArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
  .chain(([depths, ranks]) =>
    fc.array(
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
        minLength: ranks,
        maxLength: ranks,
      }),
      {
        minLength: depths,
        maxLength: depths,
      },
    ),
  )
  .map((rows) =>
    sortedRates(rows).map((row) => {
      const total = row.reduce((a, b) => a + b, 0);
      return row.map((x) => (0.95 * x) / Math.max(1, total)); // probabilities of different tokens
    }),
  );

describe("bestCandidates", () => {
  it("takes those that a sort of all paths takes", () => {
    fc.assert(
      fc.property(ratesArbitrary, fc.integer({ min: 1, max: 30 }), (rates, count) => {
        const all: number[] = [];
        const visit = (depth: number, score: number): void => {
          if (depth === rates.length) return;
          for (const rate of rates[depth]!) {
            all.push(score * rate);
            visit(depth + 1, score * rate);
          }
        };
        visit(0, 1);
        all.sort((a, b) => b - a);
        const chosen = bestCandidates(rates, count);
        expect(chosen.length).toBe(Math.min(count, all.length));
        for (const [i, { score }] of chosen.entries()) expect(score).toBeCloseTo(all[i]!, 12);
        const paths = new Set(["", ...chosen.map(({ path }) => path.join())]);
        expect(chosen.every(({ path }) => paths.has(path.slice(0, -1).join()))).toBe(true);
        // Where the path ends, plus ending nowhere, is certain.
        const ends = endProbabilities(chosen);
        const first = chosen.filter(({ path }) => path.length === 1);
        expect(ends.reduce((a, b) => a + b, 0)).toBeCloseTo(expectedAcceptance(first), 10);
        expect(Math.min(...ends)).toBeGreaterThan(-1e-12);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it("refuses rates that rise and says what orders them", () => {
    expect(() => bestCandidates([[0.1, 0.2]], 2)).toThrow("sortedRates()");
    expect(() => bestCandidates([[0.2], [1.2]], 2)).toThrow("from 0 to 1");
    expect(() => bestCandidates([], 2)).toThrow("a row");
  });
});

describe("stationaryDistribution", () => {
  it("is where repeated steps arrive", () => {
    const transitions = [
      [0.1, 0.3, 0.2],
      [0.6, 0.3, 0.5],
      [0.3, 0.4, 0.3],
    ];
    let shares = [1, 0, 0];
    for (let i = 0; i < 200; i++) {
      shares = transitions.map((row) => row.reduce((sum, p, d) => sum + p * shares[d]!, 0));
    }
    const solved = stationaryDistribution(transitions);
    for (const [i, share] of shares.entries()) expect(solved[i]).toBeCloseTo(share, 12);
  });

  it("refuses a chain of two parts", () => {
    const apart = [
      [1, 0],
      [0, 1],
    ];
    expect(() => stationaryDistribution(apart)).toThrow("never left");
  });
});

describe("buildSparseTrees", () => {
  // Solved from the trees that the repository ships: budget, tokens a step. Ours may be better, not worse.
  const published = [
    [5, 1.63],
    [10, 1.83],
    [20, 1.98],
    [35, 2.11],
    [60, 2.25],
    [105, 2.37],
    [200, 2.49],
  ] as const;
  it.each(published)(
    "gives at least the published tokens a step for a budget of %i",
    (budget, tokens) => {
      const built = buildSparseTrees(vicuna7b(), { budget });
      expect(built.tokensPerStep).toBeGreaterThan(tokens - 0.006); // given with two decimals, from scores with five
      expect(built.tokensPerStep).toBeLessThan(tokens + 0.04);
      for (const rows of built.rows) expect(rows).toBeLessThanOrEqual(budget + 4);
    },
  );

  it("gives the published trees for a budget of 60 and of 105, with their state shares", () => {
    const sixty = buildSparseTrees(vicuna7b(), { budget: 60, leastPromptTokens: 1 });
    expect(sixty.rows.slice(2)).toEqual([64, 64]);
    expect(sixty.trees[2]!.nodes.length).toBe(20);
    const shares = sixty.stateShares.map((p) => Number(p.toFixed(2)));
    expect(shares).toEqual([0, 0, 0.83, 0.17]);
    // The file's tree for the second state, node for node.
    const paths = sixty.trees[2]!.nodes.map(({ path }) => path.join(""));
    expect(paths.join(" ")).toBe("0 1 00 2 01 3 02 10 4 03 5 11 04 20 6 05 7 06 30 12");
    expect(sixty.trees[2]!.nodes.every(({ promptTokens }) => promptTokens === 2)).toBe(true);
    const more = buildSparseTrees(vicuna7b(), { budget: 105, leastPromptTokens: 1 });
    expect(more.trees.map(({ nodes }) => nodes.length).slice(2)).toEqual([33, 34]);
    expect(more.stateShares.slice(2).map((p) => Number(p.toFixed(2)))).toEqual([0.47, 0.53]);
  });

  it("keeps to its budget, shares add up, and more rows never give fewer tokens", () => {
    fc.assert(
      fc.property(ratesArbitrary, fc.integer({ min: 1, max: 3 }), (rates, ensemble) => {
        let before = 1;
        for (const budget of [1, 4, 9, 20]) {
          const built = buildSparseTrees(rates, { budget, ensemble });
          expect(built.stateShares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          expect(built.tokensPerStep).toBeGreaterThan(before - 0.02); // a climb may miss the best by a little
          before = built.tokensPerStep;
          built.trees.forEach((tree, state) => {
            const rows = treeRows(built, tree, ensemble);
            expect(rows).toBe(built.rows[state]);
            expect(rows).toBeLessThanOrEqual(1 + budget + ensemble * rates.length);
            expect(tree.nodes.every(({ path }) => path.length <= state)).toBe(true);
          });
          expect(parseSparseTrees(JSON.parse(JSON.stringify(built)))).toEqual({
            promptTokens: built.promptTokens,
            trees: built.trees,
          });
        }
      }),
      { seed: 4, numRuns: 25 },
    );
  });

  it("predicts the tokens a step that drawn guesses give", () => {
    const rates = [
      [0.5, 0.2],
      [0.4, 0.2],
    ];
    const built = buildSparseTrees(rates, { budget: 5 });
    let [state, accepted] = [2, 0];
    const steps = 40_000;
    let word = 12345;
    const uniform = (): number => {
      word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
      return word / 2 ** 32;
    };
    for (let step = 0; step < steps; step++) {
      const truth = rates.map((row) => {
        const u = uniform();
        return u < row[0]! ? 0 : u < row[0]! + row[1]! ? 1 : 2;
      });
      const nodes = built.trees[state]!.nodes;
      const right = nodes.filter(({ path }) => path.every((rank, depth) => rank === truth[depth]));
      const deepest = right.reduce(
        (best, node) => (node.path.length > (best?.path.length ?? 0) ? node : best),
        right[0],
      );
      accepted += 1 + (deepest?.path.length ?? 0);
      state = deepest ? deepest.promptTokens : built.promptTokens;
    }
    expect(accepted / steps).toBeCloseTo(built.tokensPerStep, 1);
    expect(Math.abs(accepted / steps - built.tokensPerStep)).toBeLessThan(0.02); // four standard errors of the mean
  });

  it("refuses a budget of nothing", () => {
    expect(() => buildSparseTrees([[0.5]], { budget: 0 })).toThrow("at least one row");
  });
});

describe("layOutTree", () => {
  it("chains every ensemble row under its own, never under a sibling", () => {
    const trees = chainTrees(2);
    const { parents, tokens, chainStarts, chainLengths, children } = layOutTree(
      trees,
      trees.trees[2]!,
      2,
      100,
    );
    // root, two candidates; two prompt tokens of two rows under each of the three
    expect([...parents]).toEqual([-1, 0, 1, 0, 0, 3, 4, 1, 1, 7, 8, 2, 2, 11, 12]);
    expect([...tokens].slice(3)).toEqual([
      100, 101, 102, 103, 100, 101, 102, 103, 100, 101, 102, 103,
    ]);
    expect([...chainStarts]).toEqual([3, 7, 11]);
    expect([...chainLengths]).toEqual([2, 2, 2]);
    expect(children).toEqual([[1], [2], []]);
  });
});

describe("parseSparseTrees", () => {
  const good = JSON.parse(JSON.stringify(chainTrees(2)));
  it.each([
    ["nothing", null, "promptTokens from 1"],
    ["a missing tree", { ...good, trees: good.trees.slice(1) }, "states 0 to 2"],
    [
      "a path without its prefix",
      {
        ...good,
        trees: [good.trees[0], good.trees[1], { nodes: [{ path: [0, 0], promptTokens: 1 }] }],
      },
      "behind its prefix",
    ],
    [
      "a path longer than its state",
      { ...good, trees: [good.trees[0], good.trees[2], good.trees[2]] },
      "1 to 1 ranks",
    ],
    [
      "too many prompt tokens",
      {
        ...good,
        trees: [good.trees[0], { nodes: [{ path: [0], promptTokens: 3 }] }, good.trees[2]],
      },
      "at most 2 prompt tokens",
    ],
    [
      "nodes that are none",
      { ...good, trees: [good.trees[0], good.trees[1], { nodes: 7 }] },
      "to be an array",
    ],
  ])("refuses %s", (_, json, message) => {
    expect(() => parseSparseTrees(json)).toThrow(message);
  });
});
