import type { Tensor } from "@edgewright/core";
import { ValidationError } from "@edgewright/core";
import type { Attribute, Graph, Node } from "../model/model.js";

/**
 * Value of a `float` attribute; an integer is accepted, as some exporters write one.
 *
 * @throws ValidationError when the attribute has another type.
 */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return fallback;
  if (attribute.type !== "float" && attribute.type !== "int")
    wrongType(node, name, "float", attribute);
  return Number(attribute.value);
}

/**
 * Value of an `int` attribute as a number; 64-bit extremes lose their last bits.
 *
 * @throws ValidationError when the attribute has another type.
 */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return fallback;
  if (attribute.type !== "int") wrongType(node, name, "int", attribute);
  return Number(attribute.value);
}

/** Value of a `string` attribute. @throws ValidationError when the attribute has another type. */
export function stringAttribute<T extends string | undefined>(
  node: Node,
  name: string,
  fallback: T,
): string | T {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return fallback;
  if (attribute.type !== "string") wrongType(node, name, "string", attribute);
  return attribute.value;
}

/** Value of an `ints` attribute, or `undefined`. @throws ValidationError for another type. */
export function intsAttribute(node: Node, name: string): number[] | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  // An empty list carries no element to tell its type by.
  if (attribute.type === "floats" && attribute.value.length === 0) return [];
  if (attribute.type !== "ints") wrongType(node, name, "ints", attribute);
  return attribute.value.map(Number);
}

/** Value of a `floats` attribute, or `undefined`. @throws ValidationError for another type. */
export function floatsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type === "ints" && attribute.value.length === 0) return [];
  if (attribute.type !== "floats") wrongType(node, name, "floats", attribute);
  return attribute.value;
}

/** Value of a `strings` attribute, or `undefined`. @throws ValidationError for another type. */
export function stringsAttribute(node: Node, name: string): readonly string[] | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== "strings") wrongType(node, name, "strings", attribute);
  return attribute.value;
}

/** Value of a `tensor` attribute, or `undefined`. @throws ValidationError for another type. */
export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== "tensor") wrongType(node, name, "tensor", attribute);
  return attribute.value;
}

/** Value of a required `graph` attribute. @throws ValidationError when it is absent or no graph. */
export function graphAttribute(node: Node, name: string): Graph {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) {
    throw new ValidationError(`${node.opType} "${node.name}": attribute "${name}" is missing`, {
      where: node.name,
    });
  }
  if (attribute.type !== "graph") wrongType(node, name, "graph", attribute);
  return attribute.value;
}

function wrongType(node: Node, name: string, expected: string, attribute: Attribute): never {
  throw new ValidationError(
    `${node.opType} "${node.name}": attribute "${name}" must be of type ${expected}, got ${attribute.type}`,
    { where: node.name },
  );
}
