/*
 * The script of the node's page: shows the figures of each event in the page, and draws the charts.
 * It runs in browsers, within the page, behind the library uPlot.
 */

(() => {
  /** Points that a chart shows. */
  const MOST_POINTS = 300;

  /** After so long without an event the page says that it is not live. */
  const SILENT_MS = 10_000;

  const CHART_HEIGHT = 200;

  /** Seen on light and on dark; the lines are also told apart by their dashes. */
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
  const DASHES = [[], [8, 4], [2, 3]];

  /** Seconds between two times at the axis. */
  const WHOLE_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

  const byId = (id) => document.getElementById(id);

  const charts = ["messages", "octets"].map((name) => ({
    name,
    element: byId(`chart-${name}`),
    plot: null,
  }));

  /** The parts of the page, by their ids. */
  const shown = new Map();

  /** Times, and for each worker the rates at these times. */
  let times = [];
  let rates = new Map();
  let heardAt = 0;
  let isLive = null;

  function tellLive(isNowLive) {
    if (isLive === isNowLive) return;
    isLive = isNowLive;
    const live = byId("live");
    live.className = isNowLive ? "live" : "lost";
    live.textContent = isNowLive
      ? "Live: the figures follow the node."
      : "Not live: the node is not heard of. The figures are the last ones.";
  }

  function showParts(parts) {
    for (const [id, html] of Object.entries(parts)) {
      // What stays the same is left alone, and with it what the reader has selected there.
      if (shown.get(id) === html) continue;
      byId(id).innerHTML = html;
      shown.set(id, html);
    }
  }

  function addPoint(points) {
    const workers = points.map(({ worker }) => worker);
    const isSame = workers.length === rates.size && workers.every((worker) => rates.has(worker));
    if (!isSame) {
      times = [];
      rates = new Map(workers.map((worker) => [worker, { messages: [], octets: [] }]));
      for (const chart of charts) {
        chart.plot?.destroy();
        chart.plot = null;
      }
    }
    times.push(Date.now() / 1000);
    for (const { worker, messages, octets } of points) {
      rates.get(worker).messages.push(messages);
      rates.get(worker).octets.push(octets);
    }
    if (times.length <= MOST_POINTS) return;
    times.shift();
    for (const one of rates.values()) {
      one.messages.shift();
      one.octets.shift();
    }
  }

  function short(value) {
    return Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(
      value,
    );
  }

  function clock(seconds) {
    return new Date(seconds * 1000).toLocaleTimeString("en-GB");
  }

  function newPlot({ name, element }, data) {
    // Asked for at each drawing, so that they follow the browser between light and dark.
    const axis = () => ({
      stroke: () => getComputedStyle(document.body).color,
      grid: { stroke: () => getComputedStyle(document.body).getPropertyValue("--line"), width: 1 },
      ticks: { show: false },
    });
    const series = [...rates.keys()].map((worker, index) => ({
      label: worker,
      stroke: COLOURS[index % COLOURS.length],
      width: 2,
      dash: DASHES[Math.floor(index / COLOURS.length) % DASHES.length],
      value: (_, value) => (value === null || value === undefined ? "–" : `${short(value)}/s`),
    }));
    const options = {
      class: name,
      width: element.clientWidth,
      height: CHART_HEIGHT,
      cursor: { drag: { x: false, y: false } },
      legend: { isolate: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(1, most ?? 1)] } },
      axes: [
        { ...axis(), space: 90, incrs: WHOLE_SECONDS, values: (_, values) => values.map(clock) },
        { ...axis(), size: 60, values: (_, values) => values.map(short) },
      ],
      series: [
        { label: "Time", value: (_, value) => (value === null ? "–" : clock(value)) },
        ...series,
      ],
    };
    return new uPlot(options, data, element);
  }

  function draw() {
    byId("charts").hidden = false;
    for (const chart of charts) {
      const data = [times, ...[...rates.values()].map((one) => one[chart.name])];
      if (chart.plot === null) chart.plot = newPlot(chart, data);
      else chart.plot.setData(data);
      // Unless the reader points at another time, the legend has the latest values.
      if (chart.plot.cursor.left < 0) chart.plot.setLegend({ idx: times.length - 1 });
    }
  }

  function fit() {
    for (const { plot, element } of charts) {
      plot?.setSize({ width: element.clientWidth, height: CHART_HEIGHT });
    }
  }

  const events = new EventSource("?format=html");
  events.onmessage = ({ data }) => {
    const update = JSON.parse(data);
    heardAt = Date.now();
    tellLive(true);
    showParts(update.parts);
    addPoint(update.rates);
    draw();
  };
  events.onerror = () => tellLive(false);
  setInterval(() => {
    if (Date.now() - heardAt > SILENT_MS) tellLive(false);
  }, 1_000);
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { plot } of charts) plot?.redraw();
  });
})();
