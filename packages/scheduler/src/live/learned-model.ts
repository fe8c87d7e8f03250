import type { Feeds } from "@edgewright/graph";
import { keyOfShapes, type ModelProfile, type ShapeProfile, shapesOf } from "./model-profile.js";

/** A layer as it is known now. */
interface LearnedLayer {
  readonly name: string;
  readonly opType: string;
  ms: number;
  zeros: number | null;
  /** How often its time was measured, other than in the run that planned the shape. */
  measured: number;
}

/** A measurement further off than so many averages counts as so far off: the machine had other things to do. */
const OUTLIER = 4;

/** The layers of a model at inputs of one shape, learned while they run. */
export class LearnedShape {
  readonly shapes: ShapeProfile["shapes"];
  readonly elements: number;
  readonly #layers: LearnedLayer[] = [];
  readonly #rate: number;
  #runs: number;
  #rest: Float64Array | undefined;

  constructor(shapes: ShapeProfile["shapes"], rate: number, profile?: ShapeProfile) {
    this.shapes = shapes;
    this.elements = elementsOf(shapes);
    this.#rate = rate;
    this.#runs = profile?.runs ?? 0;
    for (const layer of profile?.layers ?? []) {
      this.#layers.push({ ...layer, measured: Math.max(1, this.#runs) });
    }
  }

  /** Whether a run has been through, so that all layers are known. */
  get known(): boolean {
    return this.#layers.length > 0 && this.#runs > 0;
  }

  get layers(): readonly Readonly<LearnedLayer>[] {
    return this.#layers;
  }

  /**
   * Time of the layers from each one on, in seconds: `rest[i]` of layer i and all behind it. The array is as the
   * figures were at some time: later ones make a new one.
   */
  get rest(): Float64Array {
    if (this.#rest !== undefined) return this.#rest;
    const rest = new Float64Array(this.#layers.length + 1);
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      rest[i] = rest[i + 1]! + this.#layers[i]!.ms / 1000;
    }
    this.#rest = rest;
    return rest;
  }

  /** Takes a measurement into the averages. */
  learnLayer(index: number, name: string, opType: string, ms: number, zeros?: number): void {
    const known = this.#layers[index];
    if (known === undefined) {
      // A first run plans the shape, which takes much longer than its layer: the second one replaces this.
      this.#layers[index] = { name, opType, ms, zeros: zeros ?? null, measured: 0 };
      return;
    }
    known.measured++;
    const rate = Math.max(this.#rate, 1 / known.measured);
    const capped = known.measured === 1 ? ms : Math.min(ms, OUTLIER * known.ms);
    known.ms += rate * (capped - known.ms);
    if (zeros !== undefined) {
      known.zeros = known.zeros === null ? zeros : known.zeros + rate * (zeros - known.zeros);
    }
  }

  /** Adds time to the last layer of a run whose end nobody foresaw: that of copying the outputs out. */
  learnEnd(index: number, ms: number): void {
    const last = this.#layers[index];
    if (last !== undefined && last.measured === 0) last.ms += ms;
  }

  /** A run is through: from now on requests see what was learned. */
  endRun(): void {
    this.#runs++;
    this.#rest = undefined;
  }

  toProfile(): ShapeProfile {
    return {
      shapes: this.shapes,
      runs: this.#runs,
      layers: this.#layers.map(({ name, opType, ms, zeros }) => ({ name, opType, ms, zeros })),
    };
  }
}

/** What is known of a model, by input shapes. */
export class LearnedModel {
  readonly #shapes = new Map<string, LearnedShape>();
  readonly #rate: number;

  /** @param rate weight of a measurement in the averages */
  constructor(rate: number, profile?: ModelProfile) {
    this.#rate = rate;
    if (profile !== undefined) this.add(profile);
  }

  /** Replaces what is known of the shapes of a profile. */
  add(profile: ModelProfile): void {
    for (const shape of profile.shapes) {
      this.#shapes.set(
        keyOfShapes(shape.shapes),
        new LearnedShape(shape.shapes, this.#rate, shape),
      );
    }
  }

  /** The layers at the shapes of some inputs; they know nothing when these shapes are new. */
  find(feeds: Feeds): LearnedShape {
    const shapes = shapesOf(feeds);
    const key = keyOfShapes(shapes);
    let found = this.#shapes.get(key);
    if (found === undefined) {
      found = new LearnedShape(shapes, this.#rate);
      this.#shapes.set(key, found);
    }
    return found;
  }

  /** Of the shapes whose layers are known, the one whose inputs are closest in size. */
  closest(elements: number): LearnedShape | undefined {
    let best: LearnedShape | undefined;
    const distance = (shape: LearnedShape) => Math.abs(Math.log((shape.elements || 1) / elements));
    for (const shape of this.#shapes.values()) {
      if (shape.known && (best === undefined || distance(shape) < distance(best))) best = shape;
    }
    return best;
  }

  toProfile(): ModelProfile {
    return {
      shapes: [...this.#shapes.values()]
        .filter((shape) => shape.known)
        .map((shape) => shape.toProfile()),
    };
  }
}

function elementsOf(shapes: ShapeProfile["shapes"]): number {
  let elements = 0;
  for (const shape of Object.values(shapes)) {
    elements += shape.reduce((product, dim) => product * dim, 1);
  }
  return elements || 1;
}
