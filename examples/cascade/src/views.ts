/** One way to look at a picture: mirrored or not, then shifted; what is shifted in is black. */
export interface View {
  readonly mirrored: boolean;
  readonly down: number;
  readonly right: number;
}

// Down and right. Those that cost the least accuracy on training pictures come first: the models were trained on
// mirrored pictures, but not on shifted ones.
const SHIFTS = [
  ...[[0, 0] as const, [-1, 0] as const, [1, 0] as const, [0, -1] as const, [0, 1] as const],
  ...[[-1, -1] as const, [-1, 1] as const, [1, -1] as const, [1, 1] as const],
] as const;

/** How many views there are: nine places, by up to one pixel from the middle, each mirrored, too. */
export const MAX_VIEWS = 2 * SHIFTS.length;

/**
 * The first `count` views: the picture, the picture mirrored, then both shifted by one pixel up, down, to
 * the left, to the right and slantwise.
 */
export function listViews(count: number): View[] {
  return Array.from({ length: count }, (_, i) => {
    const [down, right] = SHIFTS[i >> 1]!;
    return { mirrored: i % 2 === 1, down, right };
  });
}

/** Writes a view of the square picture `input` to `out` at `offset`. @param black value of a black pixel */
export function writeView(
  input: Float32Array,
  { mirrored, down, right }: View,
  black: number,
  out: Float32Array,
  offset: number,
): void {
  const side = Math.sqrt(input.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const fromY = y - down;
      const fromX = x - right;
      const inside = fromY >= 0 && fromY < side && fromX >= 0 && fromX < side;
      const column = mirrored ? side - 1 - fromX : fromX;
      out[offset + y * side + x] = inside ? input[fromY * side + column]! : black;
    }
  }
}
