// The gate of a feed-forward layer.
import { loadNext, storeNext } from "../tails";
import { exp4 } from "../vector-math";

// y = act(gate) * up of rows gate | up. Words: 0 gate | up, 4 floats from row to row, 8 y, 12 floats from row
// to row, 16 hidden, 20 squared (0: gate * sigmoid(gate), 1: max(gate, 0)^2). A unit is a row.
export function gated_activation_f32(params: usize, begin: i32, end: i32): void {
  const hidden = load<i32>(params, 16);
  const squared = load<i32>(params, 20);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  for (let row = begin; row < end; row++) {
    let gate = load<usize>(params, 0) + ((<usize>row * load<usize>(params, 4)) << 2);
    let up = gate + (<usize>hidden << 2);
    let y = load<usize>(params, 8) + ((<usize>row * load<usize>(params, 12)) << 2);
    for (let left = hidden; left > 0; left -= 4) {
      const g = loadNext(gate, left);
      let act: v128;
      if (squared) {
        // The order keeps a NaN.
        const positive = f32x4.pmax(g, zero);
        act = f32x4.mul(positive, positive);
      } else act = f32x4.div(g, f32x4.add(one, exp4(f32x4.neg(g))));
      storeNext(y, f32x4.mul(act, loadNext(up, left)), left);
      gate += 16;
      up += 16;
      y += 16;
    }
  }
}
