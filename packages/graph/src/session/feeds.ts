import {
  arrayConstructor,
  EdgewrightError,
  ShapeError,
  sizeOf,
  type Tensor,
} from "@edgewright/core";
import type { ValueInfo } from "../model/model.js";

/** Input tensors by input name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/**
 * Checks what a caller feeds against what a model takes.
 *
 * @returns the feeds in the order of `inputs`.
 * @throws EdgewrightError `invalid-argument` for a missing or unknown name or a wrong element type;
 * ShapeError for a shape that contradicts the model's, or data of another length.
 */
export function checkFeeds(inputs: readonly ValueInfo[], feeds: Feeds): Map<string, Tensor> {
  const known = new Set(inputs.map((input) => input.name));
  for (const name of Object.keys(feeds)) {
    if (known.has(name)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `Session.run: the model has no input "${name}"; it takes ${listInputs(inputs)}`,
      { where: name },
    );
  }
  const checked = new Map<string, Tensor>();
  for (const input of inputs) {
    const feed = feeds[input.name];
    if (feed === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        `Session.run: input "${input.name}" is missing; the model takes ${listInputs(inputs)}`,
        { where: input.name },
      );
    }
    checkFeed(input, feed);
    checked.set(input.name, feed);
  }
  return checked;
}

/**
 * The outputs that a caller wants, all unless some are named.
 *
 * @throws EdgewrightError `invalid-argument` for a name that is no output.
 */
export function checkOutputNames(
  outputs: readonly ValueInfo[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  const names = outputs.map(({ name }) => name);
  for (const name of wanted ?? []) {
    if (names.includes(name)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `Session.run: the model has no output "${name}"; it has ${names.join(", ")}`,
      { where: name },
    );
  }
  return wanted ?? names;
}

function checkFeed(input: ValueInfo, feed: Tensor): void {
  const { name } = input;
  if (typeof feed !== "object" || !Array.isArray(feed?.shape) || !ArrayBuffer.isView(feed.data)) {
    throw new EdgewrightError(
      "invalid-argument",
      `Session.run: input "${name}" must be a tensor { dtype, shape, data }`,
      { where: name },
    );
  }
  if (input.dtype !== null && feed.dtype !== input.dtype) {
    throw new EdgewrightError(
      "invalid-argument",
      `Session.run: input "${name}" is of type ${input.dtype}, got ${feed.dtype}`,
      { where: name },
    );
  }
  const { shape } = input;
  const fits =
    feed.shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    (shape === null ||
      (shape.length === feed.shape.length &&
        shape.every((dim, axis) => typeof dim !== "number" || dim === feed.shape[axis])));
  if (!fits) {
    throw new ShapeError(
      `Session.run: input "${name}" has shape ${formatShape(shape)}, got ${formatShape(feed.shape)}`,
      { where: name },
    );
  }
  if (feed.data.length !== sizeOf(feed.shape)) {
    throw new ShapeError(
      `Session.run: input "${name}" of shape ${formatShape(feed.shape)} needs ` +
        `${sizeOf(feed.shape)} elements, its data has ${feed.data.length}`,
      { where: name },
    );
  }
  const Elements = arrayConstructor(feed.dtype);
  const expectsBigInt = feed.dtype === "i64" || feed.dtype === "u64";
  const isBigInt = feed.data instanceof BigInt64Array || feed.data instanceof BigUint64Array;
  if (feed.data.BYTES_PER_ELEMENT !== Elements.BYTES_PER_ELEMENT || expectsBigInt !== isBigInt) {
    throw new EdgewrightError(
      "invalid-argument",
      `Session.run: input "${name}" of type ${feed.dtype} needs ${(Elements as { name?: string }).name}` +
        ` data, got ${feed.data.constructor.name}`,
      { where: name },
    );
  }
}

function listInputs(inputs: readonly ValueInfo[]): string {
  if (inputs.length === 0) return "none";
  return inputs
    .map((input) => `"${input.name}" ${input.dtype ?? "any type"} ${formatShape(input.shape)}`)
    .join(", ");
}

/** A shape as people write it: `[1, 3, height, ?]`. */
function formatShape(shape: ValueInfo["shape"]): string {
  if (shape === null) return "of any rank";
  return `[${shape.map((dim) => dim ?? "?").join(", ")}]`;
}
