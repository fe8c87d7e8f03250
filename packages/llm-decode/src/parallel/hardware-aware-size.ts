import { createTurnTaker, EdgewrightError, median, throwIfAborted } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";
import { buildSparseTrees, type ExpectedTrees } from "./build-sparse-trees.js";
import { type AcceptanceRates, sortedRates } from "./candidate-tree.js";

/** Time of a pass by its number of rows, measured; ascending rows. */
export type PassTimes = readonly { readonly rows: number; readonly milliseconds: number }[];

/** Options of {@link measurePassTimes}. */
export interface MeasurePassTimesOptions {
  readonly session: DecoderSession;
  /** Rows to measure. @default 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64 as far as the session takes them */
  readonly rows?: readonly number[];
  /** Tokens in the cache meanwhile: attention costs more behind a long text. @default 64 */
  readonly contextLength?: number;
  /** Rounds over all sizes; medians count. @default 7 */
  readonly rounds?: number;
  /** Rows whose logits are read, as a tree's pass reads few of its own. @default 4 */
  readonly logitRows?: number;
  readonly bits?: number;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

const WARM_UP = 3;

/**
 * Measures how long a pass takes by its rows, on this device, with this model: L(n) of PPD (arXiv:2405.18628,
 * section 4.4). Sizes take turns, so that another load of the device falls on all; every pass follows some of its own size,
 * as in decoding. The session is left empty.
 *
 * @throws AbortError when the signal fires.
 */
export async function measurePassTimes(options: MeasurePassTimesOptions): Promise<PassTimes> {
  const { session, bits, rounds = 7, logitRows = 4 } = options;
  const now = options.now ?? (() => performance.now());
  const atBits = bits === undefined ? {} : { bits };
  const contextLength = Math.min(options.contextLength ?? 64, session.capacity >> 1);
  const most = Math.min(session.model.maxRows, session.capacity - contextLength);
  const defaults = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
  const sizes = [...new Set(options.rows ?? defaults)]
    .filter((n) => n >= 1 && n <= most)
    .sort((a, b) => a - b);
  if (sizes.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `measurePassTimes: expected rows from 1 to ${most}, got [${options.rows}]`,
    );
  }
  session.truncate(0);
  for (let at = 0; at < contextLength; ) {
    const count = Math.min(session.model.maxRows, contextLength - at);
    session.run({ tokens: new Array<number>(count).fill(0), logits: "none", ...atBits });
    session.commit(Array.from({ length: count }, (_, i) => i));
    at += count;
  }
  // A chain under the first row, as wide as a tree: parents decide what is seen, not how much is computed.
  const passes = sizes.map((n) => ({
    tokens: new Int32Array(n),
    parents: Int32Array.from({ length: n }, (_, i) => (i === 0 ? -1 : (i - 1) >> 1)),
    read: Math.min(n, logitRows),
  }));
  const times = sizes.map((): number[] => []);
  const turn = createTurnTaker();
  const pass = ({ tokens, parents, read }: (typeof passes)[number]): void => {
    const logits = session.run({ tokens, parents, logits: "lazy", ...atBits });
    for (let row = 0; row < read; row++) logits.row(row);
  };
  for (let round = 0; round < rounds; round++) {
    throwIfAborted(options.signal, "measurePassTimes");
    await turn();
    for (const [i, one] of passes.entries()) {
      // A pass of another size has left its own numbers in the caches: it takes three to be rid of them.
      for (let i = 0; i < WARM_UP; i++) pass(one);
      const before = now();
      pass(one);
      times[i]!.push(now() - before);
    }
  }
  session.truncate(0);
  return sizes.map((rows, i) => ({ rows, milliseconds: median(times[i]!) }));
}

/**
 * Time of a pass with `rows` rows: between two measured sizes on the line through them, beyond the last on the line
 * through the last two.
 */
export function passTime(times: PassTimes, rows: number): number {
  const exact = times.find((t) => t.rows === rows);
  if (exact) return exact.milliseconds;
  if (times.length === 1) return (times[0]!.milliseconds * rows) / times[0]!.rows;
  const above = times.findIndex((t) => t.rows > rows);
  const i = above === -1 ? times.length - 1 : Math.max(1, above);
  const [a, b] = [times[i - 1]!, times[i]!];
  const slope = (b.milliseconds - a.milliseconds) / (b.rows - a.rows);
  return Math.max(0, a.milliseconds + slope * (rows - a.rows));
}

/** Trees for one budget with what they are expected to bring on the measured device. */
export interface SizedTrees {
  readonly trees: ExpectedTrees;
  readonly budget: number;
  /** Mean time of a pass in milliseconds, by the shares of the states. */
  readonly passMs: number;
  /** Tokens per time against one token a pass. */
  readonly speedUp: number;
}

/** Options of {@link chooseTreeSize}. */
export interface ChooseTreeSizeOptions {
  /** @default 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60 */
  readonly budgets?: readonly number[];
  /** Most rows of a pass. @default the largest measured */
  readonly maxRows?: number;
  /** Rows that a prompt token takes. @default 1 */
  readonly ensemble?: number;
}

/**
 * Chooses how many rows, and how many of the prompt tokens, pay on a device: the trees with the most tokens per time,
 * by acceptance rates measured once and pass times measured on the device. All that were tried are in `tried`, best
 * first; a `speedUp` below 1 means that plain decoding is faster.
 *
 * The paper divides by the time of the largest tree; here the time of every state counts by its share.
 */
export function chooseTreeSize(
  rates: AcceptanceRates,
  times: PassTimes,
  options: ChooseTreeSizeOptions = {},
): SizedTrees & { readonly tried: readonly SizedTrees[] } {
  const { ensemble = 1 } = options;
  const budgets = options.budgets ?? [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60];
  const maxRows = options.maxRows ?? times.at(-1)!.rows;
  const sorted = sortedRates(rates);
  const plain = passTime(times, 1);
  const tried: SizedTrees[] = [];
  for (let count = 1; count <= sorted.length; count++) {
    for (const budget of budgets) {
      if (budget + 1 + count * ensemble > maxRows) continue;
      const trees = buildSparseTrees(sorted.slice(0, count), { budget, ensemble });
      const passMs = trees.rows.reduce(
        (sum, rows, state) => sum + trees.stateShares[state]! * passTime(times, rows),
        0,
      );
      tried.push({ trees, budget, passMs, speedUp: (trees.tokensPerStep * plain) / passMs });
    }
  }
  if (tried.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `chooseTreeSize: no budget of [${budgets}] fits passes of at most ${maxRows} rows`,
    );
  }
  tried.sort((a, b) => b.speedUp - a.speedUp);
  return { ...tried[0]!, tried };
}
