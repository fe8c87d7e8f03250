import { createImage, type RgbaImage } from "./rgba-image.js";

/** The picture upside down: turned by 180 degrees. */
export function turnUpsideDown({ width, height, data }: RgbaImage): RgbaImage {
  const turned = new Uint8Array(data);
  new Uint32Array(turned.buffer).reverse();
  return { width, height, data: turned };
}

/**
 * The picture as it was meant to be seen, given how the camera was held.
 *
 * @param orientation 1 to 8, EXIF's tag 0x0112: the place of the stored first row and column
 */
export function applyOrientation(image: RgbaImage, orientation: number): RgbaImage {
  if (orientation === 1) return image;
  const swapsAxes = orientation >= 5;
  const upright = swapsAxes
    ? createImage(image.height, image.width)
    : createImage(image.width, image.height);
  // Orientations in which the stored rows run from the right, or from the bottom.
  const flipsX = [2, 3, 7, 8].includes(orientation);
  const flipsY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < upright.height; y++) {
    for (let x = 0; x < upright.width; x++) {
      const [column, row] = swapsAxes ? [y, x] : [x, y];
      const sourceX = flipsX ? image.width - 1 - column : column;
      const sourceY = flipsY ? image.height - 1 - row : row;
      const source = (sourceY * image.width + sourceX) * 4;
      upright.data.set(image.data.subarray(source, source + 4), (y * upright.width + x) * 4);
    }
  }
  return upright;
}
