/**
 * @file Arithmetic on sizes that may be symbols. A symbolic result is again a string, kept in one
 * normal form `scale*atom+offset`, so that equal computations give equal strings: the two branches of
 * a residual block that halve `"H"` each end in `floor((H+1)/2)` and still fit together.
 */
import type { Dim } from "../model/model.js";

/** `scale * atom + offset`, where `atom` is a symbol, a product or a quotient. */
interface Affine {
  readonly atom: string;
  readonly scale: number;
  readonly offset: number;
}

/** Expressions beyond this many characters become unknown, which bounds the work per node. */
const MAX_EXPRESSION_LENGTH = 200;

/** `a + b`. */
export function addDims(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null;
  if (typeof a === "number") return typeof b === "number" ? a + b : shift(b, a);
  if (typeof b === "number") return shift(a, b);
  const x = parse(a);
  const y = parse(b);
  if (x.atom === y.atom) {
    return format({ atom: x.atom, scale: x.scale + y.scale, offset: x.offset + y.offset });
  }
  const [first, second] = [format({ ...x, offset: 0 }), format({ ...y, offset: 0 })].sort() as [
    string,
    string,
  ];
  return format({ atom: `(${first}+${second})`, scale: 1, offset: x.offset + y.offset });
}

/** `a - b`. */
export function subtractDims(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null;
  if (typeof b === "number") return addDims(a, -b);
  const y = parse(b);
  return addDims(a, format({ atom: y.atom, scale: -y.scale, offset: -y.offset }));
}

/** `a * b`. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  return multiplyAll([a, b]);
}

/** Product of all; 1 for none. */
export function multiplyAll(dims: readonly Dim[]): Dim {
  const product = factors(dims);
  return product === null ? null : fromFactors(product.scale, product.symbols);
}

/** `a / b` where the division is known to leave no rest, `null` where that cannot be told. */
export function divideExactly(a: readonly Dim[], b: readonly Dim[]): Dim {
  const above = factors(a);
  const below = factors(b);
  if (above === null || below === null || below.scale === 0) return null;
  const symbols = [...above.symbols];
  for (const symbol of below.symbols) {
    const index = symbols.indexOf(symbol);
    if (index < 0) return null;
    symbols.splice(index, 1);
  }
  if (above.scale % below.scale !== 0) return null;
  return fromFactors(above.scale / below.scale, symbols);
}

/** `floor(a / divisor)` for a positive divisor. */
export function floorDivideDim(a: Dim, divisor: number): Dim {
  if (a === null || divisor === 1) return a;
  if (typeof a === "number") return Math.floor(a / divisor);
  const { atom, scale, offset } = parse(a);
  if (scale % divisor === 0) {
    return format({ atom, scale: scale / divisor, offset: Math.floor(offset / divisor) });
  }
  const inner = parseQuotient(atom);
  if (inner !== undefined && scale === 1) {
    // floor((floor(x / m) + o) / n) = floor((x + o m) / (m n))
    return quotient(shift(inner.dividend, offset * inner.divisor), inner.divisor * divisor);
  }
  return quotient(a, divisor);
}

/** `ceil(a / divisor)` for a positive divisor. */
export function ceilDivideDim(a: Dim, divisor: number): Dim {
  return floorDivideDim(addDims(a, divisor - 1), divisor);
}

function shift(a: string, by: number): Dim {
  const { atom, scale, offset } = parse(a);
  const inner = parseQuotient(atom);
  // floor(x / n) + o = floor((x + o n) / n): one form for both spellings.
  if (inner !== undefined && scale === 1) {
    return quotient(shift(inner.dividend, (offset + by) * inner.divisor), inner.divisor);
  }
  return format({ atom, scale, offset: offset + by });
}

function quotient(dividend: Dim, divisor: number): Dim {
  return dividend === null ? null : limit(`floor((${dividend})/${divisor})`);
}

function parseQuotient(atom: string): { dividend: string; divisor: number } | undefined {
  const match = /^floor\(\((.*)\)\/(\d+)\)$/.exec(atom);
  if (match === null || !isBalanced(match[1]!)) return undefined;
  return { dividend: match[1]!, divisor: Number(match[2]) };
}

function parse(dim: string): Affine {
  const match = /^(?:(-?\d+)\*)?(.+?)([+-]\d+)?$/.exec(dim);
  if (match === null || !isBalanced(match[2]!)) return { atom: dim, scale: 1, offset: 0 };
  return { atom: match[2]!, scale: Number(match[1] ?? 1), offset: Number(match[3] ?? 0) };
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    else if (character === ")" && --depth < 0) return false;
  }
  return depth === 0;
}

function format({ atom, scale, offset }: Affine): Dim {
  if (scale === 0) return offset;
  const sign = offset > 0 ? `+${offset}` : offset < 0 ? `${offset}` : "";
  return limit(`${scale === 1 ? "" : `${scale}*`}${atom}${sign}`);
}

function factors(dims: readonly Dim[]): { scale: number; symbols: string[] } | null {
  let scale = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    if (dim === null) return null;
    if (typeof dim === "number") {
      scale *= dim;
      continue;
    }
    const affine = parse(dim);
    if (affine.offset === 0) {
      scale *= affine.scale;
      const product = /^\((.*)\)$/.exec(affine.atom);
      const parts = product === null ? undefined : product[1]!.split("*");
      const isProduct =
        parts !== undefined && parts.length > 1 && parts.every((part) => /^[^()+]+$/.test(part));
      symbols.push(...(isProduct ? parts : [affine.atom]));
    } else symbols.push(`(${dim})`);
  }
  return { scale, symbols };
}

function fromFactors(scale: number, symbols: readonly string[]): Dim {
  if (symbols.length === 0 || scale === 0) return scale;
  if (symbols.length === 1) {
    const symbol = symbols[0]!;
    // A factor such as `(h+1)` may be multiplied out; a sum of symbols is kept whole.
    const inner = /^\((.*)\)$/.exec(symbol)?.[1];
    const opened = inner !== undefined && isBalanced(inner) ? parse(inner) : undefined;
    const { atom, scale: own, offset } = opened && opened.offset !== 0 ? opened : parse(symbol);
    return format({ atom, scale: own * scale, offset: offset * scale });
  }
  return format({ atom: `(${[...symbols].sort().join("*")})`, scale, offset: 0 });
}

function limit(expression: string): Dim {
  return expression.length > MAX_EXPRESSION_LENGTH ? null : expression;
}
