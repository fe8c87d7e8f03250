/**
 * A snapshot store for a fleet, on NATS key-value.
 *
 * @packageDocumentation
 */
export { createNatsStore, type NatsStore, type NatsStoreOptions } from "./nats-store.js";
