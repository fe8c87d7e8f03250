/**
 * Cascades over WebSocket: a server on `ws` in Node, clients in Node and in browsers.
 *
 * @packageDocumentation
 */
export {
  type WebSocketDeviceOptions,
  WebSocketDeviceTransport,
  type WebSocketLike,
} from "./websocket-device-transport.js";
export {
  type WebSocketServerOptions,
  WebSocketServerTransport,
} from "./websocket-server-transport.js";
