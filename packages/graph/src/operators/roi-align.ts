import { allocateFloats, type FloatArray, packFloats, readFloats } from "./element-values.js";
import { type HostOperator, invalidNode, type OperatorEntry, shapeError } from "./host-operator.js";
import { floatAttribute, intAttribute, stringAttribute } from "./node-attributes.js";
import { readIntegers, requireInput } from "./operator-inputs.js";

/** `RoiAlign`: regions of an image, resampled to one size (He et al. 2017, section 3). */
export function roiAlignOperators(): OperatorEntry[] {
  return [{ opType: "RoiAlign", since: 10, run: runRoiAlign }];
}

const runRoiAlign: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rois = requireInput(inputs, 1, context);
  const images = readIntegers(requireInput(inputs, 2, context));
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4 || rois.shape[1] !== 4 || images.length !== rois.shape[0]) {
    throw shapeError(context, `rois [${rois.shape.join(", ")}] do not fit [${x.shape.join(", ")}]`);
  }
  const { node } = context;
  const mode = stringAttribute(node, "mode", "avg");
  if (mode !== "avg" && mode !== "max") throw invalidNode(context, `mode "${mode}" is unknown`);
  const rows = intAttribute(node, "output_height", 1);
  const columns = intAttribute(node, "output_width", 1);
  const ratio = intAttribute(node, "sampling_ratio", 0);
  const scale = floatAttribute(node, "spatial_scale", 1);
  // Version 10 had no offset, which version 16 calls output_half_pixel.
  const coordinates = stringAttribute(node, "coordinate_transformation_mode", "half_pixel");
  const halfPixel = context.opset >= 16 && coordinates === "half_pixel";
  const shape = [images.length, channels, rows, columns];
  const values = allocateFloats(x.dtype, shape, context);
  const source = readFloats(x, context);
  const regions = readFloats(rois, context);
  let next = 0;
  for (const [r, image] of images.entries()) {
    if (!(image >= 0 && image < batch))
      throw invalidNode(context, `image ${image} is none of ${batch}`);
    const [x1, y1, x2, y2] = Array.from(
      regions.subarray(r * 4, r * 4 + 4),
      (corner) => corner * scale - (halfPixel ? 0.5 : 0),
    ) as [number, number, number, number];
    // Without the offset, regions are at least one element large.
    const least = halfPixel ? -Infinity : 1;
    const cellHeight = Math.max(y2 - y1, least) / rows;
    const cellWidth = Math.max(x2 - x1, least) / columns;
    const samplesY = ratio > 0 ? ratio : Math.ceil(cellHeight);
    const samplesX = ratio > 0 ? ratio : Math.ceil(cellWidth);
    for (let c = 0; c < channels; c++) {
      const plane = (image * channels + c) * height * width;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          let best = -Infinity;
          for (let i = 0; i < samplesY; i++) {
            const y = y1 + (row + (i + 0.5) / samplesY) * cellHeight;
            for (let j = 0; j < samplesX; j++) {
              const at = x1 + (column + (j + 0.5) / samplesX) * cellWidth;
              const corners = weighCorners(source, plane, height, width, y, at);
              sum += corners[0] + corners[1] + corners[2] + corners[3];
              // The maximum is over weighted elements, not over interpolated samples.
              best = Math.max(best, ...corners);
            }
          }
          const count = Math.max(1, samplesY * samplesX);
          values[next++] = mode === "avg" ? sum / count : best;
        }
      }
    }
  }
  return [packFloats(x.dtype, shape, values)];
};

// The four terms of a bilinear sample. Zero more than one element outside; the border is repeated up
// to there.
function weighCorners(
  source: FloatArray,
  plane: number,
  height: number,
  width: number,
  y: number,
  x: number,
): [number, number, number, number] {
  if (y < -1 || y > height || x < -1 || x > width) return [0, 0, 0, 0];
  const clampedY = Math.max(0, Math.min(height - 1, y));
  const clampedX = Math.max(0, Math.min(width - 1, x));
  const top = Math.floor(clampedY);
  const left = Math.floor(clampedX);
  const bottom = Math.min(height - 1, top + 1);
  const right = Math.min(width - 1, left + 1);
  const v = clampedY - top;
  const u = clampedX - left;
  const at = (row: number, column: number): number => source[plane + row * width + column]!;
  return [
    (1 - v) * (1 - u) * at(top, left),
    (1 - v) * u * at(top, right),
    v * (1 - u) * at(bottom, left),
    v * u * at(bottom, right),
  ];
}
