/** The part of the package `sharp` that is used here; the package itself is no dependency. */
export type Sharp = (bytes: Uint8Array, options: { limitInputPixels: number }) => SharpPipeline;

interface SharpPipeline {
  rotate(): SharpPipeline;
  flatten(options: { background: string }): SharpPipeline;
  toColourspace(name: string): SharpPipeline;
  ensureAlpha(alpha: number): SharpPipeline;
  raw(): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number };
  }>;
}

/** The package `sharp` when somebody installed it; it decodes faster and reads more formats. */
export async function tryLoadSharp(): Promise<Sharp | undefined> {
  // A name that is not written out, so that neither compiler nor bundler asks for the package.
  const name: string = "sharp";
  try {
    return ((await import(name)) as { default: Sharp }).default;
  } catch {
    return undefined;
  }
}
