import { readFileSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import jpeg from "jpeg-js";

const i = jpeg.decode(readFileSync(process.argv[2]), { useTArray: true });
writeFileSync(
  process.argv[3],
  encode({ width: i.width, height: i.height, data: i.data, channels: 4, depth: 8 }),
);
