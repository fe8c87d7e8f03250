import {
  type Plan,
  packMatrix,
  planCopy2d,
  planFill,
  planGemm,
  planLstmCell,
} from "@edgewright/kernels";
import { intAttribute, stringAttribute } from "../operators/node-attributes.js";
import { allFloat32, floatsOf, type LoweringRule } from "./lowering.js";

/** Steps up to which an LSTM is unrolled into plans. */
const MAX_STEPS = 64;

/**
 * `LSTM` in one direction with the standard's default functions: one product for the inputs of all steps,
 * then for each step one for what came out before, and the cells.
 */
export const lowerLstm: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [x, w, r, bias, lengths, initialH, initialC, peepholes] = inputs;
  const present = [x, w, r, bias, initialH, initialC];
  if (!x || !w?.constant || !r?.constant || !allFloat32([...present, ...outputs])) return null;
  if (lengths !== undefined || peepholes !== undefined) return null;
  if (bias !== undefined && bias.constant === undefined) return null;
  const plain =
    stringAttribute(node, "direction", "forward") === "forward" &&
    !node.attributes.has("activations") &&
    !node.attributes.has("clip") &&
    intAttribute(node, "layout", 0) === 0 &&
    intAttribute(node, "input_forget", 0) === 0;
  const [steps, batch, size] = x.shape as [number, number, number];
  if (!plain || steps > MAX_STEPS || steps * batch === 0) return null;
  const hidden = r.shape[2]!;
  const gates = 4 * hidden;
  const pack = (constant: NonNullable<typeof w.constant>, rows: number) =>
    request.keep(constant, "lstm", () =>
      packMatrix(kernels, { data: floatsOf(constant), rows, cols: gates, transposed: true }),
    );
  const inputWeights = pack(w.constant, size);
  const stateWeights = pack(r.constant, hidden);
  const biasAt =
    bias?.constant &&
    request.keep(bias.constant, "lstm", () => {
      const both = floatsOf(bias.constant!);
      return kernels.arena.upload(both.slice(0, gates).map((b, i) => b + both[gates + i]!));
    }).ptr;
  const state = batch * hidden;
  return {
    inputs: [
      "row-major",
      ...[null, null, null, null],
      initialH ? "row-major" : null,
      initialC ? "row-major" : null,
    ],
    outputs: outputs.map(() => "row-major"),
    // Gates of all steps, cells, zeros to begin with.
    workspaceBytes: 4 * (steps * batch * gates + 2 * state),
    macs: steps * batch * gates * (size + hidden),
    plan: (at) => {
      const gatesAt = at.workspace;
      const zeros = gatesAt + 4 * steps * batch * gates;
      const [y, lastH, lastC = zeros + 4 * state] = at.outputs as [number, number?, number?];
      const plans: Plan[] = [];
      if (!initialH || !initialC) {
        plans.push(planFill(kernels, { y: zeros, count: state, value: 0 }));
      }
      plans.push(
        planGemm(kernels, {
          a: at.inputs[0]!,
          b: inputWeights,
          c: gatesAt,
          m: steps * batch,
          n: gates,
          k: size,
          ...(biasAt === undefined ? {} : { bias: biasAt }),
        }),
      );
      let h = initialH ? at.inputs[5]! : zeros;
      let c = initialC ? at.inputs[6]! : zeros;
      for (let step = 0; step < steps; step++) {
        const own = gatesAt + 4 * step * batch * gates;
        const out = y + 4 * step * state;
        const shape = { m: batch, n: gates, k: hidden };
        plans.push(
          planGemm(kernels, { a: h, b: stateWeights, c: own, ...shape, accumulate: true }),
          planLstmCell(kernels, {
            gates: own,
            before: c,
            after: lastC,
            out,
            rows: batch,
            size: hidden,
          }),
        );
        h = out;
        c = lastC;
      }
      if (lastH !== undefined) {
        plans.push(planCopy2d(kernels, { x: h, y: lastH, rows: 1, rowBytes: 4 * state }));
      }
      return plans;
    },
  };
};
