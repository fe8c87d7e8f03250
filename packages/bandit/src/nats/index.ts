/**
 * A snapshot store for a fleet, on NATS key-value.
 *
 * @packageDocumentation
 */
export {};
