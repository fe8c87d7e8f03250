import type { Graph, Model, Node } from "@edgewright/graph";

/**
 * The model with a `Gelu` in the place of every x/2 (1 + erf(x / sqrt 2)) that an exporter wrote out; what the
 * other nodes computed is read by nobody then.
 */
export function recognizeGelu(model: Model): Model {
  const { graph } = model;
  if (!graph.nodes.some(({ opType }) => opType === "Erf")) return model;
  const patterns = new Patterns(graph);
  const found = new Map<Node, string>();
  for (const node of graph.nodes) {
    if (node.opType !== "Erf") continue;
    const gelu = patterns.geluAround(node);
    if (gelu !== undefined) found.set(gelu.last, gelu.x);
  }
  const nodes = graph.nodes.map((node): Node => {
    const x = found.get(node);
    return x === undefined ? node : { ...node, opType: "Gelu", inputs: [x], attributes: new Map() };
  });
  return { ...model, graph: { ...graph, nodes } };
}

class Patterns {
  readonly #producers = new Map<string, Node>();
  readonly #readers = new Map<string, Node[]>();
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) {
      for (const name of node.outputs) this.#producers.set(name, node);
      for (const name of node.inputs) {
        const readers = this.#readers.get(name) ?? [];
        readers.push(node);
        this.#readers.set(name, readers);
      }
    }
  }

  geluAround(erf: Node): { last: Node; x: string } | undefined {
    const x = this.#scaled(this.#producers.get(erf.inputs[0]!), Math.SQRT1_2);
    const shifted = this.#onlyReader(erf, "Add");
    if (x === undefined || shifted === undefined) return undefined;
    if (this.#number(other(shifted, erf.outputs[0]!)) !== 1) return undefined;
    const product = this.#onlyReader(shifted, "Mul");
    if (product === undefined) return undefined;
    const factor = other(product, shifted.outputs[0]!);
    if (this.#scaled(this.#producers.get(factor), 0.5) === x) return { last: product, x };
    const last = this.#onlyReader(product, "Mul");
    if (last === undefined) return undefined;
    const rest = other(last, product.outputs[0]!);
    const halves =
      (factor === x && this.#number(rest) === 0.5) || (rest === x && this.#number(factor) === 0.5);
    return halves ? { last, x } : undefined;
  }

  /** The value that a node multiplies by a number, or divides by its inverse. */
  #scaled(node: Node | undefined, factor: number): string | undefined {
    if (node === undefined) return undefined;
    const [a, b] = node.inputs as [string, string];
    const is = (name: string, value: number): boolean =>
      Math.abs((this.#number(name) ?? Number.NaN) / value - 1) < 1e-3;
    if (node.opType === "Div" && is(b, 1 / factor)) return a;
    if (node.opType !== "Mul") return undefined;
    if (is(b, factor)) return a;
    return is(a, factor) ? b : undefined;
  }

  #onlyReader({ outputs }: Node, opType: string): Node | undefined {
    const readers = this.#readers.get(outputs[0]!) ?? [];
    const [reader] = readers;
    return readers.length === 1 && reader?.opType === opType ? reader : undefined;
  }

  #number(name: string): number | undefined {
    const attribute = this.#producers.get(name)?.attributes.get("value");
    const made = attribute?.type === "tensor" ? attribute.value : undefined;
    const tensor = this.#graph.initializers.get(name) ?? made;
    return tensor?.data.length === 1 ? Number(tensor.data[0]) : undefined;
  }
}

function other({ inputs }: Node, name: string): string {
  return inputs[0] === name ? inputs[1]! : inputs[0]!;
}
