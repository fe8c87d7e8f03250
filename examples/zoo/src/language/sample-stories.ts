import { type Rng, type Tensor, throwIfAborted } from "@edgewright/core";
import type { DecoderWeights, WeightTensor } from "@edgewright/core/model-files";
import type { Kernels, Plan } from "@edgewright/kernels";
import { planProduct, productWorkspaceBytes } from "@edgewright/kernels/training";

/** Options of {@link sampleStories}. */
export interface SampleStoriesOptions {
  /** With the training extension. */
  readonly kernels: Kernels;
  /** Where chance comes from: the same state gives the same stories on the same build of the kernels. */
  readonly rng: Rng;
  /** So many tokens, to the next step of all stories. */
  readonly tokens: number;
  /** Stories that are written side by side. @default 128 */
  readonly together?: number;
  /** The token that begins a story, and ends the one before it. @default 1 */
  readonly bos?: number;
  readonly signal?: AbortSignal;
  /** Called every 16 steps. */
  readonly onProgress?: (tokens: number) => void;
}

/**
 * Stories that a llama model tells at temperature 1, which is its own distribution: the text to distil it from.
 * Each begins with `bos` and ends before the model would begin another, or where its context is full.
 *
 * Many stories are written in step, so that products have many rows; attention and the small rest run in
 * JavaScript. Weights must be f32.
 *
 * @throws AbortError when the signal fires
 */
export async function sampleStories(
  weights: DecoderWeights,
  options: SampleStoriesOptions,
): Promise<Uint16Array[]> {
  const { kernels, rng, tokens, together = 128, bos = 1, signal, onProgress } = options;
  const { contextLength, vocabSize } = weights.config;
  using writer = new BatchWriter(weights, kernels, together);
  const stories: Uint16Array[] = [];
  const drafts = Array.from({ length: together }, () => [bos]);
  let total = together;
  for (let step = 0; total < tokens; step++) {
    if (step % 16 === 0) {
      throwIfAborted(signal, "sampleStories");
      onProgress?.(total);
      await new Promise((resolve) => setTimeout(resolve));
    }
    const logits = writer.run(drafts);
    for (let row = 0; row < together; row++) {
      const draft = drafts[row]!;
      const token = sampleToken(logits, row * vocabSize, vocabSize, rng.uniform());
      const ends = token === bos || draft.length === contextLength;
      if (ends) {
        stories.push(Uint16Array.from(draft));
        drafts[row] = [bos];
      } else draft.push(token);
      total++;
    }
  }
  // Stories in the making count as well: without them, short ones would be too frequent.
  return [...stories, ...drafts.map((draft) => Uint16Array.from(draft))];
}

/** The token at which the sum of probabilities passes `chance`. */
function sampleToken(logits: Float32Array, start: number, count: number, chance: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + count; i++) if (logits[i]! > largest) largest = logits[i]!;
  let sum = 0;
  for (let i = start; i < start + count; i++) {
    const p = Math.exp(logits[i]! - largest);
    logits[i] = p;
    sum += p;
  }
  let left = chance * sum;
  for (let i = 0; i < count; i++) {
    left -= logits[start + i]!;
    if (left < 0) return i;
  }
  return count - 1;
}

interface Block {
  readonly attentionNorm: Float32Array;
  readonly feedForwardNorm: Float32Array;
  /** [stories, kvHeads, contextLength, headDim] */
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly project: readonly Plan[];
  readonly output: Plan;
  readonly open: readonly Plan[];
  readonly down: Plan;
}

/** Runs the last token of many stories through a model, with a cache of what came before. */
class BatchWriter {
  readonly #weights: DecoderWeights;
  readonly #kernels: Kernels;
  readonly #rows: number;
  readonly #blocks: Block[];
  readonly #logits: Plan;
  readonly #places: Record<"x" | "h" | "q" | "k" | "v" | "gate" | "up" | "logits", number>;
  readonly #release: (() => void)[] = [];
  readonly #embedding: Float32Array;
  readonly #cosines: Float32Array;
  readonly #sines: Float32Array;
  readonly #scores: Float32Array;

