import { isStandard } from "./internal-nodes.js";
import type { Rewrite } from "./rewrite.js";

/** Removes nodes that hand their input on: Identity, Dropout, `x * 1`, `x / 1`, `x + 0`, `x - 0`. */
export const dropNoOps: Rewrite = ({ editor, scalar }) => {
  for (const { outputs } of editor.nodes()) {
    // A node that read a removed one has been replaced: look up what computes the value now.
    const node = editor.producer(outputs[0]);
    if (isStandard(node, "Identity")) editor.bypass(node, node.inputs[0]!);
    else if (isStandard(node, "Dropout")) {
      const trains = node.inputs[2] !== undefined && node.inputs[2] !== "";
      const masked = node.outputs[1] !== undefined && node.outputs[1] !== "";
      if (!trains && !masked) editor.bypass(node, node.inputs[0]!);
    } else if (isStandard(node, "Mul", "Div", "Add", "Sub")) {
      const neutral = node.opType === "Mul" || node.opType === "Div" ? 1 : 0;
      const [left, right] = [node.inputs[0]!, node.inputs[1]!];
      if (scalar(right, left) === neutral) editor.bypass(node, left);
      else if (
        (node.opType === "Mul" || node.opType === "Add") &&
        scalar(left, right) === neutral
      ) {
        editor.bypass(node, right);
      }
    }
  }
};
