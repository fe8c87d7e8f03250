// What tfjs's WebAssembly backend lacks for training convolutions, completed in user land out of kernels it
// has. Several ways were timed at the benchmark's shapes (32 images); the fastest are here:
//
// - Filter gradient as one XNNPACK convolution: images as channels, gradients as filter, strides as
//   dilation. LeNet's two: 1.3 and 0.85 ms. A slice, transpose and product per tap takes 3.6 and 3.7 ms, the
//   backend's Conv3DBackpropFilterV2 (plain loops) 5.1 and 11.4 ms, slices by rows or images two to four
//   times as long as one convolution. For 1 x 1 a transpose and a product: 1.4 against 3.1 ms.
// - Depthwise filter gradient tap by tap: pad (which moves), multiply, sum by average pooling: 3.4 ms at
//   25 x 5 x 64. Slices instead of pads, three ways: 9.4 to 18 ms; one depthwise convolution over
//   [1, h, w, n * c] with the gradients as filter: 5.4 ms.
// - Depthwise input gradient: a depthwise convolution with the filter turned by 180 degrees, 0.44 ms.

// The peers' own types are not installed with the repository, so `Loose` stands where they would.
// biome-ignore lint/suspicious/noExplicitAny: typed by packages that are absent until needed
export type Loose = any;

/** Attributes of tfjs's convolution gradients. */
interface ConvAttributes {
  readonly strides: number | readonly [number, number];
  readonly pad: "same" | "valid" | number | readonly (readonly [number, number])[];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape?: readonly [number, number, number, number];
  readonly inputShape?: readonly [number, number, number, number];
  readonly dilations?: number | readonly [number, number];
}

interface Call {
  readonly inputs: Readonly<Record<string, Loose>>;
  readonly backend: Loose;
  readonly attrs: ConvAttributes;
}

/** Registers the kernels that the WebAssembly backend lacks; the rest of the library finds them. */
export function completeTfjs(tf: Loose): void {
  const register = (kernelName: string, compute: (run: Runner, call: Call) => Loose): void => {
    if (tf.getKernel(kernelName, "wasm")) return; // a later version may have its own
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: (call: Call) => {
        const run = new Runner(tf, call.backend);
        return run.finish(compute(run, call));
      },
    });
  };
  register("Conv2DBackpropFilter", (run, { inputs, attrs }) => {
    const { x, dy } = inputs;
    const info = tf.backend_util.computeConv2DInfo(
      x.shape,
      attrs.filterShape,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
    );
    return filterGradient(run, x, dy, info);
  });
  register("DepthwiseConv2dNativeBackpropFilter", (run, { inputs, attrs }) => {
    const { x, dy } = inputs;
    return depthwiseFilterGradient(
      run,
      x,
      dy,
      depthwiseInfo(tf, x.shape, attrs.filterShape, attrs),
    );
  });
  register("DepthwiseConv2dNativeBackpropInput", (run, { inputs, attrs }) => {
    const { dy, filter } = inputs;
    const info = depthwiseInfo(tf, attrs.inputShape, filter.shape, attrs);
    const turned = run.call("Reverse", { x: filter }, { dims: [0, 1] });
    const { filterHeight, filterWidth, padInfo } = info;
    return run.call(
      "DepthwiseConv2dNative",
      { x: dy, filter: turned },
      convAttributes([
        [filterHeight - 1 - padInfo.top, filterHeight - 1 - padInfo.bottom],
        [filterWidth - 1 - padInfo.left, filterWidth - 1 - padInfo.right],
      ]),
    );
  });
}

/** Calls kernels of the backend and disposes of what lies between the inputs and the result. */
class Runner {
  readonly #made: Loose[] = [];

  constructor(
    readonly tf: Loose,
    readonly backend: Loose,
  ) {}

  call(kernel: string, inputs: object, attrs: object): Loose {
    const { kernelFunc } = this.tf.getKernel(kernel, "wasm");
    const result = kernelFunc({ inputs, backend: this.backend, attrs });
    this.#made.push(result);
    return result;
  }

  transpose(x: Loose, perm: readonly number[]): Loose {
    return this.call("Transpose", { x }, { perm });
  }

  reshape(x: Loose, shape: readonly number[]): Loose {
    return this.call("Reshape", { x }, { shape });
  }

  finish(result: Loose): Loose {
    for (const made of this.#made) {
      if (made !== result) this.backend.disposeData(made.dataId);
    }
    return result;
  }
}

