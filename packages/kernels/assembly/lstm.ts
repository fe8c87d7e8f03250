import { loadNext, storeNext } from "./tails";
import { exp4, tanh4 } from "./vector-math";

// One step of LSTM cells (Hochreiter and Schmidhuber 1997, with forget gates): c = f * before + i * g,
// h = o * tanh c. Words: gates [rows, 4 * size] before their functions, in ONNX's order i, o, f, g; cells
// before, [rows, size]; cells after; outputs; size. A unit is a row.
export function lstm_cell_f32(params: usize, begin: i32, end: i32): void {
  const size = load<i32>(params, 16);
  const bytes = <usize>size << 2;
  for (let unit = begin; unit < end; unit++) {
    let gates = load<usize>(params, 0) + <usize>unit * bytes * 4;
    let before = load<usize>(params, 4) + <usize>unit * bytes;
    let after = load<usize>(params, 8) + <usize>unit * bytes;
    let out = load<usize>(params, 12) + <usize>unit * bytes;
    for (let count = size; count > 0; count -= 4) {
      const kept = f32x4.mul(sigmoid4(loadNext(gates + 2 * bytes, count)), loadNext(before, count));
      const added = f32x4.mul(sigmoid4(loadNext(gates, count)), tanh4(loadNext(gates + 3 * bytes, count)));
      const c = f32x4.add(kept, added);
      const o = sigmoid4(loadNext(gates + bytes, count));
      storeNext(after, c, count);
      storeNext(out, f32x4.mul(o, tanh4(c)), count);
      gates += 16;
      before += 16;
      after += 16;
      out += 16;
    }
  }
}

function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}
