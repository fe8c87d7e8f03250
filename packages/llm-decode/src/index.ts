/**
 * Language models that decode at falling precision.
 *
 * @packageDocumentation
 */
export {};
