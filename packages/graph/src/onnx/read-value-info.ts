import type { Dim, ValueInfo } from "../model/model.js";
import { MAX_RANK } from "./limits.js";
import type { MessageReader } from "./message-reader.js";
import { dtypeOfCode } from "./tensor-types.js";

/** Reads the current field as a `ValueInfoProto`. */
export function readValueInfo(reader: MessageReader, kind: string, index: number): ValueInfo {
  let name = "";
  let code = 0;
  let shape: Dim[] | null = null;
  reader.message(kind, index, (field) => {
    if (field === 1) {
      name = reader.string();
      reader.nameMessage(name);
    } else if (field === 2) {
      // TypeProto: everything but a plain tensor has neither a dtype nor a shape here.
      reader.message("type", -1, (typeField) => {
        if (typeField !== 1) reader.skip();
        else {
          reader.message("", -1, (tensorField) => {
            if (tensorField === 1) code = reader.int32();
            else if (tensorField === 2) shape = readShape(reader);
            else reader.skip();
          });
        }
      });
    } else reader.skip();
  });
  if (name === "") throw reader.invalid(`${kind} ${index} has no name`);
  return { name, dtype: dtypeOfCode(code) ?? null, shape };
}

function readShape(reader: MessageReader): Dim[] {
  const dims: Dim[] = [];
  reader.message("shape", -1, (field) => {
    if (field === 1) dims.push(readDim(reader, dims.length));
    else reader.skip();
  });
  return dims;
}

function readDim(reader: MessageReader, axis: number): Dim {
  if (axis >= MAX_RANK) throw reader.tooLarge(`more than ${MAX_RANK} axes`);
  let dim: Dim = null;
  reader.message("", -1, (field) => {
    if (field === 1) {
      const size = Number(reader.int64());
      // Paddle and older exporters write -1 for "unknown".
      if (size < -1 || !Number.isSafeInteger(size)) {
        throw reader.invalid(`size ${size} of axis ${axis} must be a non-negative integer`);
      }
      dim = size === -1 ? null : size;
    } else if (field === 2) {
      const symbol = reader.string();
      dim = symbol === "" ? null : symbol;
    } else reader.skip();
  });
  return dim;
}
