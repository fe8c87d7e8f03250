import type { SparseTree, SparseTrees } from "./sparse-trees.js";

/**
 * A tree as rows of a pass, laid out once and filled in at every step: the root, the candidates with parents first,
 * then the prompt tokens chained under root and candidates.
 */
export interface TreeLayout {
  readonly rows: number;
  /** Row that each row continues; -1 for the root. */
  readonly parents: Int32Array;
  /** Token of every row; those of the root and of candidates change from step to step. */
  readonly tokens: Int32Array;
  /** Rows of the root and the candidates: rows 0 to nodes - 1. */
  readonly nodes: number;
  /** Distance and rank that a candidate's token is taken from; of the root 0. */
  readonly depths: Int32Array;
  readonly ranks: Int32Array;
  /** Children of every node among the nodes. */
  readonly children: readonly (readonly number[])[];
  /** First row of the prompt tokens under a node, and how many prompt tokens they are. */
  readonly chainStarts: Int32Array;
  readonly chainLengths: Int32Array;
}

/** Lays out a tree for prompt tokens with `ensemble` rows each, whose ids begin at `vocabSize`. */
export function layOutTree(
  { promptTokens }: SparseTrees,
  tree: SparseTree,
  ensemble: number,
  vocabSize: number,
): TreeLayout {
  const nodes = 1 + tree.nodes.length;
  const rowOf = new Map<string, number>([["", 0]]);
  const parents = [-1];
  const depths = new Int32Array(nodes);
  const ranks = new Int32Array(nodes);
  const children: number[][] = Array.from({ length: nodes }, () => []);
  const chainLengths = new Int32Array(nodes);
  chainLengths[0] = promptTokens;
  tree.nodes.forEach(({ path, promptTokens: prompts }, i) => {
    const row = i + 1;
    const parent = rowOf.get(path.slice(0, -1).join())!;
    rowOf.set(path.join(), row);
    parents.push(parent);
    children[parent]!.push(row);
    depths[row] = path.length;
    ranks[row] = path.at(-1)!;
    chainLengths[row] = prompts;
  });
  const tokens = new Array<number>(nodes).fill(0);
  const chainStarts = new Int32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const first = parents.length;
    chainStarts[node] = first;
    for (let k = 0; k < chainLengths[node]!; k++) {
      for (let j = 0; j < ensemble; j++) {
        parents.push(k === 0 ? node : first + (k - 1) * ensemble + j);
        tokens.push(vocabSize + k * ensemble + j);
      }
    }
  }
  return {
    rows: parents.length,
    parents: Int32Array.from(parents),
    tokens: Int32Array.from(tokens),
    nodes,
    ...{ depths, ranks, children, chainStarts, chainLengths },
  };
}
