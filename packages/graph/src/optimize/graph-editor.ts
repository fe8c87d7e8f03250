import type { Tensor } from "@edgewright/core";
import type { Graph, Node } from "../model/model.js";

/**
 * A graph under rewriting: who computes a value, who uses it, and how to change both.
 *
 * Nodes stay in topological order as long as a replacement is put in the place of the last node of
 * what it replaces.
 */
export class GraphEditor {
  readonly graph: Graph;
  readonly #nodes: Set<Node>;
  readonly #order = new Map<Node, number>();
  readonly #producers = new Map<string, Node>();
  readonly #uses = new Map<string, Set<Node>>();
  readonly #pinned = new Set<string>();
  readonly #initializers: Map<string, Tensor>;
  readonly #names = new Set<string>();
  #inserted = 0;

  constructor(graph: Graph) {
    this.graph = graph;
    this.#nodes = new Set();
    this.#initializers = new Map(graph.initializers);
    for (const { name } of graph.outputs) this.#pinned.add(name);
    for (const { name } of graph.inputs) this.#names.add(name);
    for (const name of this.#initializers.keys()) this.#names.add(name);
    for (const [i, node] of graph.nodes.entries()) {
      this.#link(node, i);
      for (const name of capturedValues(node)) {
        this.#names.add(name);
        this.#pinned.add(name);
      }
    }
  }

  /** Nodes in order; safe to change the graph while iterating. */
  nodes(): Node[] {
    return [...this.#nodes].sort((a, b) => this.#order.get(a)! - this.#order.get(b)!);
  }

  /** Whether the node is still part of the graph. */
  has(node: Node): boolean {
    return this.#nodes.has(node);
  }

  /** The tensor of an initialiser. */
  constant(name: string | undefined): Tensor | undefined {
    return name === undefined ? undefined : this.#initializers.get(name);
  }

  /** The node that computes a value. */
  producer(name: string | undefined): Node | undefined {
    return name === undefined ? undefined : this.#producers.get(name);
  }

  /** Nodes that read a value, those that capture it in a subgraph included. */
  consumers(name: string): Node[] {
    return [...(this.#uses.get(name) ?? [])];
  }

  /** Whether a value is a graph output or captured by a subgraph: it must keep its name. */
  isPinned(name: string): boolean {
    return this.#pinned.has(name);
  }

  /** The only node that reads a value, when nothing else may see it. */
  onlyConsumer(name: string | undefined): Node | undefined {
    if (name === undefined || this.#pinned.has(name)) return undefined;
    const uses = this.#uses.get(name);
    return uses?.size === 1 ? [...uses][0] : undefined;
  }

  /** Adds a constant under a new name. */
  addConstant(hint: string, tensor: Tensor): string {
    let name = hint;
    for (let i = 1; this.#names.has(name); i++) name = `${hint}/${i}`;
    this.#names.add(name);
    this.#initializers.set(name, tensor);
    return name;
  }

  /** A value name that nothing has yet. */
  newValue(hint: string): string {
    let name = hint;
    for (let i = 1; this.#names.has(name); i++) name = `${hint}/${i}`;
    this.#names.add(name);
    return name;
  }

  /** Puts `replacement` in the place of `node`. */
  replace(node: Node, replacement: Node): void {
    const order = this.#order.get(node)!;
    this.remove(node);
    this.#link(replacement, order);
  }

  /** Puts a node in front of another. */
  insertBefore(node: Node, added: Node): void {
    // Original nodes have whole numbers: later insertions come behind earlier ones, all before `node`.
    this.#inserted += 1e-7;
    this.#link(added, this.#order.get(node)! - 0.5 + this.#inserted);
  }

  /** Takes a node out; its outputs have no producer any more. */
  remove(node: Node): void {
    if (!this.#nodes.delete(node)) return;
    for (const name of node.inputs) this.#uses.get(name)?.delete(node);
    for (const name of capturedValues(node)) this.#uses.get(name)?.delete(node);
    for (const name of node.outputs) {
      if (this.#producers.get(name) === node) this.#producers.delete(name);
    }
  }

  /** Turns the value that a node computed into a constant. */
  makeConstant(name: string, tensor: Tensor): void {
    this.#producers.delete(name);
    this.#initializers.set(name, tensor);
  }

  /** Makes every node that reads `from` read `to`. */
  redirect(from: string, to: string): void {
    for (const node of this.consumers(from)) {
      this.replace(node, {
        ...node,
        inputs: node.inputs.map((name) => (name === from ? to : name)),
      });
    }
  }

  /**
   * Removes a node that passes its input on, where names allow.
   *
   * @returns whether it was removed.
   */
  bypass(node: Node, input: string): boolean {
    const output = node.outputs[0]!;
    if (!this.isPinned(output)) {
      this.redirect(output, input);
      this.remove(node);
      return true;
    }
    const source = this.producer(input);
    if (source === undefined || this.isPinned(input)) return false;
    this.remove(node);
    this.replace(source, {
      ...source,
      outputs: source.outputs.map((name) => (name === input ? output : name)),
    });
    this.redirect(input, output);
    return true;
  }

  /** The rewritten graph, without nodes and constants that nothing needs. */
  finish(): Graph {
    const nodes = this.nodes();
    const needed = new Set(this.graph.outputs.map(({ name }) => name));
    const kept: Node[] = [];
    for (const node of nodes.reverse()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      for (const name of node.inputs) needed.add(name);
      for (const name of capturedValues(node)) needed.add(name);
      kept.push(node);
    }
    const initializers = new Map<string, Tensor>();
    for (const [name, tensor] of this.#initializers) {
      if (needed.has(name)) initializers.set(name, tensor);
    }
    return { ...this.graph, nodes: kept.reverse(), initializers };
  }

  #link(node: Node, order: number): void {
    this.#nodes.add(node);
    this.#order.set(node, order);
    for (const name of node.outputs) {
      this.#names.add(name);
      if (name !== "") this.#producers.set(name, node);
    }
    for (const name of [...node.inputs, ...capturedValues(node)]) {
      let uses = this.#uses.get(name);
      if (uses === undefined) {
        uses = new Set();
        this.#uses.set(name, uses);
      }
      uses.add(node);
    }
  }
}

/** Names of outer values that the subgraphs of a node read. */
export function capturedValues(node: Node): string[] {
  const captured = new Set<string>();
  for (const attribute of node.attributes.values()) {
    if (attribute.type === "graph") {
      for (const name of freeValues(attribute.value)) captured.add(name);
    }
  }
  return [...captured];
}

/** Names that a graph reads or returns without computing them itself. */
function freeValues(graph: Graph): string[] {
  const own = new Set<string>(graph.initializers.keys());
  for (const { name } of graph.inputs) own.add(name);
  const free = new Set<string>();
  const read = (name: string): void => {
    if (name !== "" && !own.has(name)) free.add(name);
  };
  for (const node of graph.nodes) {
    for (const name of node.inputs) read(name);
    for (const name of capturedValues(node)) read(name);
    for (const name of node.outputs) own.add(name);
  }
  for (const { name } of graph.outputs) read(name);
  return [...free];
}
