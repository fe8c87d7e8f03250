/**
 * Cascades over NATS: queue groups share the load, thresholds lie in the key-value store.
 *
 * @packageDocumentation
 */
export {};
