import { ShapeError } from "@edgewright/core";

/** Rows that one look-up of a plane serves four times. */
export const PANEL_ROWS = 64;

/** Codes in bit planes, as packed tensors have them. */
export interface BitPlanes {
  readonly shape: readonly number[];
  readonly seedBits: number;
  readonly bits: number;
  /** [bits, rows, rowBytes], rows of whole 32-bit words. */
  readonly planes: Uint8Array;
}

/** Planes that lie together at the head, for the smallest products. */
export function firstPlanes(bits: number): number {
  return Math.min(2, bits);
}

/** Number of a panel's plane in the order of memory: the first planes of all panels, then plane after plane. */
function planeOrder(panel: number, plane: number, panels: number, bits: number): number {
  const first = firstPlanes(bits);
  return plane < first ? panel * first + plane : plane * panels + panel;
}

/**
 * Puts a byte of 8 columns of each row of a plane where look-ups want it: panels of 64 rows, for each step of 8
 * columns 64 bytes; byte b of 16 belongs to row b / 2 for even b and 8 + b / 2 for odd b.
 */
export function fillPlanePanels(
  target: Uint8Array,
  parts: readonly BitPlanes[],
  cols: number,
): void {
  const steps = Math.ceil(cols / 8);
  const rowBytes = 4 * Math.ceil(cols / 32);
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const panels = Math.ceil(rows / PANEL_ROWS);
  let row = 0;
  for (const { shape, bits, planes } of parts) {
    const partRows = shape[0]!;
    for (let own = 0; own < partRows; own++, row++) {
      const inPanel = row % PANEL_ROWS;
      const lane = inPanel & 8 ? ((inPanel & 7) << 1) + 1 : (inPanel & 7) << 1;
      const panel = (row - inPanel) / PANEL_ROWS;
      for (let plane = 0; plane < bits; plane++) {
        let to = planeOrder(panel, plane, panels, bits) * steps * 64 + (inPanel & 48) + lane;
        const from = (plane * partRows + own) * rowBytes;
        for (let step = 0; step < steps; step++, to += 64) target[to] = planes[from + step]!;
      }
    }
  }
}

/**
 * Refuses matrices that cannot share a product, and planes of another size than their shape wants.
 *
 * @throws ShapeError then.
 */
export function checkPlanes(parts: readonly BitPlanes[], cols: number): void {
  const [first] = parts as [BitPlanes];
  for (const { shape, seedBits, bits, planes } of parts) {
    if (seedBits !== first.seedBits || bits !== first.bits) {
      throw new ShapeError(
        `packLinear: expected matrices of ${first.seedBits} to ${first.bits} bits, as the first is, got ` +
          `${seedBits} to ${bits}; pack it apart`,
      );
    }
    const whole = Number.isInteger(seedBits) && Number.isInteger(bits);
    if (!whole || seedBits < 1 || bits < seedBits || bits > 8) {
      throw new ShapeError(
        `packLinear: expected 1 <= seedBits <= bits <= 8, got ${seedBits} and ${bits}`,
      );
    }
    const expected = bits * shape[0]! * 4 * Math.ceil(cols / 32);
    if (planes.length !== expected) {
      throw new ShapeError(
        `packLinear: expected ${expected} bytes of planes, got ${planes.length}`,
      );
    }
  }
}
