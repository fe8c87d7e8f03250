/**
 * Cascades over WebSocket: a server on `ws` in Node, clients in Node and in browsers.
 *
 * @packageDocumentation
 */
export {};
