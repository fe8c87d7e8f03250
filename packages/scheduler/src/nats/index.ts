/**
 * Cascades over NATS: queue groups share the load, thresholds lie in the key-value store.
 *
 * @packageDocumentation
 */
export { type NatsDeviceOptions, NatsDeviceTransport } from "./nats-device-transport.js";
export type { NatsCascadeNames } from "./nats-names.js";
export { type NatsServerOptions, NatsServerTransport } from "./nats-server-transport.js";
