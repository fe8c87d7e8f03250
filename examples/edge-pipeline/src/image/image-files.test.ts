import { encode } from "fast-png";
import jpeg from "jpeg-js";
import { describe, expect, it } from "vitest";
import { decodeImage } from "./decode-image.js";
import { decodePng } from "./decode-png.js";
import { readImageHeader } from "./image-header.js";
import { createImage } from "./rgba-image.js";

const withoutSharp = { sharp: undefined, name: "test.png" };

function encodePixels(channels: number, depth: 8 | 16, pixels: number[]): Uint8Array {
  const data = depth === 16 ? new Uint16Array(pixels) : new Uint8Array(pixels);
  return encode({ width: pixels.length / channels, height: 1, channels, depth, data });
}

/** A JPEG of one colour with an EXIF segment, big-endian, that says how the camera was held. */
function encodeTurnedJpeg(width: number, height: number, orientation: number): Uint8Array {
  const image = createImage(width, height);
  const { data } = jpeg.encode(image, 90);
  const exif = [
    ...[0xff, 0xe1, 0, 34, ...Buffer.from("Exif\0\0")],
    ...[...Buffer.from("MM"), 0, 42, 0, 0, 0, 8, 0, 1],
    ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ];
  return Uint8Array.from([...data.subarray(0, 2), ...exif, ...data.subarray(2)]);
}

describe("decodePng", () => {
  it("spreads grey levels over three channels", () => {
    const { data } = decodePng(encodePixels(1, 8, [0, 200]));
    expect([...data]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
  });

  it("keeps colours", () => {
    expect([...decodePng(encodePixels(3, 8, [1, 2, 3])).data]).toEqual([1, 2, 3, 255]);
  });

  it("shows white through what is transparent", () => {
    const { data } = decodePng(encodePixels(4, 8, [9, 9, 9, 0, 0, 100, 255, 51]));
    // 20 % of the colour, 80 % of white.
    expect([...data]).toEqual([255, 255, 255, 255, 204, 224, 255, 255]);
  });

  it("reduces 16 bits to 8", () => {
    expect([...decodePng(encodePixels(1, 16, [65535, 257 * 7])).data].slice(0, 5)).toEqual([
      255, 255, 255, 255, 7,
    ]);
  });

  it("unpacks grey levels of one bit", () => {
    const packed = new Uint8Array([0b10100000, 0b01000000]);
    const bytes = encode({ width: 3, height: 2, channels: 1, depth: 1, data: packed });
    const { data } = decodePng(bytes);
    expect([0, 1, 2, 3, 4, 5].map((pixel) => data[pixel * 4])).toEqual([255, 0, 255, 0, 255, 0]);
  });
});

describe("readImageHeader", () => {
  it("tells size and format of PNG and JPEG", () => {
    expect(readImageHeader(encodePixels(3, 8, [1, 2, 3, 4, 5, 6]))).toEqual({
      format: "png",
      size: { width: 2, height: 1 },
      orientation: 1,
    });
    const { data } = jpeg.encode(createImage(5, 3), 80);
    expect(readImageHeader(data)).toEqual({
      format: "jpeg",
      size: { width: 5, height: 3 },
      orientation: 1,
    });
  });

  it.each([1, 3, 6, 8])("reads EXIF orientation %i", (orientation) => {
    expect(readImageHeader(encodeTurnedJpeg(4, 4, orientation))?.orientation).toBe(orientation);
  });

  it("knows no header in text, in nothing, and in a cut file", () => {
    for (const bytes of ["hello there", "", "\x89PNG", "BMW and other makes"]) {
      expect(readImageHeader(Buffer.from(bytes, "latin1"))).toBeUndefined();
    }
  });
});

describe("decodeImage", () => {
  it("turns a photograph as the camera was held", async () => {
    const { image, decoder } = await decodeImage(encodeTurnedJpeg(32, 16, 6), withoutSharp);
    expect([image.width, image.height, decoder]).toEqual([16, 32, "jpeg-js"]);
  });

  it("refuses what is no image", async () => {
    await expect(decodeImage(Buffer.from("hello"), withoutSharp)).rejects.toThrow(
      "test.png is not an image that can be read here",
    );
  });

  it("refuses a huge picture before it is unpacked", async () => {
    const bomb = encodePixels(1, 8, [1]);
    new DataView(bomb.buffer, bomb.byteOffset).setUint32(16, 30_000);
    new DataView(bomb.buffer, bomb.byteOffset).setUint32(20, 30_000);
    await expect(decodeImage(bomb, withoutSharp)).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("30000 x 30000 pixels (900 megapixels)"),
    });
  });

  it("says which files need sharp", async () => {
    const webp = Buffer.from("RIFF\0\0\0\0WEBPVP8 ", "latin1");
    await expect(decodeImage(webp, withoutSharp)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("needs the package sharp"),
    });
  });

  it("says that a file is damaged", async () => {
    const whole = encodePixels(
      3,
      8,
      Array.from({ length: 300 }, (_, i) => i % 256),
    );
    const cut = whole.subarray(0, 60);
    await expect(decodeImage(cut, withoutSharp)).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("test.png is a damaged or unusual PNG file"),
    });
  });
});
