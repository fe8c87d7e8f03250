/** A tap of a kernel along one axis: its number, and where it reads relative to the first position. */
interface AxisTap {
  readonly tap: number;
  readonly shift: number;
}

/**
 * Positions along one axis of an image that gathers from a source: position `o` of `count` reads
 * `o * step + shift` for every tap, in ascending order of the shifts, where that lies inside the source.
 */
export interface GatherAxis {
  readonly count: number;
  readonly step: number;
  readonly taps: readonly AxisTap[];
  /** First index in the image gathered into, and the distance to the next. */
  readonly first: number;
  readonly outStep: number;
}

/** Positions [first, first + count) that all see the taps [begin, end), and no others. */
export interface AxisClass {
  readonly first: number;
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

/** The one axis of a forward pass. */
export function forwardAxis(
  count: number,
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
): GatherAxis {
  const taps = Array.from({ length: kernel }, (_, tap) => ({ tap, shift: tap * dilation - pad }));
  return { count, step: stride, taps, first: 0, outStep: 1 };
}

/**
 * The axes of an input gradient, one for each residue of the input's positions modulo the stride: those of
 * one residue see the same taps, each at the next position of the output gradient. So the gradient is as
 * many ordinary convolutions of stride 1, with a kernel whose taps go backwards.
 */
export function inputGradientAxes(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
): GatherAxis[] {
  return Array.from({ length: Math.min(stride, size) }, (_, first) => {
    const taps: AxisTap[] = [];
    for (let tap = kernel - 1; tap >= 0; tap--) {
      const distance = first + pad - tap * dilation;
      if (distance % stride === 0) taps.push({ tap, shift: distance / stride });
    }
    return { count: Math.ceil((size - first) / stride), step: 1, taps, first, outStep: stride };
  });
}

/**
 * Parts an axis into runs of positions whose taps inside of a source of `size` are the same: the middle,
 * and a few at either end that padding would serve otherwise. No zero is ever multiplied, nor copied.
 */
export function axisClasses(axis: GatherAxis, size: number): AxisClass[] {
  const { count, step, taps } = axis;
  const classes: AxisClass[] = [];
  for (let o = 0; o < count; o++) {
    const inside = (tap: AxisTap): boolean => {
      const at = o * step + tap.shift;
      return at >= 0 && at < size;
    };
    const found = taps.findIndex(inside);
    const begin = Math.max(found, 0);
    const end = found < 0 ? 0 : taps.findLastIndex(inside) + 1;
    const last = classes.at(-1);
    if (last?.begin === begin && last.end === end) {
      classes[classes.length - 1] = { ...last, count: last.count + 1 };
    } else classes.push({ first: o, count: 1, begin, end });
  }
  return classes;
}
