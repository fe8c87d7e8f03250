import { EdgewrightError, ValidationError } from "@edgewright/core";

/** A candidate of a {@link SparseTree}. */
export interface TreeNode {
  /** Ranks from the first candidate token down. */
  readonly path: readonly number[];
  /** Prompt tokens chained under it: what is known of the future when the accepted path ends here. */
  readonly promptTokens: number;
}

/** What one pass tries: candidates, parents before children. The root, the token decided last, carries all prompt tokens. */
export interface SparseTree {
  readonly nodes: readonly TreeNode[];
}

/**
 * One tree for every state, where state `s` is the number of prompt tokens whose predictions are at hand (the
 * dynamic sparse tree of PPD, arXiv:2405.18628, section 4). Plain data: `JSON.stringify` keeps it.
 */
export interface SparseTrees {
  /** Prompt tokens under the root. */
  readonly promptTokens: number;
  /** `trees[s]` for s = 0 to `promptTokens`; the paths of `trees[s]` have at most `s` tokens. */
  readonly trees: readonly SparseTree[];
}

/** Rows of a pass with tree `tree`: the root, candidates, and `ensemble` rows for every prompt token. */
export function treeRows(trees: SparseTrees, tree: SparseTree, ensemble = 1): number {
  const prompts = tree.nodes.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  return 1 + tree.nodes.length + ensemble * (prompts + trees.promptTokens);
}

/** Most rows of any of the trees: what a session must take in one call. */
export function mostTreeRows(trees: SparseTrees, ensemble = 1): number {
  return Math.max(...trees.trees.map((tree) => treeRows(trees, tree, ensemble)));
}

/**
 * A chain of the likeliest tokens and no tree: what a few rows can pay for.
 *
 * @throws EdgewrightError when `promptTokens` is no positive whole number.
 */
export function chainTrees(promptTokens: number): SparseTrees {
  if (!Number.isInteger(promptTokens) || promptTokens < 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `chainTrees: expected a positive number of prompt tokens, got ${promptTokens}`,
    );
  }
  return {
    promptTokens,
    trees: Array.from({ length: promptTokens + 1 }, (_, state) => ({
      nodes: Array.from({ length: state }, (_, depth) => ({
        path: new Array<number>(depth + 1).fill(0),
        promptTokens,
      })),
    })),
  };
}

/**
 * Trees from parsed JSON.
 *
 * @throws ValidationError when they are none: a missing prefix, a path longer than its state, numbers out of range.
 */
export function parseSparseTrees(json: unknown): SparseTrees {
  const refuse = (what: string): never => {
    throw new ValidationError(`parseSparseTrees: ${what}`);
  };
  const { promptTokens, trees } = (json ?? {}) as Partial<SparseTrees>;
  const isCount = (n: unknown, most: number): n is number =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) <= most;
  if (!isCount(promptTokens, 64) || promptTokens < 1) {
    return refuse(`expected promptTokens from 1 to 64, got ${String(promptTokens)}`);
  }
  if (!Array.isArray(trees) || trees.length !== promptTokens + 1) {
    return refuse(`expected one tree for each of the states 0 to ${promptTokens}`);
  }
  return {
    promptTokens,
    trees: trees.map((tree: Partial<SparseTree> | null, state) => {
      const nodes = tree?.nodes;
      if (!Array.isArray(nodes) || nodes.length > 4096) {
        return refuse(`expected trees[${state}].nodes to be an array of at most 4096`);
      }
      const seen = new Set<string>([""]);
      return {
        nodes: nodes.map((node: Partial<TreeNode> | null, i) => {
          const where = `trees[${state}].nodes[${i}]`;
          const { path, promptTokens: prompts } = node ?? {};
          if (!Array.isArray(path) || path.length < 1 || path.length > state) {
            return refuse(`expected ${where}.path to have 1 to ${state} ranks`);
          }
          if (!path.every((rank) => isCount(rank, 65535)) || !isCount(prompts, promptTokens)) {
            return refuse(
              `expected ${where} to have ranks and at most ${promptTokens} prompt tokens`,
            );
          }
          if (!seen.has(path.slice(0, -1).join()) || seen.has(path.join())) {
            return refuse(`${where}: expected [${path}] once and behind its prefix`);
          }
          seen.add(path.join());
          return { path: [...path], promptTokens: prompts };
        }),
      };
    }),
  };
}
