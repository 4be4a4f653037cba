/** Listens to topics by Server-Sent Events. */

const sources = [];

globalThis.listen = (url, options) => {
  const source = new EventSource(url, options);
  sources.push(source);
  source.onopen = () => arrive("open");
  source.onmessage = ({ data }) => arrive(JSON.parse(data));
  source.onerror = () => arrive(source.readyState === EventSource.CLOSED ? "closed" : "lost");
};

/** Ends the last one. */
globalThis.stopListening = () => sources.pop().close();