  constructor(weights: DecoderWeights, kernels: Kernels, rows: number) {
    const { dim, hiddenDim, heads, kvHeads, headDim, vocabSize, contextLength, ropeBase } =
      weights.config;
    this.#weights = weights;
    this.#kernels = kernels;
    this.#rows = rows;
    const { arena } = kernels;
    const allocate = (floats: number): number => {
      const memory = arena.allocate(4 * floats);
      this.#release.push(() => memory.dispose());
      return memory.ptr;
    };
    const inner = heads * headDim;
    this.#places = {
      ...{ x: allocate(rows * dim), h: allocate(rows * Math.max(dim, inner)) },
      ...{ q: allocate(rows * inner), k: allocate(rows * kvHeads * headDim) },
      ...{ v: allocate(rows * kvHeads * headDim), gate: allocate(rows * hiddenDim) },
      ...{ up: allocate(rows * hiddenDim), logits: allocate(rows * vocabSize) },
    };
    const workspace = allocate(
      productWorkspaceBytes({
        ...{ m: rows, n: Math.max(vocabSize, hiddenDim), k: Math.max(dim, hiddenDim, inner) },
        transposeB: true,
      }) / 4,
    );
    const product = (a: number, weight: WeightTensor, c: number, accumulate = false): Plan => {
      const [n, k] = weight.shape as [number, number];
      const b = arena.upload(floatsOf(weight));
      const spec = { m: rows, n, k, transposeB: true, a, b: b.ptr, c, workspace, accumulate };
      const plan = planProduct(kernels, spec);
      this.#release.push(
        () => plan.dispose(),
        () => b.dispose(),
      );
      return plan;
    };
    const { x, h, q, k, v, gate, up, logits } = this.#places;
    this.#blocks = weights.layers.map((layer) => ({
      attentionNorm: layer.attentionNorm,
      feedForwardNorm: layer.feedForwardNorm,
      keys: new Float32Array(rows * kvHeads * contextLength * headDim),
      values: new Float32Array(rows * kvHeads * contextLength * headDim),
      project: [product(h, layer.query, q), product(h, layer.key, k), product(h, layer.value, v)],
      output: product(h, layer.output, x, true),
      open: [product(h, layer.gate, gate), product(h, layer.up, up)],
      down: product(gate, layer.down, x, true),
    }));
    this.#embedding = floatsOf(weights.embedding);
    this.#logits = product(h, weights.output ?? weights.embedding, logits);
    this.#cosines = new Float32Array((contextLength * headDim) / 2);
    this.#sines = new Float32Array((contextLength * headDim) / 2);
    for (let i = 0; i < this.#cosines.length; i++) {
      const pair = i % (headDim / 2);
      const angle = Math.floor((2 * i) / headDim) * ropeBase ** ((-2 * pair) / headDim);
      this.#cosines[i] = Math.cos(angle);
      this.#sines[i] = Math.sin(angle);
    }
    this.#scores = new Float32Array(contextLength);
  }

  /** Logits [stories, vocabSize] after the last token of every draft; the others must have been run before. */
  run(drafts: readonly (readonly number[])[]): Float32Array {
    const { dim, hiddenDim, heads, headDim, kvHeads, vocabSize } = this.#weights.config;
    const rows = this.#rows;
    const run = (plan: Plan): void => this.#kernels.run(plan);
    const view = (at: number, columns: number) => this.#kernels.arena.f32(at, rows * columns);
    const { x: atX, h: atH, q, k, v, gate: atGate, up: atUp, logits } = this.#places;
    const x = view(atX, dim);
    const h = view(atH, dim);
    drafts.forEach((draft, row) => {
      const token = draft.at(-1)!;
      x.set(this.#embedding.subarray(token * dim, (token + 1) * dim), row * dim);
    });
    for (const block of this.#blocks) {
      this.#normalize(x, block.attentionNorm, h);
      block.project.forEach(run);
      const queries = view(q, heads * headDim);
      const keys = view(k, kvHeads * headDim);
      const values = view(v, kvHeads * headDim);
      const mixed = view(atH, heads * headDim);
      drafts.forEach((draft, row) => {
        this.#attend(block, { row, position: draft.length - 1, queries, keys, values, mixed });
      });
      run(block.output);
      this.#normalize(x, block.feedForwardNorm, h);
      block.open.forEach(run);
      const gate = view(atGate, hiddenDim);
      const up = view(atUp, hiddenDim);
      for (let i = 0; i < gate.length; i++) {
        gate[i] = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!;
      }
      run(block.down);
    }
    this.#normalize(x, this.#weights.outputNorm, h);
    run(this.#logits);
    return view(logits, vocabSize);
  }

  [Symbol.dispose](): void {
    for (const release of this.#release.reverse()) release();
  }

  #normalize(x: Float32Array, scale: Float32Array, y: Float32Array): void {
    const { dim, normEpsilon } = this.#weights.config;
    for (let start = 0; start < x.length; start += dim) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += x[start + i]! ** 2;
      const factor = 1 / Math.sqrt(sum / dim + normEpsilon);
      for (let i = 0; i < dim; i++) y[start + i] = x[start + i]! * factor * scale[i]!;
    }
  }

  #attend(
    block: Block,
    at: {
      readonly row: number;
      readonly position: number;
      readonly queries: Float32Array;
      readonly keys: Float32Array;
      readonly values: Float32Array;
      readonly mixed: Float32Array;
    },
  ): void {
    const { heads, kvHeads, headDim, contextLength } = this.#weights.config;
    const { row, position } = at;
    for (let head = 0; head < heads; head++) {
      this.#turn(at.queries, (row * heads + head) * headDim, position);
    }
    for (let head = 0; head < kvHeads; head++) {
      const from = (row * kvHeads + head) * headDim;
      const to = ((row * kvHeads + head) * contextLength + position) * headDim;
      this.#turn(at.keys, from, position);
      block.keys.set(at.keys.subarray(from, from + headDim), to);
      block.values.set(at.values.subarray(from, from + headDim), to);
    }
    const scale = 1 / Math.sqrt(headDim);
    const scores = this.#scores;
    for (let head = 0; head < heads; head++) {
      const query = (row * heads + head) * headDim;
      const shared = row * kvHeads + Math.floor((head * kvHeads) / heads);
      const first = shared * contextLength * headDim;
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i <= position; i++) {
        let score = 0;
        const key = first + i * headDim;
        for (let d = 0; d < headDim; d++) score += at.queries[query + d]! * block.keys[key + d]!;
        scores[i] = score * scale;
        if (scores[i]! > largest) largest = scores[i]!;
      }
      let sum = 0;
      for (let d = 0; d < headDim; d++) at.mixed[query + d] = 0;
      for (let i = 0; i <= position; i++) {
        const weight = Math.exp(scores[i]! - largest);
        sum += weight;
        const value = first + i * headDim;
        for (let d = 0; d < headDim; d++) {
          at.mixed[query + d] = at.mixed[query + d]! + weight * block.values[value + d]!;
        }
      }
      for (let d = 0; d < headDim; d++) at.mixed[query + d] = at.mixed[query + d]! / sum;
    }
  }

  /** Rotates neighbouring numbers, as llama2.c does. */
  #turn(x: Float32Array, start: number, position: number): void {
    const half = this.#weights.config.headDim / 2;
    for (let i = 0; i < half; i++) {
      const cosine = this.#cosines[position * half + i]!;
      const sine = this.#sines[position * half + i]!;
      const [a, b] = [x[start + 2 * i]!, x[start + 2 * i + 1]!];
      x[start + 2 * i] = a * cosine - b * sine;
      x[start + 2 * i + 1] = a * sine + b * cosine;
    }
  }
}

function floatsOf(weight: WeightTensor): Float32Array {
  if ("format" in weight || weight.dtype !== "f32") {
    throw new TypeError("sampleStories: expected f32 weights");
  }
  return (weight as Tensor<"f32">).data;
}
