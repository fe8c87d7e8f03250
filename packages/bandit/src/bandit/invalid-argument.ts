import { EdgewrightError } from "@edgewright/core";

/** The error for an argument that cannot be. */
export function invalidArgument(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
