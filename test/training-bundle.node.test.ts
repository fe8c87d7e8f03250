import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which files a bundle of some names of autograd takes code from, and its size as a server sends it. */
async function bundle(code: string): Promise<{ files: string[]; bytes: number }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    format: "esm",
    target: "es2022",
    outdir: "out",
    conditions: ["@edgewright/source"],
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output!.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path);
  return { files, bytes: brotliCompressSync(outputFiles[0]!.contents).length };
}

const engine = "createTape, createParameter, createProgram, predictMemory";
const network = `${engine}, conv2d, maxPool2d, relu, flatten, linear, crossEntropy`;
const layers = "sequential, convolution, dense";

describe("a bundle of autograd", () => {
  // Raise a ceiling only with the reason for it.
  test.each([
    ["the engine alone", engine, 8_500],
    // A third of it plans products and the passes of conv2d: directly, by Winograd's algorithm, part by part;
    // a tenth checks requests, sizes and feeds, each with a message that says what to do.
    ["a network recorded by hand", network, 20_000],
    ["a network of layers", `${network}, ${layers}`, 20_500],
    // Every operation and shape inference: which ones a file needs is known when it is read.
    ["an ONNX network made trainable", `${engine}, crossEntropy, trainableModel`, 55_000],
  ])(
    "%s holds no reader of ONNX files, no session and no WebAssembly",
    async (_, names, ceiling) => {
      const { files, bytes } = await bundle(`export { ${names} } from "@edgewright/autograd";`);
      expect(files.length).toBeGreaterThan(0);
      const unwanted =
        /@bufbuild|graph\/src\/(onnx\/(?!limits|tensor-types)|session|operators\/(?!node-attributes))|generated/;
      expect(files.filter((file) => unwanted.test(file))).toEqual([]);
      expect(bytes).toBeLessThanOrEqual(ceiling);
    },
  );

  test("an import for its side effects alone costs nothing", async () => {
    expect((await bundle(`import "@edgewright/autograd";`)).files).toEqual([]);
  });
});
