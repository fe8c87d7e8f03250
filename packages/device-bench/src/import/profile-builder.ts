import type {
  Device,
  DeviceMeasurement,
  DeviceProfile,
  Engine,
  ModelVariant,
} from "@edgewright/core";

/** Collects the rows of a table into one profile a device, engines and variants once each. */
export class ProfileBuilder {
  readonly #source: string;
  readonly #devices = new Map<
    string,
    {
      device: Device;
      engines: Map<string, Engine>;
      variants: Map<string, ModelVariant>;
      measurements: DeviceMeasurement[];
    }
  >();

  /** @param source where the figures come from, as the profiles will say */
  constructor(source: string) {
    this.#source = source;
  }

  /** Takes one row in: a device seen before, an engine or variant seen before, is not repeated. */
  add(
    device: Device,
    engine: Engine,
    measurement: Omit<DeviceMeasurement, "engine" | "kind">,
    variant?: ModelVariant,
  ): void {
    let entry = this.#devices.get(device.name);
    if (!entry) {
      entry = { device, engines: new Map(), variants: new Map(), measurements: [] };
      this.#devices.set(device.name, entry);
    }
    if (!entry.engines.has(engine.id)) entry.engines.set(engine.id, engine);
    if (variant) entry.variants.set(`${variant.model} ${variant.precision}`, variant);
    entry.measurements.push({ ...measurement, engine: engine.id, kind: "published" });
  }

  /** The profiles, in the order in which their devices appeared. */
  build(): DeviceProfile[] {
    return [...this.#devices.values()].map(({ device, engines, variants, measurements }) => ({
      version: 1,
      device,
      engines: [...engines.values()],
      variants: [...variants.values()],
      measurements,
      coRuns: [],
      source: this.#source,
    }));
  }
}
