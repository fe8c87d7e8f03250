import { ImageRawBase } from "@gutenye/ocr-common";
import { extendImage, resizeImage } from "../image/resize-image.js";
import type { RgbaImage } from "../image/rgba-image.js";
import type { StageClock } from "../stage-clock.js";

/**
 * Makes the image class that ocr-common works with.
 *
 * Its `drawBox` and `write`, which only ocr-common's debug option calls, are left out.
 *
 * @param openPage gives the page to be read
 */
export function createOcrImageClass(openPage: () => RgbaImage, clock: StageClock) {
  return class OcrImage extends ImageRawBase {
    static async open(): Promise<OcrImage> {
      return new OcrImage(openPage());
    }

    constructor(image: RgbaImage) {
      // Line images arrive as views of OpenCV's memory, which moves when it grows: keep a copy.
      const isView = image.data.byteLength < image.data.buffer.byteLength;
      super({ ...image, data: isView ? new Uint8Array(image.data) : image.data });
    }

    /**
     * With both sides given (the page, to multiples of 32) the picture is extended, not scaled: boxes
     * keep the page's coordinates and letters their sharpness. With a height alone (a line, to the
     * recogniser's 48 pixels) it is scaled in proportion.
     */
    async resize(size: { width?: number; height?: number }): Promise<OcrImage> {
      const image = this.#pixels();
      if (size.width !== undefined && size.height !== undefined) {
        clock.enter("find text", "extend page");
        const page = new OcrImage(extendImage(image, size.width, size.height));
        clock.enter("find text", "pixels to tensor (ocr-common)");
        return page;
      }
      clock.enter("recognise", "scale lines");
      const height = size.height ?? image.height;
      const width = Math.max(1, Math.round((image.width * height) / image.height));
      const line = new OcrImage(resizeImage(image, width, height));
      clock.enter("recognise", "pixels to tensors (ocr-common)");
      return line;
    }

    #pixels(): RgbaImage {
      return this.getImageRawData() as RgbaImage;
    }
  };
}
