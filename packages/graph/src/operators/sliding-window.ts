import { invalidNode, type OperatorContext, shapeError, unsupportedNode } from "./host-operator.js";
import { intAttribute, intsAttribute, stringAttribute } from "./node-attributes.js";

/** Three sizes, outermost first; images have a 1 in front, sequences two. */
type Triple = readonly [number, number, number];

/** Geometry of a window that slides over up to three spatial axes. */
export interface SlidingWindow {
  /** Number of spatial axes that the tensors really have. */
  readonly rank: number;
  readonly input: Triple;
  readonly output: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** Padding in front of each axis. */
  readonly begin: Triple;
  /** Padding behind each axis. */
  readonly end: Triple;
}

/** Sizes of the result's real spatial axes. */
export function outputSizes(window: SlidingWindow): number[] {
  return window.output.slice(3 - window.rank);
}

/**
 * Reads `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode` of a node and works
 * out the geometry over `spatial` input sizes.
 *
 * @throws ShapeError when the attributes do not fit the input.
 * @throws UnsupportedError for more than three spatial axes.
 */
export function readSlidingWindow(
  spatial: readonly number[],
  kernel: readonly number[],
  context: OperatorContext,
): SlidingWindow {
  const { strides, dilations, pads, autoPad } = readGeometry(spatial, kernel, context);
  const rank = spatial.length;
  const roundUp = intAttribute(context.node, "ceil_mode", 0) !== 0;
  const begin: number[] = [];
  const end: number[] = [];
  const output = spatial.map((size, i) => {
    const extent = (kernel[i]! - 1) * dilations[i]! + 1;
    const stride = strides[i]!;
    if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
      const count = Math.ceil(size / stride);
      const total = Math.max(0, (count - 1) * stride + extent - size);
      const less = Math.floor(total / 2);
      begin[i] = autoPad === "SAME_UPPER" ? less : total - less;
      end[i] = total - begin[i]!;
      return count;
    }
    begin[i] = autoPad === "VALID" ? 0 : (pads[i] ?? 0);
    end[i] = autoPad === "VALID" ? 0 : (pads[rank + i] ?? 0);
    const room = size + begin[i]! + end[i]! - extent;
    if (room < 0) {
      throw shapeError(context, `a window of ${extent} does not fit ${size} padded elements`);
    }
    if (!roundUp) return Math.floor(room / stride) + 1;
    const count = Math.ceil(room / stride) + 1;
    // A window that begins behind the input would see padding only.
    return (count - 1) * stride >= size + begin[i]! ? count - 1 : count;
  });
  return {
    rank,
    input: triple(spatial, 1),
    output: triple(output, 1),
    kernel: triple(kernel, 1),
    strides: triple(strides, 1),
    dilations: triple(dilations, 1),
    begin: triple(begin, 0),
    end: triple(end, 0),
  };
}

/**
 * Geometry of a transposed convolution, seen as the convolution whose gradient it is: `input` and
 * `output` are those of that convolution, so `output` is what the node takes.
 *
 * @throws ShapeError when the attributes do not fit the input.
 */
export function readTransposedWindow(
  spatial: readonly number[],
  kernel: readonly number[],
  context: OperatorContext,
): SlidingWindow {
  const { strides, dilations, pads, autoPad } = readGeometry(spatial, kernel, context);
  const rank = spatial.length;
  const extra = intsAttribute(context.node, "output_padding") ?? [];
  const wanted = intsAttribute(context.node, "output_shape")?.slice(-rank);
  const begin: number[] = [];
  const end: number[] = [];
  const result = spatial.map((size, i) => {
    const stride = strides[i]!;
    const full = (size - 1) * stride + (kernel[i]! - 1) * dilations[i]! + 1 + (extra[i] ?? 0);
    const same = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
    if (wanted !== undefined || same) {
      const length = wanted?.[i] ?? size * stride;
      const total = full - length;
      const less = Math.floor(total / 2);
      begin[i] = autoPad === "SAME_UPPER" ? less : total - less;
      end[i] = total - begin[i]!;
    } else {
      begin[i] = autoPad === "VALID" ? 0 : (pads[i] ?? 0);
      end[i] = autoPad === "VALID" ? 0 : (pads[rank + i] ?? 0);
    }
    const length = full - begin[i]! - end[i]!;
    if (length < 0)
      throw shapeError(context, `pads remove more than the ${full} elements there are`);
    return length;
  });
  return {
    rank,
    input: triple(result, 1),
    output: triple(spatial, 1),
    kernel: triple(kernel, 1),
    strides: triple(strides, 1),
    dilations: triple(dilations, 1),
    begin: triple(begin, 0),
    end: triple(end, 0),
  };
}

