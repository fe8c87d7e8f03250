import { describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { blobSource, bytesSource } from "./byte-source.js";
import { crc32 } from "./crc32.js";
import { createSha256 } from "./sha256.js";

describe("byte sources", () => {
  test("ranges of bytes and blobs, and no others", async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    for (const source of [
      bytesSource(bytes),
      bytesSource(bytes.buffer),
      blobSource(new Blob([bytes])),
    ]) {
      expect(source.size).toBe(5);
      expect([...(await source.read(1, 4))]).toEqual([2, 3, 4]);
      await expect(source.read(4, 6)).rejects.toThrow(
        "bytes 4 to 6 were needed, the file has 5; is it cut off?",
      );
      const signal = AbortSignal.abort("enough");
      await expect(source.read(0, 1, signal)).rejects.toMatchObject({ code: "aborted" });
    }
    expect(blobSource(new File([bytes], "model.gguf")).name).toBe("model.gguf");
  });
});

describe("checksums", () => {
  test("CRC-32 of the standard's own check, in any pieces", () => {
    const check = new TextEncoder().encode("123456789");
    expect(crc32(check).toString(16)).toBe("cbf43926");
    for (let cut = 0; cut <= 9; cut++) {
      expect(crc32(check.subarray(cut), crc32(check.subarray(0, cut)))).toBe(crc32(check));
    }
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  test("SHA-256 of FIPS 180-4's examples, and of what crypto.subtle hashes", async () => {
    const hashOf = (bytes: Uint8Array): string => {
      const hash = createSha256();
      hash.update(bytes);
      return hash.digest();
    };
    expect(hashOf(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    const rng = createRng(3);
    const bytes = Uint8Array.from({ length: 1000 }, () => rng.integer(0, 256));
    for (const length of [0, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
      const part = bytes.slice(0, length);
      const reference = new Uint8Array(await crypto.subtle.digest("SHA-256", part));
      const hex = [...reference].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      expect(hashOf(part)).toBe(hex);
      const pieces = createSha256();
      for (let at = 0; at < length; at += 37) pieces.update(part.subarray(at, at + 37));
      expect(pieces.digest()).toBe(hex);
    }
  });
});