function filterGradient(run: Runner, x: Loose, dy: Loose, info: Loose): Loose {
  const { batchSize: n, inHeight: h, inWidth: w, inChannels: c, outChannels: oc } = info;
  const { outHeight: oh, outWidth: ow, filterHeight: kh, filterWidth: kw, padInfo } = info;
  if (kh === 1 && kw === 1 && oh === h && ow === w) {
    const columns = run.transpose(run.reshape(x, [n * h * w, c]), [1, 0]);
    const gradients = run.reshape(dy, [1, n * h * w, oc]);
    const product = run.call(
      "BatchMatMul",
      { a: run.reshape(columns, [1, c, n * h * w]), b: gradients },
      { transposeA: false, transposeB: false },
    );
    return run.reshape(product, [1, 1, c, oc]);
  }
  const images = imagesLast(run, x);
  const filter = run.reshape(run.transpose(run.reshape(dy, [n, oh * ow, oc]), [1, 0, 2]), [
    oh,
    ow,
    n,
    oc,
  ]);
  const pads = [
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
  ] as const;
  const strides = [info.strideHeight, info.strideWidth] as const;
  let y = run.call("Conv2D", { x: images, filter }, convAttributes(pads, strides));
  if (y.shape[1] !== kh || y.shape[2] !== kw) {
    y = run.call("Slice", { x: y }, { begin: [0, 0, 0, 0], size: [c, kh, kw, oc] });
  }
  return run.transpose(y, [1, 2, 0, 3]);
}

// [n, h, w, c] to [c, h, w, n]; two small transposes are faster than one of four axes.
function imagesLast(run: Runner, x: Loose): Loose {
  const [n, h, w, c] = x.shape;
  const pixels = run.transpose(run.reshape(x, [n, h * w * c]), [1, 0]);
  if (c === 1) return run.reshape(pixels, [1, h, w, n]);
  return run.reshape(run.transpose(run.reshape(pixels, [h * w, c, n]), [1, 0, 2]), [c, h, w, n]);
}

// Tap by tap: the images lie in a larger canvas, moved by the tap, the gradients always at one place.
function depthwiseFilterGradient(run: Runner, x: Loose, dy: Loose, info: Loose): Loose {
  const { batchSize: n, inChannels: c, inHeight: h, inWidth: w, padInfo } = info;
  const { filterHeight: kh, filterWidth: kw } = info;
  const [height, width] = [h + kh - 1, w + kw - 1];
  const place = (tensor: Loose, top: number, left: number): Loose => {
    const bottom = height - tensor.shape[1] - top;
    const right = width - tensor.shape[2] - left;
    const paddings = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return run.call("PadV2", { x: tensor }, { paddings, constantValue: 0 });
  };
  const gradients = place(dy, kh - 1 - padInfo.top, kw - 1 - padInfo.left);
  const means: Loose[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const product = run.call(
        "Multiply",
        { a: place(x, kh - 1 - i, kw - 1 - j), b: gradients },
        {},
      );
      const mean = run.call(
        "AvgPool",
        { x: product },
        { filterSize: [height, width], strides: 1, pad: "valid" },
      );
      means.push(run.reshape(mean, [n, c]));
    }
  }
  const sums = run.call("Concat", means, { axis: 1 });
  const ones = run.call("Fill", {}, { shape: [1, 1, n], value: height * width, dtype: "float32" });
  const total = run.call(
    "BatchMatMul",
    { a: ones, b: run.reshape(sums, [1, n, kh * kw * c]) },
    { transposeA: false, transposeB: false },
  );
  return run.reshape(total, [kh, kw, c, 1]);
}

function depthwiseInfo(tf: Loose, inputShape: Loose, filterShape: Loose, attrs: Loose): Loose {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  if (info.strideHeight !== 1 || info.strideWidth !== 1 || info.outChannels !== info.inChannels) {
    throw new Error("the benchmark completes depthwise convolutions of stride 1 only");
  }
  return info;
}

function convAttributes(
  pads: readonly [readonly [number, number], readonly [number, number]],
  dilations: readonly [number, number] = [1, 1],
): object {
  return {
    strides: [1, 1],
    pad: [[0, 0], ...pads, [0, 0]],
    dataFormat: "NHWC",
    dilations,
    dimRoundingMode: undefined,
  };
}