interface Geometry {
  strides: number[];
  dilations: number[];
  pads: number[];
  autoPad: string;
}

function readGeometry(
  spatial: readonly number[],
  kernel: readonly number[],
  context: OperatorContext,
): Geometry {
  const rank = spatial.length;
  if (rank > 3) throw unsupportedNode(context, `slides over at most 3 axes, got ${rank}`);
  if (rank < 1 || kernel.length !== rank || kernel.some((size) => !(size >= 1))) {
    throw shapeError(context, `kernel [${kernel.join(", ")}] does not fit ${rank} spatial axes`);
  }
  const ones = spatial.map(() => 1);
  const strides = intsAttribute(context.node, "strides") ?? ones;
  const dilations = intsAttribute(context.node, "dilations") ?? ones;
  const pads = intsAttribute(context.node, "pads") ?? [...ones, ...ones].fill(0);
  const autoPad = stringAttribute(context.node, "auto_pad", "NOTSET");
  const positive = [...strides, ...dilations].every((size) => size >= 1);
  if (
    strides.length !== rank ||
    dilations.length !== rank ||
    pads.length !== 2 * rank ||
    !positive
  ) {
    throw shapeError(
      context,
      `strides [${strides.join(", ")}], dilations [${dilations.join(", ")}] or pads [${pads.join(", ")}] do not fit ${rank} spatial axes`,
    );
  }
  if (!["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(autoPad)) {
    throw invalidNode(context, `auto_pad "${autoPad}" is unknown`);
  }
  return { strides, dilations, pads, autoPad };
}

function triple(sizes: readonly number[], fill: number): Triple {
  return [...new Array<number>(3 - sizes.length).fill(fill), ...sizes] as unknown as Triple;
}

/**
 * Calls `visit` for every run of inner positions that one kernel element connects.
 *
 * Within a run, output elements are neighbours and input elements lie `strides[2]` apart. Positions
 * that fall into the padding are left out.
 */
export function forEachTap(
  window: SlidingWindow,
  visit: (tap: number, inputStart: number, outputStart: number, count: number) => void,
): void {
  const { input, output, kernel, strides, dilations } = window;
  const columns = usefulTaps(window, 2, 0, output[2] - 1);
  for (let od = 0; od < output[0]; od++) {
    const planes = usefulTaps(window, 0, od, od);
    for (let kd = planes.first; kd <= planes.last; kd++) {
      const d = od * strides[0] + kd * dilations[0] - window.begin[0];
      for (let oh = 0; oh < output[1]; oh++) {
        const rows = usefulTaps(window, 1, oh, oh);
        for (let kh = rows.first; kh <= rows.last; kh++) {
          const h = oh * strides[1] + kh * dilations[1] - window.begin[1];
          const inputRow = (d * input[1] + h) * input[2];
          const outputRow = (od * output[1] + oh) * output[2];
          const tap = (kd * kernel[1] + kh) * kernel[2];
          for (let kw = columns.first; kw <= columns.last; kw++) {
            const shift = kw * dilations[2] - window.begin[2];
            const first = Math.max(0, Math.ceil(-shift / strides[2]));
            const last = Math.min(output[2] - 1, Math.floor((input[2] - 1 - shift) / strides[2]));
            if (last < first) continue;
            const start = inputRow + first * strides[2] + shift;
            visit(tap + kw, start, outputRow + first, last - first + 1);
          }
        }
      }
    }
  }
}

// Kernel elements that meet the input from one of the output positions `from` to `to` of an axis. The
// others see padding only, and a hostile kernel may have billions of them.
function usefulTaps(
  { input, kernel, strides, dilations, begin }: SlidingWindow,
  axis: 0 | 1 | 2,
  from: number,
  to: number,
): { first: number; last: number } {
  const dilation = dilations[axis];
  const low = begin[axis] - to * strides[axis];
  const high = input[axis] - 1 + begin[axis] - from * strides[axis];
  return {
    first: Math.max(0, Math.ceil(low / dilation)),
    last: Math.min(kernel[axis] - 1, Math.floor(high / dilation)),
  };
}
