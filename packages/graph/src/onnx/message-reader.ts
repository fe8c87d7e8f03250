import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { EdgewrightError, UnsupportedError, ValidationError } from "@edgewright/core";

interface Frame {
  readonly kind: string;
  readonly index: number;
  name: string;
}

/**
 * Walks the fields of nested protobuf messages and knows where it is, so that whatever goes wrong
 * is reported with the node or tensor it happened in.
 */
export class MessageReader {
  readonly #reader: BinaryReader;
  readonly #frames: Frame[] = [];
  #field = 0;
  #wire: WireType = WireType.Varint;

  constructor(bytes: Uint8Array) {
    // A plain Uint8Array: the `slice` of a Node `Buffer` shares memory where that of an array copies.
    this.#reader = new BinaryReader(
      new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
  }

  /** Reads all bytes as one message; errors of the protobuf library become a ValidationError. */
  readRoot(kind: string, onField: (field: number) => void, onEnd?: () => void): void {
    this.#frames.push({ kind, index: -1, name: "" });
    try {
      this.#readFields(this.#reader.len, onField);
      onEnd?.();
    } catch (error) {
      if (EdgewrightError.isInstance(error)) throw error;
      throw this.invalid(error instanceof Error ? error.message : String(error), error);
    }
    this.#frames.pop();
  }

  /**
   * Reads the current field as a message, calling `onField` with each of its field numbers and
   * `onEnd` while errors still name the message.
   */
  message(kind: string, index: number, onField: (field: number) => void, onEnd?: () => void): void {
    this.#expect(WireType.LengthDelimited);
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > this.#reader.len) {
      throw this.invalid(`a message of ${length} bytes runs past the end of the file`);
    }
    this.#frames.push({ kind, index, name: "" });
    this.#readFields(end, onField);
    onEnd?.();
    this.#frames.pop();
  }

  /** Names the innermost message in errors from here on. */
  nameMessage(name: string): void {
    this.#frames[this.#frames.length - 1]!.name = name;
  }

  string(): string {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.string();
  }

  /** A view of the file's bytes. */
  bytes(): Uint8Array {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.bytes();
  }

  int32(): number {
    this.#expect(WireType.Varint);
    return this.#reader.int32();
  }

  int64(): bigint {
    this.#expect(WireType.Varint);
    return BigInt(this.#reader.int64());
  }

  float(): number {
    this.#expect(WireType.Bit32);
    return this.#reader.float();
  }

  double(): number {
    this.#expect(WireType.Bit64);
    return this.#reader.double();
  }

  /** Appends a repeated int64 field, packed or not; integers outside the safe range stay bigint. */
  int64s(out: (number | bigint)[]): void {
    if (this.#wire === WireType.Varint) {
      out.push(safeInteger(this.int64()));
      return;
    }
    this.packed((reader) => out.push(safeInteger(BigInt(reader.int64()))));
  }

  /** Appends a repeated float field, packed or not. */
  floats(out: number[]): void {
    if (this.#wire === WireType.Bit32) {
      out.push(this.#reader.float());
      return;
    }
    this.packed((reader) => out.push(reader.float()));
  }

  /** Whether the current field holds packed elements rather than a single one. */
  isPacked(): boolean {
    return this.#wire === WireType.LengthDelimited;
  }

  /** Reads one element of the current field at a time until the packed bytes are used up. */
  packed(readElement: (reader: BinaryReader) => void): void {
    this.#expect(WireType.LengthDelimited);
    const end = this.#reader.uint32() + this.#reader.pos;
    if (end > this.#reader.len) throw this.invalid("packed numbers run past the end of the file");
    while (this.#reader.pos < end) readElement(this.#reader);
    if (this.#reader.pos !== end) throw this.invalid("packed numbers end inside a number");
  }

  /** Passes over the current field. */
  skip(): void {
    this.#reader.skip(this.#wire, this.#field);
  }

  /** A ValidationError at the current place. */
  invalid(problem: string, cause?: unknown): ValidationError {
    return new ValidationError(`${this.#place()}: ${problem}`, {
      where: this.#where(),
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** An UnsupportedError at the current place. */
  unsupported(problem: string): UnsupportedError {
    return new UnsupportedError(`${this.#place()}: ${problem}`, { where: this.#where() });
  }

  /** An error of code `limit-exceeded` at the current place. */
  tooLarge(problem: string): EdgewrightError {
    return new EdgewrightError("limit-exceeded", `${this.#place()}: ${problem}`, {
      where: this.#where(),
    });
  }

  #readFields(end: number, onField: (field: number) => void): void {
    const reader = this.#reader;
    while (reader.pos < end) {
      const [field, wire] = reader.tag();
      this.#field = field;
      this.#wire = wire;
      onField(field);
      if (reader.pos > end) throw this.invalid(`field ${field} runs past the end of its message`);
    }
  }

  #expect(wire: WireType): void {
    if (this.#wire !== wire) {
      throw this.invalid(
        `field ${this.#field} has protobuf wire type ${this.#wire}, expected ${wire}; the file is damaged or not an ONNX file`,
      );
    }
  }

  #place(): string {
    return this.#frames
      .filter((frame) => frame.kind !== "")
      .map((frame) => {
        const index = frame.index < 0 ? "" : ` ${frame.index}`;
        // A hostile file may call a node anything, at any length.
        const name = frame.name === "" ? "" : ` "${frame.name.slice(0, 120)}"`;
        return `${frame.kind}${index}${name}`;
      })
      .join(", ");
  }

  // The innermost node, initialiser or value; a tensor inside an attribute belongs to its node.
  #where(): string {
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      const { kind, index, name } = this.#frames[i]!;
      if (index < 0 || kind === "attribute") continue;
      return name === "" ? `${kind} ${index}` : name;
    }
    return "model";
  }
}

/** The same bytes without the methods of a subclass: `slice` of Node's `Buffer` does not copy. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function safeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
