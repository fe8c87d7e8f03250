import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceMessage, ServerMessage } from "./messages.js";
import {
  decodeDeviceFrame,
  decodeServerFrame,
  encodeFrame,
  floatsOfPayload,
  payloadOfFloats,
} from "./messages-frame.js";

const REQUEST: DeviceMessage = {
  ...({
    v: 1,
    type: "request",
    device: "a",
    token: "é",
    id: "s-1",
    budgetMs: 12.5,
    attempt: 2,
  } as const),
};

describe("frames", () => {
  it("give back what was written", () => {
    const messages: DeviceMessage[] = [
      REQUEST,
      { v: 1, type: "join", device: "a", threshold: 0.5, tier: "low" },
      { v: 1, type: "report", device: "a", threshold: 1, total: 3, satisfied: 2, forwarded: 0 },
      { v: 1, type: "leave", device: "a" },
      { v: 1, type: "heartbeat", device: "a", token: "t" },
    ];
    for (const message of messages) {
      expect(decodeDeviceFrame(encodeFrame(message)).message).toEqual(message);
    }
    const answers: ServerMessage[] = [
      ...[{ v: 1, type: "threshold", device: "a", threshold: 0, server: "s" } as const],
      { v: 1, type: "refusal", code: "flood", message: "no" },
    ];
    for (const message of answers) {
      expect(decodeServerFrame(encodeFrame(message)).message).toEqual(message);
    }
  });

  it("carry floats to the bit, wherever the frame lies in its buffer", () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 20 }), fc.nat(9), (floats, offset) => {
        const frame = encodeFrame(REQUEST, payloadOfFloats(floats));
        const buffer = new Uint8Array(frame.length + offset);
        buffer.set(frame, offset);
        const { payload } = decodeDeviceFrame(buffer.subarray(offset));
        expect(floatsOfPayload(payload)).toEqual(floats);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["an unknown kind", { type: "shutdown" }, /at type: invalid union/],
    ["another's message", { type: "welcome" }, /at type: invalid union/],
    ["an unknown key", { admin: true }, /unrecognized keys/],
    ["a name that would be a subject", { device: "a.>" }, /at device: invalid format/],
    ["a time that is none", { budgetMs: -1 }, /at budgetMs: too small/],
    ["an endless id", { id: "x".repeat(65) }, /at id: too big/],
  ])("refuse %s", (_, change, message) => {
    const frame = encodeFrame({ ...REQUEST, ...change } as never);
    expect(() => decodeDeviceFrame(frame)).toThrow(message);
  });

  it("refuse reports that cannot be", () => {
    const report = { v: 1, type: "report", device: "a", threshold: 0, total: 3 } as const;
    expect(() => decodeDeviceFrame(encodeFrame({ ...report, satisfied: 4, forwarded: 0 }))).toThrow(
      /4 satisfied and 0 forwarded of 3/,
    );
  });

  it("refuse other versions by name", () => {
    expect(() => decodeDeviceFrame(encodeFrame({ ...REQUEST, v: 2 }))).toThrow(
      /protocol version 1 was expected, got 2; run the same version/,
    );
  });

  it("refuse what is no frame", () => {
    expect(() => decodeDeviceFrame(new Uint8Array(3))).toThrow(/4 bytes of length, it has 3/);
    expect(() => decodeDeviceFrame(Uint8Array.of(255, 255, 255, 255))).toThrow(/says 4294967295/);
    expect(() => decodeServerFrame(Uint8Array.of(2, 0, 0, 0, 0xff, 0xfe))).toThrow(/JSON in UTF-8/);
    expect(() => decodeServerFrame(Uint8Array.of(4, 0, 0, 0, 110, 117, 108, 108))).toThrow(
      /version 1 was expected, got undefined/,
    );
    expect(() => floatsOfPayload(new Uint8Array(6))).toThrow(/4 bytes each, the payload has 6/);
  });
});
