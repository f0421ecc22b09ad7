/**
 * A turn of the event loop, so that messages are answered between two steps. Timers would wait for 4 ms, and longer in a
 * page that is hidden.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
