/** How long computing may go on before the page or process gets a turn: a frame at 60 a second, and a little more. */
const TURN_MS = 20;

/**
 * Lets timers, input and abort signals through between steps of long work: awaiting it costs nothing until a
 * turn's time is over, and then one turn of the event loop.
 */
export function createTurnTaker(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < TURN_MS) return undefined;
    return nextTurn().then(() => {
      began = performance.now();
    });
  };
}

/** After what waits in the event loop; unlike a timer, not slowed down to 4 ms in pages. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const immediate = (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate;
    if (immediate !== undefined) {
      immediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
