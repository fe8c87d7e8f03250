import type { MessageReader } from "./message-reader.js";

/** Reads the current field as a `StringStringEntryProto`. */
export function readStringPair(reader: MessageReader, kind: string): [key: string, value: string] {
  let key = "";
  let value = "";
  reader.message(kind, -1, (field) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.string();
    else reader.skip();
  });
  return [key, value];
}
