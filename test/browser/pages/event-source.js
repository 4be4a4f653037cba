/** Listens to topics by Server-Sent Events. */

globalThis.listen = (url, options) => {
  const source = new EventSource(url, options);
  source.onopen = () => arrive("open");
  source.onmessage = ({ data }) => arrive(JSON.parse(data));
  source.onerror = () => arrive(source.readyState === EventSource.CLOSED ? "closed" : "lost");
};
