import type { DType } from "@edgewright/core";

/**
 * Element type behind a `TensorProto.DataType` code of the ONNX standard, or `undefined` for those
 * that have no {@link DType}: strings, complex numbers, 8-bit and 4-bit floats, 4-bit and 2-bit integers.
 */
export function dtypeOfCode(code: number): DType | undefined {
  switch (code) {
    case 1:
      return "f32";
    case 2:
      return "u8";
    case 3:
      return "i8";
    case 4:
      return "u16";
    case 5:
      return "i16";
    case 6:
      return "i32";
    case 7:
      return "i64";
    case 9:
      return "bool";
    case 10:
      return "f16";
    case 11:
      return "f64";
    case 12:
      return "u32";
    case 13:
      return "u64";
    case 16:
      return "bf16";
    default:
      return undefined;
  }
}

/** `TensorProto.DataType` code of an element type. */
export function codeOfDtype(dtype: DType): number {
  const codes: Record<DType, number> = {
    f32: 1,
    u8: 2,
    i8: 3,
    u16: 4,
    i16: 5,
    i32: 6,
    i64: 7,
    bool: 9,
    f16: 10,
    f64: 11,
    u32: 12,
    u64: 13,
    bf16: 16,
  };
  return codes[dtype];
}

/** What the standard calls a data type code, for messages. */
export function nameOfCode(code: number): string {
  const names: Record<number, string> = {
    0: "UNDEFINED",
    8: "STRING",
    14: "COMPLEX64",
    15: "COMPLEX128",
    17: "FLOAT8E4M3FN",
    18: "FLOAT8E4M3FNUZ",
    19: "FLOAT8E5M2",
    20: "FLOAT8E5M2FNUZ",
    21: "UINT4",
    22: "INT4",
    23: "FLOAT4E2M1",
    24: "FLOAT8E8M0",
    25: "UINT2",
    26: "INT2",
  };
  return names[code] ?? dtypeOfCode(code) ?? `type code ${code}`;
}
